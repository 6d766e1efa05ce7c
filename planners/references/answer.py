"""What a solver says about a graph, before its plan is costed by the project's one delay function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Verdict = Literal["optimal", "feasible", "infeasible", "unknown"]


class Answer(NamedTuple):
    """A solver's outcome."""

    verdict: Verdict
    """`unknown`: stopped by the time limit before a plan or a proof that none exists."""
    path: list[int]
    """Arcs of the best plan, in order; empty without one."""
    bound_s: float
    """[s] no plan has a smaller delay; inf where none exists."""
    counts: Mapping[str, int]
    """How much work was done, by kind."""
