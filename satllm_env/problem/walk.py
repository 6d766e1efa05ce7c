"""A walk in progress: the payload's state, moved by the rules of `satllm_env.problem.moves`."""

from __future__ import annotations

import numpy as np

from satllm_env.problem import moves
from satllm_env.problem.delay import makespan_s
from satllm_env.problem.instance import Instance, to_points


class IllegalMoveError(ValueError):
    """A move that breaks a rule; the message says which."""


class Walk:
    """The payload's way from the source, one legal move at a time.

    Args:
        instance: the problem it walks through.
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        tables = instance.tables
        self.ints = np.zeros(moves.NUM_INTS, np.int64)
        self.reals = np.zeros(moves.NUM_REALS)
        self.used_nodes = np.zeros(tables.num_nodes, np.bool_)
        self.used_links = np.zeros(len(tables.link_source), np.bool_)
        self.ints[moves.NODE] = tables.source
        self.ints[moves.STAGE_START] = moves.NO_STAGE
        self.sends: list[tuple[int, int, int, int]] = []
        """Each send so far: first layer of the stage before it (−1 for a relay), boundary, link, level."""

    @property
    def node(self) -> int:
        """Index of the node that holds the payload."""
        return int(self.ints[moves.NODE])

    @property
    def boundary(self) -> int:
        """Layers done."""
        return int(self.ints[moves.BOUNDARY])

    @property
    def level(self) -> int:
        """Level at which the payload arrived here."""
        return int(self.ints[moves.LEVEL])

    @property
    def stage_start(self) -> int:
        """First layer of the stage in progress here, −1 where there is none."""
        return int(self.ints[moves.STAGE_START])

    @property
    def finished(self) -> bool:
        """Whether the payload has reached the destination."""
        return self.node == self.instance.tables.destination

    @property
    def sum_s(self) -> float:
        """[s] busy times and latencies so far."""
        return float(self.reals[moves.SUM])

    @property
    def bottleneck_s(self) -> float:
        """[s] longest busy time so far."""
        return float(self.reals[moves.BOTTLENECK])

    @property
    def delay_s(self) -> float:
        """[s] makespan of what has been walked so far."""
        return makespan_s(self.sum_s, self.bottleneck_s, self.instance.tables.micro_batches)

    @property
    def accuracy_loss(self) -> float:
        """[percentage points] lost by the cuts so far."""
        return to_points(int(self.ints[moves.LOSS_UNITS]))

    def compute_fault(self) -> int:
        """Fault code of computing the next layer here (`moves.FAULTS`), 0 if legal."""
        return int(moves.compute_fault(self.instance.tables, self.ints, self.used_nodes))

    def send_fault(self, link: int, level: int) -> int:
        """Fault code of sending over `link` at `level` (`moves.FAULTS`), 0 if legal.

        Raises:
            IndexError: there is no such link or level.
        """
        # compiled code does not look: it would wrap negative indices and read past the end
        if not 0 <= link < len(self.used_links) or not 0 <= level < self.instance.tables.num_levels:
            raise IndexError(f"no link {link} or no level {level}")
        return int(moves.send_fault(self.instance.tables, self.ints, self.used_links, link, level))

    def compute(self) -> None:
        """Compute the next layer here.

        Raises:
            IllegalMoveError: a rule forbids it.
        """
        _raise_fault(self.compute_fault())
        moves.apply_compute(self.instance.tables, self.ints, self.reals)

    def send(self, link: int, level: int) -> None:
        """Send the payload over a link at a level; at the destination the rest is computed.

        Raises:
            IllegalMoveError: a rule forbids it.
            IndexError: there is no such link or level.
        """
        _raise_fault(self.send_fault(link, level))
        self.sends.append((self.stage_start, self.boundary, link, level))
        moves.apply_send(
            self.instance.tables, self.ints, self.reals, self.used_nodes, self.used_links, link, level
        )


def _raise_fault(fault: int) -> None:
    if fault != moves.LEGAL:
        raise IllegalMoveError(moves.FAULTS[fault])
