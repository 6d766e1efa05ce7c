"""The whole benchmark, one family after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from planners.benchmark.cold import measure_cold_starts, start_cold
from planners.benchmark.families import MIXED, family
from planners.benchmark.measure import Measured, measure_family
from planners.benchmark.report import Report
from planners.benchmark.rivals import Rivalry, compete
from planners.references.run import Name

Told = Callable[[str], None]
"""Called with what was being done, after each step of `steps`."""


@dataclass(frozen=True)
class Plan:
    """What to measure."""

    families: tuple[str, ...]
    seeds: int
    """Problems per family."""
    mixed: int
    """Problems of the family `mixed`."""
    deadline_s: float
    """[s] of our planner, per problem."""
    references: tuple[Name, ...]
    reference_families: tuple[str, ...]
    reference_seeds: int
    reference_limit_s: float
    """[s] of a reference, per problem."""
    cold: bool
    """Whether to measure cold starts."""

    def seeds_of(self, name: str) -> int:
        """Problems of a family."""
        return self.mixed if name == MIXED else self.seeds

    @property
    def steps(self) -> int:
        """Problems to plan, at most, and two cold starts."""
        rivals = len(self.references) * sum(
            min(self.reference_seeds, self.seeds_of(name)) for name in self.reference_families
        )
        return sum(self.seeds_of(name) for name in self.families) + rivals + 2 * self.cold


def run_benchmark(plan: Plan, told: Told = lambda what: None) -> Report:
    """Measure everything, the references last.

    Args:
        plan: what to measure.
        told: called after each step with what was being done.

    Raises:
        InputError: an unknown family, or a reference's package is missing.
        ChildError: a process failed.
    """
    families = [family(name) for name in plan.families]
    start_cold()  # what is not compiled yet would count as memory of the first family
    measured = tuple(
        measure_family(each, plan.seeds_of(each.name), plan.deadline_s, _step(told, each.name))
        for each in families
    )
    cold = None
    if plan.cold:
        cold = measure_cold_starts()
        for _ in cold:
            told("cold start")
    rivalries = _rivalries(plan, measured, told)
    return Report(measured, rivalries, cold, plan.deadline_s, plan.reference_limit_s)


def _rivalries(plan: Plan, measured: tuple[Measured, ...], told: Told) -> tuple[Rivalry, ...]:
    return tuple(
        compete(reference, each, plan.reference_seeds, plan.reference_limit_s, _step(told, reference))
        for each in measured
        for reference in plan.references
        if each.family.name in plan.reference_families
    )


def _step(told: Told, what: str) -> Callable[[], None]:
    return lambda: told(what)
