"""An interval of bottlenecks that may hold a better plan, what is known of closed ones, and counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from planners.astar.network import Net
from planners.astar.prices import Multipliers
from planners.astar.resources import NO_WALK
from satllm_env.problem.instance import Bools, Ints

Resource = tuple[int, int]
"""A node whose processor is meant and −1, or −1 and a link."""


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
    multipliers: Multipliers = field(compare=False)
    """The best known."""
    dual: int = field(compare=False, default=0)
    """[ticks] none of them has a smaller sum."""
    walk: Ints = field(compare=False, default_factory=lambda: NO_WALK)
    """The best relaxed walk."""
    watched: tuple[Resource, ...] = field(compare=False, default=())
    """What the places of the graph tell apart."""
    fresh: bool = field(compare=False, default=True)
    """Whether its dual has still to be computed."""
    passes: int = field(compare=False, default=1)
    """Passes that are to be made for its dual at least."""
    tried: bool = field(compare=False, default=False)
    """Whether a search of it was cut short."""

    @property
    def states(self) -> int:
        """Number of states alive."""
        return int(np.count_nonzero(self.alive))


class Piece(NamedTuple):
    """Bottlenecks in ``(above, upto]`` whose plans are proven to have a delay of at least `bound`."""

    above: int
    upto: int
    bound: int
    multipliers: Multipliers
    watched: tuple[Resource, ...]


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
