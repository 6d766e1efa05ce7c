"""What the benchmark makes of its measurements."""

import math

import pytest

from planners.benchmark.child import ChildError, lines_of
from planners.benchmark.families import family
from planners.benchmark.measure import Measured
from planners.benchmark.report import Report, family_grid, notes, rival_grid
from planners.benchmark.rivals import Attempt, Rivalry, contradiction
from planners.benchmark.sizes import Size
from planners.benchmark.timing import Timing

SIZE = Size("chain", 48, 5, 6, 8)


def _timing(seed: int, wall_s: float, delay_s: float = 1.0, status: str = "optimal") -> Timing:
    return Timing(seed, SIZE, status, delay_s, delay_s, wall_s, wall_s, 1e-3)


def _measured(*timings: Timing) -> Measured:
    return Measured(family("paper-chain"), timings, 100_000_000, 300_000_000, (0.5,))


def _report(*measured: Measured) -> Report:
    return Report(measured, (), None, 60.0, 60.0)


def test_medians_leave_out_problems_without_plans_and_the_tail_does_not() -> None:
    """A slow proof that there is no plan shows."""
    none = _timing(2, 9.0, math.inf, "infeasible")
    measured = _measured(_timing(0, 0.002), _timing(1, 0.004), none)
    assert measured.median_s == pytest.approx(0.003)
    assert (measured.infeasible, measured.share_proven) == (1, 1.0)
    assert measured.worst is none
    assert measured.met is True


def test_a_missed_target_is_marked() -> None:
    """In the table's own column."""
    grid = family_grid(_report(_measured(_timing(0, 0.1))))
    assert grid.rows[0][grid.headings.index("met")] == "NO"


def test_a_family_without_plans_has_no_median() -> None:
    """Nothing is promised about it, and nothing is shown as met."""
    measured = _measured(_timing(0, 0.1, math.inf, "infeasible"))
    assert measured.median_s is None
    assert measured.met is None


def test_timings_come_back_from_plain_data() -> None:
    """As they cross from process to process, inf included."""
    for timing in (_timing(0, 0.1), _timing(1, 0.2, math.inf, "infeasible")):
        assert Timing.from_data(timing.as_data()) == timing


def test_a_planning_run_that_gives_up_is_a_fault_with_family_and_seed() -> None:
    """The command ends with exit code 1 on any fault."""
    lost = Timing(7, SIZE, "failed", math.inf, 0.0, 1.0, 1.0, 0.1, "AssertionError: wrong")
    report = _report(_measured(lost))
    assert report.faults == ["paper-chain seed 7: AssertionError: wrong"]
    assert report.faults[0] in notes(report)


def test_ratios_of_runs_cut_short_are_bounds() -> None:
    """Exact where the median itself was not cut short."""
    quick, slow, cut = (Attempt(i, t, t < 60.0, 0.01) for i, t in enumerate((10.0, 20.0, 60.0)))
    exact, bound = (Rivalry("cp-sat", "paper-chain", a) for a in ((quick, slow, cut), (quick, cut, cut)))
    assert (exact.exact, exact.ratio, exact.met) == (True, pytest.approx(2_000.0), True)
    assert (bound.exact, bound.ratio, bound.met) == (False, pytest.approx(6_000.0), True)
    report = Report((), (exact, bound), None, 60.0, 60.0)
    assert [row[6] for row in rival_grid(report).rows] == ["2,000", "> 6,000"]


def test_contradictions_are_told_and_agreement_is_not() -> None:
    """A plan below the other's bound, either way; unproven plans and 1e-6 are no contradiction."""
    ours = _timing(0, 0.1, 2.0)
    assert "below our proven bound" in contradiction(ours, 1.9, 1.0)
    assert "above our plan" in contradiction(ours, 2.1, 2.1)
    assert "above our plan" in contradiction(ours, math.inf, math.inf)
    assert contradiction(ours, 2.5, 1.5) == ""
    assert contradiction(ours, 2.0 * (1 + 5e-7), 2.0 * (1 + 5e-7)) == ""
    nobody = _timing(0, 0.1, math.inf, "infeasible")
    assert "below our proven bound" in contradiction(nobody, 3.0, 1.0)
    assert contradiction(nobody, math.inf, math.inf) == ""


def test_a_process_that_fails_is_told_with_its_last_line() -> None:
    """Rather than taken for one without results."""
    with pytest.raises(ChildError, match=r"nothing\.json"):
        list(lines_of("first_solve", "nothing.json"))
