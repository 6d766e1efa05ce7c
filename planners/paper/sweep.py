"""Planning every point of a sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from planners.many import solve_many
from planners.paper.outcome import Outcome, Point, Results
from planners.paper.scheme import Scheme
from planners.paper.setting import RING, Setting
from planners.result import Result
from satllm_env.errors import InputError
from satllm_env.problem import Instance

Tell = Callable[[int], None]
"""Told how many plans were made since the last time."""


@dataclass(frozen=True)
class Effort:
    """How much is planned."""

    episodes: int
    """Requests per point, seeds from 0."""
    shell_episodes: int
    """Of points over another constellation than the ring, whose problems are larger."""
    deadline_s: float
    """[s] a proof stops after this."""
    jobs: int = 1
    """Problems planned at a time; −1 for one per core."""

    def seeds(self, setting: Setting) -> range:
        """Of a setting's requests."""
        return range(self.episodes if setting.over == RING else self.shell_episodes)

    def plans(self, wanted: Iterable[Point]) -> int:
        """How many plans some points ask for."""
        return sum(len(self.seeds(point.setting)) for point in wanted)


def run(wanted: Iterable[Point], effort: Effort, tell: Tell = lambda _: None) -> Results:
    """Plan points, each once; the schemes of a setting get the same requests.

    Raises:
        InputError: a setting is out of range, or a request could not be planned.
    """
    schemes: dict[Setting, dict[Scheme, None]] = {}
    for setting, scheme in wanted:
        schemes.setdefault(setting, {})[scheme] = None
    outcomes: dict[Point, Outcome] = {}
    for setting, compared in schemes.items():
        drawn = setting.draws(effort.seeds(setting))
        for scheme in compared:
            outcomes[Point(setting, scheme)] = _outcome(scheme, drawn, effort)
            tell(len(drawn))
    return Results(outcomes)


def _outcome(scheme: Scheme, drawn: Sequence[Instance], effort: Effort) -> Outcome:
    """What a scheme achieves; rules are too quick to be worth sending to other processes."""
    instances = [scheme.instance(instance) for instance in drawn]
    jobs = effort.jobs if scheme.planner == "astar" else 1
    found: list[Result] = []
    for result in solve_many(instances, scheme.planner, jobs=jobs, deadline_s=effort.deadline_s):
        if not isinstance(result, Result):
            raise InputError(scheme.label, f"request {result.index}", result.message)
        found.append(result)
    return Outcome.of(found)
