"""An interval of bottlenecks that may hold a better plan, and what a run counts."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from planners.astar.network import Net
from planners.astar.resources import NO_WALK
from satllm_env.problem.instance import Bools, Ints


@dataclass(order=True)
class Interval:
    """Plans whose bottleneck lies in ``(above, upto]`` and who keep to the states that are alive."""

    bound: int
    """[ticks] none of them has a smaller delay."""
    above: int
    upto: int
    net: Net = field(compare=False)
    alive: Bools = field(compare=False)
    """(L + 1, Q, X) states that a better plan of the interval may pass."""
    multiplier: int = field(compare=False, default=0)
    """[ticks per coarse loss unit] the best known."""
    dual: int = field(compare=False, default=0)
    """[ticks] none of them has a smaller sum."""
    walk: Ints = field(compare=False, default_factory=lambda: NO_WALK)
    """The best relaxed walk."""
    fresh: bool = field(compare=False, default=True)
    """Whether its dual has still to be computed."""

    @property
    def states(self) -> int:
        """Number of states alive."""
        return int(np.count_nonzero(self.alive))


@dataclass
class Counts:
    """What a run has done."""

    passes: int = 0
    intervals: int = 0
    watched: int = 0
    searches: int = 0
    labels: int = 0
    popped: int = 0
    rounds: int = 0
    most_places: int = 0
