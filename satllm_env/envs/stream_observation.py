"""What a stream adds to the observation of a walk: backlog, batteries, deadline and load."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces

from satllm_env.envs.observation import ObservationLayout, Singles, squash
from satllm_env.problem.instance import Bools, Floats, Ints, Tables

STREAM_FEATURES = 8
STREAM_SLOT_FEATURES = 4


@dataclass(frozen=True)
class StreamLayout:
    """Where the parts of the flat vector stand: those of the walk, of the stream, of its slots.

    Args:
        walk: of the walk's observation.
    """

    walk: ObservationLayout

    @property
    def stream_at(self) -> int:
        """Index of the first stream feature."""
        return self.walk.size

    @property
    def slots_at(self) -> int:
        """Index of the first slot feature that the stream adds."""
        return self.stream_at + STREAM_FEATURES

    @property
    def size(self) -> int:
        """Length of the vector."""
        return self.slots_at + STREAM_SLOT_FEATURES * self.walk.num_slots

    @property
    def space(self) -> spaces.Box:
        """The observation space."""
        return spaces.Box(0.0, 1.0, (self.size,), np.float32)


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What a request finds at its arrival; it stays the same while it is walked."""

    tables: Tables
    slots: Ints  # (N, D) link of each slot, −1 for none
    node_backlog_s: Floats  # (N,) [s] of work left at each processor
    link_backlog_s: Floats  # (E,) [s] of work left at each link
    charge: Floats  # (N,) [1] of each battery
    sunlit: Bools  # (N,)
    reference_s: float  # [s] what times are measured against
    deadline_s: float  # [s] after the arrival, inf for none
    since_last: float  # [1] mean gaps since the last arrival
    progress: float  # [1] share of the episode that is over

    @property
    def backlog_s(self) -> float:
        """[s] of work left at all processors and links within reach."""
        return float(self.node_backlog_s.sum() + self.link_backlog_s.sum())


def observe_stream(around: Surroundings, node: int, delay_s: float, walk: Singles) -> Singles:
    """The walk's observation with what the stream adds.

    Args:
        around: what the request finds.
        node: that holds the payload.
        delay_s: [s] of the walk so far, on idle servers.
        walk: (15 + 8·D + 4·Q,) the walk's observation.
    """
    unit_s, slots = around.reference_s, around.slots[node]
    out = np.zeros(len(walk) + STREAM_FEATURES + STREAM_SLOT_FEATURES * len(slots), np.float32)
    out[: len(walk)] = walk
    out[len(walk) : len(walk) + STREAM_FEATURES] = (
        squash(around.node_backlog_s[node], unit_s),
        around.charge[node],
        around.sunlit[node],
        _left(delay_s, around.deadline_s),
        squash(around.deadline_s, unit_s),
        squash(around.backlog_s, unit_s),
        squash(around.since_last, 1.0),
        around.progress,
    )
    at = len(walk) + STREAM_FEATURES
    for slot, link in enumerate(slots.tolist()):
        if link < 0:
            continue
        end = int(around.tables.link_target[link])
        first = at + STREAM_SLOT_FEATURES * slot
        out[first : first + STREAM_SLOT_FEATURES] = (
            squash(around.link_backlog_s[link], unit_s),
            squash(around.node_backlog_s[end], unit_s),
            around.charge[end],
            around.sunlit[end],
        )
    return out


def _left(delay_s: float, deadline_s: float) -> float:
    """[1] share of the time to the deadline that is left, 0 once it is over, 1 without a deadline."""
    if delay_s >= deadline_s:
        return 0.0
    return 1.0 if np.isinf(deadline_s) else 1.0 - delay_s / deadline_s
