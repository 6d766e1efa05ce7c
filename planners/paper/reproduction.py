"""All parts of the reproduction together, and the table that stands beside the reported results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, get_args

from planners.paper import beyond, compression, delay, models, sensitivity, splits, traffic
from planners.paper.compression import Measurements
from planners.paper.finding import Draw, Finding
from planners.paper.outcome import Point, Results
from planners.paper.reported import PartName, Reported, reported_results
from planners.paper.sweep import Effort, Tell, run
from satllm_env.tables import Grid

PART_NAMES: tuple[PartName, ...] = get_args(PartName)
SUMMARY = "summary"
"""Name of the table beside the reported results."""


class Planned(NamedTuple):
    """A part that plans requests."""

    wanted: Callable[[], list[Point]]
    finding: Callable[[Results], Finding]


PLANNED: Mapping[PartName, Planned] = {
    "delay": Planned(delay.wanted, delay.finding),
    "models": Planned(models.wanted, models.finding),
    "bytes": Planned(traffic.wanted, traffic.finding),
    "splits": Planned(splits.wanted, splits.finding),
    "sensitivity": Planned(sensitivity.wanted, sensitivity.finding),
    "beyond": Planned(beyond.wanted, beyond.finding),
}


@dataclass(frozen=True)
class Reproduction:
    """What some parts found."""

    effort: Effort
    results: Results
    findings: Mapping[PartName, Finding]

    def summary(self) -> Grid:
        """Reported, ours, and why they differ."""
        rows = [(r.what, r.text, self._ours(r), r.why) for r in self._reported()]
        return Grid(("result", "reported", "ours", "why they may differ"), rows, left=4)

    def tables(self) -> Iterator[tuple[str, Grid]]:
        """The summary and every part's tables, by name."""
        if any(self._reported()):
            yield SUMMARY, self.summary()
        for finding in self.findings.values():
            yield from finding.tables.items()

    def figures(self) -> Iterator[tuple[str, Draw]]:
        """Every part's figures, by name."""
        for finding in self.findings.values():
            yield from finding.figures.items()

    @property
    def complete(self) -> bool:
        """Whether every reported result has an answer."""
        return len(self._reported()) == len(reported_results().results)

    @property
    def note(self) -> str:
        """How much was planned, in a sentence."""
        proven, plans = self.results.proven()
        return (
            f"{self.effort.episodes} requests per point over the ring, {self.effort.shell_episodes} over a "
            f"shell, seeds from 0; {proven} of {plans} plans of the planner are proven optimal, each within "
            f"{self.effort.deadline_s:g} s."
        )

    def as_data(self) -> dict[str, Any]:
        """Plain data: the summary, and means at every point."""
        rows = [{"id": r.id, "what": r.what, "reported": r.text, "ours": self._ours(r), "why": r.why}
                for r in self._reported()]  # fmt: skip
        return {
            "source": reported_results().source,
            "episodes": self.effort.episodes,
            "shell_episodes": self.effort.shell_episodes,
            "deadline_s": self.effort.deadline_s,
            "summary": rows,
            "points": self.results.as_data(),
        }

    def _reported(self) -> list[Reported]:
        return [result for result in reported_results().results if result.part in self.findings]

    def _ours(self, result: Reported) -> str:
        return self.findings[result.part].ours[result.id]


def wanted(parts: Sequence[PartName]) -> list[Point]:
    """The points of some parts, each once."""
    return list(dict.fromkeys(point for part in parts if part in PLANNED for point in PLANNED[part].wanted()))


def reproduce(
    parts: Sequence[PartName], effort: Effort, measured: Measurements, tell: Tell = lambda _: None
) -> Reproduction:
    """Plan what some parts ask for and gather what they find.

    Args:
        parts: their names.
        effort: how much is planned.
        measured: of the codec.
        tell: told of plans made.

    Raises:
        InputError: a request could not be planned.
    """
    results = run(wanted(parts), effort, tell)
    findings = {
        part: PLANNED[part].finding(results) if part in PLANNED else compression.finding(measured)
        for part in PART_NAMES
        if part in parts
    }
    return Reproduction(effort, results, findings)
