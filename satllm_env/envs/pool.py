"""A pool of instances drawn beforehand, that the episodes of a vector environment begin with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from satllm_env.envs.arguments import at_least
from satllm_env.envs.batch import begin_all, make_batch
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

    def __len__(self) -> int:
        """Number of instances."""
        return len(self.samples)
