"""Which sets of cuts are measured."""

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from satllm_env.compression.cuts import draw_cuts
from satllm_env.compression.probing.outcome import Cut
from satllm_env.compression.probing.sets import random_plans, random_sets, single_cuts
from satllm_env.errors import InputError

BOUNDARIES = tuple(range(1, 12))


def test_every_cut_is_measured_alone_at_every_level() -> None:
    """Once each."""
    sets = single_cuts((2, 5), 3)
    assert sorted(sets) == [((2, 0),), ((2, 1),), ((2, 2),), ((5, 0),), ((5, 1),), ((5, 2),)]


def test_numbers_of_cuts_are_drawn_evenly_and_so_are_the_cuts() -> None:
    """One to four, and each boundary as often as the others, by the χ² test."""
    rng = np.random.default_rng(0)
    drawn = [draw_cuts(rng, BOUNDARIES, 4) for _ in range(4000)]
    assert all(list(cuts) == sorted(set(cuts)) for cuts in drawn)
    lengths = Counter(map(len, drawn))
    places = Counter(cut for cuts in drawn for cut in cuts)
    assert set(lengths) == {1, 2, 3, 4}
    assert set(places) == set(BOUNDARIES)
    assert stats.chisquare(list(lengths.values())).pvalue > 0.01
    assert stats.chisquare(list(places.values())).pvalue > 0.01


def test_fewer_boundaries_than_cuts_are_all_drawn() -> None:
    """Two boundaries give one or two cuts."""
    rng = np.random.default_rng(0)
    assert {draw_cuts(rng, (3, 7), 4) for _ in range(50)} == {(3,), (7,), (3, 7)}


def test_random_sets_differ() -> None:
    """Two hundred of one to four cuts with ascending boundaries, the same for the same seed."""
    first, again = (random_sets(np.random.default_rng(5), BOUNDARIES, range(8), 200) for _ in range(2))
    assert first == again
    assert len(set(first)) == len(first) == 200
    for cuts in first:
        boundaries = [cut.boundary for cut in cuts]
        assert boundaries == sorted(set(boundaries))
        assert 1 <= len(cuts) <= 4
        assert all(cut.level in range(8) for cut in cuts)
    assert {
        cut.level for cuts in random_sets(np.random.default_rng(5), BOUNDARIES, [6], 50) for cut in cuts
    } == {6}


def test_where_there_are_fewer_sets_all_are_found() -> None:
    """Two boundaries at one level make three sets, at two levels eight, whatever is asked for."""
    rng = np.random.default_rng(0)
    assert sorted(random_sets(rng, (1, 2), [0], 9)) == [((1, 0),), ((1, 0), (2, 0)), ((2, 0),)]
    assert len(set(random_sets(rng, (1, 2), [3, 5], 200))) == 8
    assert len(random_sets(rng, (1, 2), [0], 2)) == 2


@pytest.mark.parametrize("budget", [0.3, 1.0, 2.5])
def test_plans_keep_the_budget_and_use_it_up(budget: float) -> None:
    """No cut of a plan could take the next level, and the plans differ."""
    rng = np.random.default_rng(1)
    steps = rng.uniform(0.01, 0.25, (len(BOUNDARIES), 6)).cumsum(axis=1)
    losses = {Cut(b, level): float(steps[i, level]) for i, b in enumerate(BOUNDARIES) for level in range(6)}
    plans = random_plans(np.random.default_rng(2), losses, budget, 60)
    assert plans == random_plans(np.random.default_rng(2), losses, budget, 60)
    assert len(set(plans)) == 60
    for plan in plans:
        boundaries = [cut.boundary for cut in plan]
        assert boundaries == sorted(set(boundaries))
        spent = sum(losses[cut] for cut in plan)
        assert spent <= budget
        for cut in plan:
            harder = losses.get(Cut(cut.boundary, cut.level + 1))
            assert harder is None or spent - losses[cut] + harder > budget
    assert {len(plan) for plan in plans} == {1, 2, 3, 4}


def test_plans_that_do_not_exist_are_refused() -> None:
    """A budget that no cut keeps, and more plans than there are."""
    losses = {Cut(1, 0): 0.5, Cut(1, 1): 0.9}
    with pytest.raises(InputError, match=r"plans: 1 different plans within 0\.1 points were not found"):
        random_plans(np.random.default_rng(0), losses, 0.1, 1)
    with pytest.raises(InputError, match="plans: 2 different plans within 1 points were not found"):
        random_plans(np.random.default_rng(0), losses, 1.0, 2)
