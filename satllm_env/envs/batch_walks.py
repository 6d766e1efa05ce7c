"""Walks of a vector environment as objects: for plans, and for those who draw them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

from satllm_env.envs.batch import Batch, Trace
from satllm_env.problem import Instance, Plan, Walk
from satllm_env.problem.instance import Floats, Ints


def walk_of(batch: Batch, i: int, instance: Instance) -> Walk:
    """A copy of one walk of a batch."""
    walk = Walk(instance)
    walk.ints[:], walk.reals[:] = batch.ints[i], batch.reals[i]
    walk.used_nodes[:] = batch.used_nodes[i, : len(walk.used_nodes)]
    walk.used_links[:] = batch.used_links[i, : len(walk.used_links)]
    walk.sends += _sends(batch.sends[i, : batch.num_sends[i]])
    return walk


def _sends(trace: Trace) -> list[tuple[int, int, int, int]]:
    return [(start, boundary, link, level) for start, boundary, link, level in trace.tolist()]


class PlanSteps(Sequence[dict[str, Any]]):
    """A finished walk's steps in the form of files, written out when they are first looked at.

    It equals the list of the same steps; ``list(steps)`` is what JSON and `actions_of` take.

    Args:
        instance: that was walked.
        trace: (sends, 4) every send.
        ints: integer state at the end.
        reals: real state at the end.
    """

    def __init__(self, instance: Instance, trace: Trace, ints: Ints, reals: Floats) -> None:
        self._instance, self._trace, self._ints, self._reals = instance, trace, ints, reals
        self._steps: list[dict[str, Any]] | None = None

    @property
    def plan(self) -> Plan:
        """The plan that the steps are of."""
        walk = Walk(self._instance)
        walk.ints[:], walk.reals[:] = self._ints, self._reals
        walk.sends += _sends(self._trace)
        return Plan.from_walk(walk)

    @property
    def _written(self) -> list[dict[str, Any]]:
        if self._steps is None:
            self._steps = self.plan.steps_as_data()
        return self._steps

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        """One step, or a list of them."""
        return self._written[index]

    def __len__(self) -> int:
        """Number of steps."""
        return len(self._written)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The steps in order."""
        return iter(self._written)

    def __eq__(self, other: object) -> bool:
        """Whether another sequence holds the same steps."""
        return self._written == list(other) if isinstance(other, Sequence) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """As of a list."""
        return repr(self._written)
