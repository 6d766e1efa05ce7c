"""Outages of links and acquisition."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from satllm_env.errors import InputError
from satllm_env.network import Walker, plus_grid
from satllm_env.network.outages import OutageModel, downlink_ends

PAIRS = np.column_stack([np.arange(400), np.arange(400) + 1])
MODELS = st.builds(
    OutageModel,
    seed=st.integers(0, 2**63 - 1),
    availability=st.sampled_from([0.5, 0.8, 0.99, 1.0]),
    outage_s=st.sampled_from([(12.0, 30.0), (5.0, 5.0)]),
    acquisition_s=st.sampled_from([(12.0, 60.0), (0.0, 0.0)]),
)
TIMES_S = st.floats(-1e6, 1e6)


def covered_s(intervals: list[np.ndarray], start_s: float, end_s: float) -> np.ndarray:
    """[s] that each link's intervals cover within a window."""
    return np.array([np.diff(np.clip(rows, start_s, end_s), axis=1).sum() for rows in intervals])


@pytest.mark.parametrize("availability", [0.5, 0.9, 0.99, 0.999])
def test_links_carry_for_the_availability_acquisition_counted_as_down(availability: float):
    """Over long times the share of carrying is the availability, within four standard errors."""
    model = OutageModel(3, availability)
    span_s = 100 * model.mean_up_s
    shares = 1 - covered_s(model.down_intervals(PAIRS, 0, span_s), 0, span_s) / span_s
    error = shares.std(ddof=1) / math.sqrt(len(shares))
    assert shares.mean() == pytest.approx(availability, abs=4 * error)
    assert error < 0.02 * (1 - availability)  # so small that leaving acquisition out would show


@pytest.mark.parametrize("t_s", [0.0, -7.5e8, 3600.0])
def test_the_process_is_stationary_from_the_first_moment(t_s: float):
    """At any one time, the first included, the share of links that carry is the availability."""
    pairs = np.column_stack([np.arange(40_000), np.arange(40_000) + 1])
    up = OutageModel(1, 0.9).is_up(pairs, t_s)
    assert up.mean() == pytest.approx(0.9, abs=4 * math.sqrt(0.09 / len(up)))


def test_times_up_and_down_have_their_distributions():
    """Up times are exponential, down times the sum of the two uniform times, and neither repeats."""
    model = OutageModel(11, 0.9)
    rows = model.down_intervals(PAIRS, 0, 200 * model.mean_up_s)
    # only times that begin well before the end, where long ones would be missing
    up_s = np.concatenate([np.diff(row.ravel())[1:-100:2] for row in rows])
    down_s = np.concatenate([np.diff(row, axis=1)[:, 0] for row in rows])
    assert len(up_s) > 40_000
    assert stats.kstest(up_s, stats.expon(scale=model.mean_up_s).cdf).pvalue > 0.01
    assert down_s.min() >= 24
    assert down_s.max() <= 90
    # outage and acquisition: a trapezoid from 24 to 90, level from 42 to 72
    assert stats.kstest(down_s, stats.trapezoid(18 / 66, 48 / 66, loc=24, scale=66).cdf).pvalue > 0.01
    assert len(np.unique(down_s)) == len(down_s)


def test_links_fail_independently():
    """Neighbouring links' shares of downtime, and a link's in successive spans, are unrelated."""
    model = OutageModel(11, 0.9)
    span_s = 20 * model.mean_up_s
    shares = np.array(
        [
            covered_s(model.down_intervals(PAIRS, k * span_s, (k + 1) * span_s), k * span_s, (k + 1) * span_s)
            for k in range(5)
        ]
    )
    assert abs(np.corrcoef(shares[:, 1:].ravel(), shares[:, :-1].ravel())[0, 1]) < 0.1
    assert abs(np.corrcoef(shares[1:].ravel(), shares[:-1].ravel())[0, 1]) < 0.1


@settings(deadline=None, max_examples=50)
@given(MODELS, TIMES_S, st.floats(0, 20_000), st.floats(0, 20_000), st.floats(0, 20_000))
def test_a_window_shows_what_a_wider_one_shows(
    model: OutageModel, start_s: float, before: float, length: float, after: float
):
    """The intervals of any window are those of a wider one that touch it, to the last bit."""
    end_s = start_s + length
    narrow = model.down_intervals(PAIRS[:7], start_s, end_s)
    wide = model.down_intervals(PAIRS[:7], start_s - before, end_s + after)
    for few, many in zip(narrow, wide, strict=True):
        assert np.array_equal(few, many[(many[:, 0] <= end_s) & (many[:, 1] > start_s)])
        assert (np.diff(few.ravel()) > 0).all()


@settings(deadline=None, max_examples=50)
@given(MODELS, TIMES_S, st.lists(st.floats(0, 20_000), min_size=1, max_size=5))
def test_one_moment_agrees_with_the_intervals(model: OutageModel, start_s: float, later: list[float]):
    """A link is up exactly where no interval covers the moment, whatever was asked before."""
    times_s = [start_s + seconds for seconds in later]
    intervals = model.down_intervals(PAIRS[:20], start_s, max(times_s))
    for t_s in times_s:
        down = [bool(((rows[:, 0] <= t_s) & (t_s < rows[:, 1])).any()) for rows in intervals]
        assert model.is_up(PAIRS[:20], t_s).tolist() == [not is_down for is_down in down]


def test_a_link_is_down_from_its_start_and_up_at_its_end():
    """Intervals hold their start and not their end."""
    model = OutageModel(4, 0.8)
    start_s, end_s = model.down_intervals([[3, 9]], 0, 10_000)[0][2]
    assert [model.is_up([[3, 9]], t)[0] for t in (start_s, np.nextafter(start_s, 0))] == [False, True]
    assert [model.is_up([[3, 9]], t)[0] for t in (end_s, np.nextafter(end_s, 0))] == [True, False]


def test_a_link_does_not_depend_on_the_company_it_is_asked_in():
    """Order of links, order of ends and other links change nothing; another seed does."""
    model = OutageModel(5, 0.8)
    pairs = plus_grid(Walker(550, 53, 60, 6, 1)).pairs
    order = np.random.default_rng(0).permutation(len(pairs))
    all_at_once = model.down_intervals(pairs, 0, 20_000)
    shuffled = model.down_intervals(pairs[order][:, ::-1], 0, 20_000)
    assert all(np.array_equal(all_at_once[k], rows) for k, rows in zip(order, shuffled, strict=True))
    alone = model.down_intervals(pairs[17:18], 0, 20_000)[0]
    assert np.array_equal(alone, all_at_once[17])
    assert len(alone) > 10
    assert not np.array_equal(alone, OutageModel(6, 0.8).down_intervals(pairs[17:18], 0, 20_000)[0])


def test_the_same_seed_gives_the_same_outages_everywhere():
    """Times of one link, bit for bit, against the values written down when this was made."""
    rows = OutageModel(2025).down_intervals([[0, 1]], 0, 86_400)[0]
    assert rows[:3].tolist() == [
        [1618.1438407710707, 1683.194847464839],
        [2879.3983400963652, 2951.804476234301],
        [6918.9783840829505, 6989.31521969611],
    ]


def test_downlinks_do_not_share_draws_with_links_between_satellites():
    """The contact of satellite 1 with station 0 and the link of satellites 1 and 0 fail at other times."""
    model = OutageModel(5, 0.8)
    ends = downlink_ends(np.array([1, 1]), np.array([0, 1]))
    assert ends.tolist() == [[1, -1], [1, -2]]
    starts = [tuple(rows[:, 0]) for rows in model.down_intervals([*ends.tolist(), [1, 0]], 0, 9000)]
    assert len(set(starts)) == 3


def test_a_full_availability_never_fails():
    """With availability 1 there are no outages, however long one waits."""
    model = OutageModel(5, 1.0)
    assert model.is_up(PAIRS, 1e9).all()
    assert all(rows.shape == (0, 2) for rows in model.down_intervals(PAIRS, 0, 1e9))


def test_links_carry_an_acquisition_time_after_rising():
    """Acquisition after a rise is uniform from 12 to 60 s and drawn anew for every link and rise."""
    model = OutageModel(8, 1.0)
    pairs, rises_s = np.repeat(PAIRS, 25, axis=0), np.tile(6000.0 * np.arange(25), 400)
    waits_s = model.carries_from_s(pairs, rises_s) - rises_s
    assert stats.kstest(waits_s, stats.uniform(12, 48).cdf).pvalue > 0.01
    assert len(np.unique(waits_s.round(6))) > 0.98 * len(waits_s)
    assert np.array_equal(model.carries_from_s(pairs[::-1], rises_s[::-1]) - rises_s[::-1], waits_s[::-1])


def test_rises_that_differ_by_rounding_draw_the_same():
    """A rise found a little earlier or later waits as long."""
    model = OutageModel(8)
    early, late = (model.carries_from_s([[2, 3]], [seconds])[0] for seconds in (1000.0, 1000.001))
    assert late - early == pytest.approx(0.001)


def test_no_links_no_outages():
    """Empty lists of pairs are answered with empty results."""
    model = OutageModel(1)
    assert model.is_up(np.empty((0, 2), dtype=np.int64), 5.0).shape == (0,)
    assert model.down_intervals([], 0, 10) == []
    assert model.carries_from_s([], []).shape == (0,)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"seed": -1}, "seed: must be from 0"),
        ({"availability": 0.4}, "availability: must be from 0.5 to 1"),
        ({"outage_s": (30, 12)}, "outage_s: must be from 30"),
        ({"outage_s": (0, 0)}, "outage_s: must be above 0"),
        ({"acquisition_s": (-1, 12)}, "acquisition_s: must be from 0"),
    ],
)
def test_impossible_models_are_refused(values: dict, problem: str):
    """Each bad value is one line that names it."""
    with pytest.raises(InputError, match=f"^outages: {problem}"):
        OutageModel(**{"seed": 1, **values})


def test_impossible_questions_are_refused():
    """Pairs must be pairs of whole numbers, windows must run forwards, rises must match their pairs."""
    model = OutageModel(1)
    with pytest.raises(InputError, match="outages: pairs: must be pairs"):
        model.is_up([[0.5, 1.0]], 0)
    with pytest.raises(InputError, match="outages: end_s: must be from 10"):
        model.down_intervals(PAIRS, 10, 0)
    with pytest.raises(InputError, match="outages: t_s: must be a finite number"):
        model.is_up(PAIRS, math.nan)
    with pytest.raises(InputError, match="outages: rises_s: must be one time"):
        model.carries_from_s(PAIRS, [0.0])
