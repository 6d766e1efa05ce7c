"""Policies side by side."""

import numpy as np
import pytest
from scipy import stats

from satllm_env.errors import InputError
from satllm_env.figures import PolicyResult, delay_per_policy, gap_distribution, to_png
from satllm_env.figures.policy_result import mean_ci95
from tests.unit.figures.inspection import assert_readable, words

NONE = np.zeros(0)


def results(scenarios=2, spread=1.0):
    """A planner, two baselines and a learned policy on some scenarios."""
    rng = np.random.default_rng(1)
    found = []
    for s in range(scenarios):
        optimum = rng.lognormal(0.0, 0.2, 30)
        for policy, kind, gap in (
            ("exact", "planner", 0.0),
            ("ground-only", "baseline", 90.0 * spread),
            ("greedy", "baseline", 12.0),
            ("masked PPO", "learned", 4.0),
        ):
            gaps = gap * rng.lognormal(0.0, 0.3, 30)
            found.append(PolicyResult(f"scenario-{s}", policy, kind, optimum * (1 + gaps / 100), gaps))
    return found


def test_interval_is_students():
    """Mean and half-width agree with SciPy's interval."""
    values = np.random.default_rng(0).normal(3.0, 1.0, 17)
    mean, half = mean_ci95(values)
    low, high = stats.t.interval(0.95, 16, values.mean(), stats.sem(values))
    assert (mean - half, mean + half) == pytest.approx((low, high))
    assert mean_ci95(np.array([2.0])) == (2.0, 0.0)


def test_points_and_whiskers():
    """Each policy's mark stands at its mean, its whiskers at the interval's ends."""
    data = results(1)
    (axes,) = delay_per_policy(data).axes
    for row, container in enumerate(axes.containers):
        mean, half = mean_ci95(data[row].delay_s)
        (point, _, (whiskers,)) = container.lines
        assert point.get_xdata()[0] == pytest.approx(mean) and point.get_ydata()[0] == row
        np.testing.assert_allclose(whiskers.get_segments()[0][:, 0], (mean - half, mean + half))


def test_axes_fit_the_spread():
    """Delays within an order of magnitude stand on a linear axis from 0, others on a logarithmic one."""
    (near,) = delay_per_policy(results(1)).axes
    (far,) = delay_per_policy(results(1, spread=100.0)).axes
    assert near.get_xscale() == "linear" and near.get_xlim()[0] == 0.0 and far.get_xscale() == "log"
    (near,) = gap_distribution([r for r in results(1) if r.policy != "ground-only"]).axes
    (far,) = gap_distribution(results(1, spread=100.0)).axes
    assert near.get_xscale() == "linear" and far.get_xscale() == "symlog"


def test_every_gap_is_a_dot():
    """Dots stand at the gaps, within their policy's row, and the median is written beside it."""
    data = results(1)
    figure = gap_distribution(data)
    (axes,) = figure.axes
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    for row, line in enumerate(dots):
        np.testing.assert_array_equal(line.get_xdata(), data[row].gap_pct)
        assert (np.abs(line.get_ydata() - row) < 0.35).all()
    assert "0 %" in words(figure) and "optimum" in words(figure)


@pytest.mark.parametrize("draw", [delay_per_policy, gap_distribution])
@pytest.mark.parametrize("scenarios", [1, 2, 4, 7])
@pytest.mark.parametrize("spread", [1.0, 1000.0])
def test_words_stay_apart(draw, scenarios, spread):
    """No text is clipped or covers another, and policies are named by kind."""
    figure = draw(results(scenarios, spread))
    assert_readable(figure)
    assert {"● planner", "■ baseline", "◆ learned", "scenario-0", "masked PPO"} <= set(words(figure))


def test_policies_without_a_plan():
    """Rows without data say why they are empty."""
    data = [*results(2)[:-1], PolicyResult("scenario-0", "never", "baseline", NONE, NONE)]
    assert {"no feasible plan", "not run"} <= set(words(delay_per_policy(data)))
    assert {"no gap known", "not run"} <= set(words(gap_distribution(data)))
    alone = [PolicyResult("only", "never", "baseline", NONE, NONE)]
    assert_readable(delay_per_policy(alone))
    assert_readable(gap_distribution(alone))


@pytest.mark.parametrize("value", [0.0, 1.0, 1e-7, 5e6])
def test_single_episodes(value):
    """One episode, or only zeros, is drawn without a warning."""
    data = [PolicyResult("s", "p", "planner", np.array([value]), np.array([value]))]
    assert_readable(delay_per_policy(data))
    assert_readable(gap_distribution(data))


def test_long_names():
    """Names longer than their room are cut."""
    data = [PolicyResult("scenario " * 20, "policy " * 20, "learned", np.ones(3), np.ones(3))]
    assert_readable(delay_per_policy(data, title="title " * 60))


def test_same_figure_again():
    """The same results give the same bytes."""
    assert to_png(gap_distribution(results())) == to_png(gap_distribution(results()))


def test_broken_results():
    """Unknown kinds, infinite delays, repeated policies and nothing at all are refused."""
    with pytest.raises(InputError, match="kind"):
        PolicyResult("s", "p", "magic", NONE, NONE)
    with pytest.raises(InputError, match="delay_s"):
        PolicyResult("s", "p", "planner", np.array([np.inf]), NONE)
    with pytest.raises(InputError, match="twice"):
        delay_per_policy([*results(1), *results(1)])
    with pytest.raises(InputError, match="nothing to show"):
        gap_distribution([])
