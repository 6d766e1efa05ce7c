"""A pool of instances drawn beforehand, that the episodes of a vector environment begin with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from satllm_env.envs.arguments import at_least
from satllm_env.envs.batch import Batch, begin_all, make_batch
from satllm_env.envs.lookahead import ACTION_FEATURES, guide_of
from satllm_env.envs.lookahead_batch import (
    Ahead,
    Guides,
    make_ahead,
    make_pool_desk,
    observe_ahead,
    pack_guides,
)
from satllm_env.envs.observation import ObservationLayout
from satllm_env.envs.packed import pack
from satllm_env.envs.sources import FixedProblem, InstanceSource
from satllm_env.envs.terrain import terrain_of
from satllm_env.errors import InputError, NoPlanError
from satllm_env.scenarios import Sample


class InstancePool:
    """Instances that episodes begin with, drawn and made ready before the first step.

    Args:
        samples: the instances, at least one.
        layout: slots and levels that all of them fit in.

    Raises:
        InputError: there is none, or one needs more slots or levels.
        NoPlanError: one has no plan, as far as bounds tell.
    """

    def __init__(self, samples: Sequence[Sample], layout: ObservationLayout) -> None:
        if not samples:
            raise InputError("pool", "", "holds no instance")
        self.samples, self.layout = tuple(samples), layout
        self.packed = pack([terrain_of(sample.instance, layout) for sample in self.samples])
        self.beginnings = make_batch(len(self.samples), layout, self.packed)
        self.beginnings.instance[:] = np.arange(len(self.samples))
        stuck = begin_all(self.packed, self.beginnings, layout.num_levels)
        if stuck >= 0:
            source = self.samples[stuck].problem.source
            raise NoPlanError(f"no plan exists: no move leads from {source!r} on")

    @classmethod
    def draw(
        cls,
        source: InstanceSource,
        layout: ObservationLayout,
        size: int,
        seed: int,
        tick: Callable[[], None] = lambda: None,
    ) -> InstancePool:
        """Draw a pool; instance `i` is the one that ``source`` draws with seed ``seed + i``.

        Args:
            source: a scenario, or one fixed problem.
            layout: slots and levels.
            size: instances; a fixed problem needs one only.
            seed: of the first.
            tick: called for every instance.
        """
        at_least(1, size, "pool_size")
        at_least(0, seed, "pool_seed")
        samples: list[Sample] = []
        for number in range(seed, seed + (1 if isinstance(source, FixedProblem) else size)):
            samples.append(source.sample(np.random.default_rng(number)))
            tick()
        return cls(samples, layout)

    @cached_property
    def guides(self) -> Guides:
        """What look-ahead tables of the instances are built with, found when first asked for."""
        least_s = self.beginnings.least_s[:, 0]
        tables = [sample.instance.tables for sample in self.samples]
        pairs = zip(tables, least_s, strict=True)
        return pack_guides([guide_of(one, float(row[one.num_layers])) for one, row in pairs])

    @cached_property
    def beginnings_ahead(self) -> tuple[Batch, Ahead]:
        """The beginnings with look-ahead, made when first asked for."""
        size = len(self)
        plain, added = self.beginnings.observations, ACTION_FEATURES * self.layout.num_actions
        batch = self.beginnings._replace(observations=np.pad(plain, ((0, 0), (0, added))))
        ahead, under_way = make_ahead(batch, self.packed), np.zeros(size, np.int64)
        desk, levels = make_pool_desk(self.packed), self.layout.num_levels
        observe_ahead(self.packed, self.guides, batch, ahead, levels, under_way, 0, size, desk)
        return batch, ahead

    def __len__(self) -> int:
        """Number of instances."""
        return len(self.samples)
