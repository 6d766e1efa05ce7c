"""A trained guide as files (weights and card) and as something that plans."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from agents.config import Amount
from agents.guide.features import SIZE, Singles, write_features
from agents.guide.network import GuideNetwork, GuideShape
from agents.network_threads import one_network_thread
from agents.policy_files import PolicyCard, read_card, read_weights, write_policy
from planners.result import Result
from planners.sweeps.scene import Scene
from planners.sweeps.search import plan_by_cells, scene_of
from satllm_env.envs.arguments import at_least
from satllm_env.problem import Instance, Plan, Walk
from satllm_env.problem.instance import Ints
from satllm_env.problem.schema import Count
from satllm_env.scenarios import Sample

FORMAT: Literal["satllm-guide/1"] = "satllm-guide/1"

TOGETHER = 256
"""Requests whose preferences are computed together."""


class GuideCard(PolicyCard):
    """What one must know of trained weights to use them, and how they were made."""

    format: Literal["satllm-guide/1"] = FORMAT
    network: GuideShape
    sweeps: Count
    """Made of a request, unless more are asked for."""
    instances: Amount
    """Learned from."""


@dataclass(frozen=True, eq=False)
class GuidePolicy:
    """A policy that looks at a request once, makes the sweeps it prefers and takes the best way they find.

    In the environment ``split.actions_of(result.plan.steps)`` are its moves from the source on: nothing
    changes on the way, so it need not look again.

    Greedy: nothing is drawn. Where none of the preferred sweeps finds a way, the next ones are made until
    one does.
    """

    card: GuideCard
    network: GuideNetwork

    def plan(self, sample: Sample) -> Result:
        """Plan a request."""
        return self.plan_best(sample, self.card.sweeps)

    def plan_best(self, sample: Sample, sweeps: int) -> Result:
        """Plan a request by the best of some sweeps.

        Args:
            sample: the request.
            sweeps: made in the order of preference.
        """
        begin = time.perf_counter()
        scene, order = self.look(sample.instance)
        plan, _ = plan_by_cells(sample.instance, scene, order, sweeps)
        return self._result(plan, time.perf_counter() - begin)

    def look(self, instance: Instance) -> tuple[Scene, Ints]:
        """What sweeps see of a request at its source, and (cells,) the cells, the most preferred first."""
        seen = np.empty((1, SIZE), np.float32)
        scene = _look(instance, seen[0])
        return scene, self._order(seen)[0]

    def plan_batch(self, samples: Sequence[Sample], num_threads: int = 1) -> list[Result]:
        """Plan requests together, by the same sweeps as `plan` makes of each.

        Args:
            samples: the requests.
            num_threads: sweeps run on so many; the network on one.

        Returns:
            A result per request, in their order; ``plan_time_s`` is a request's share of the time.

        Raises:
            InputError: there is no thread.
        """
        at_least(1, num_threads, "num_threads")
        begin, plans = time.perf_counter(), []
        with ThreadPoolExecutor(num_threads) as threads:
            for first in range(0, len(samples), TOGETHER):
                instances = [sample.instance for sample in samples[first : first + TOGETHER]]
                seen = np.empty((len(instances), SIZE), np.float32)
                scenes = list(threads.map(_look, instances, seen))
                orders = self._order(seen)
                sweeps = [self.card.sweeps] * len(instances)
                plans += [plan for plan, _ in threads.map(plan_by_cells, instances, scenes, orders, sweeps)]
        share_s = (time.perf_counter() - begin) / max(len(samples), 1)
        return [self._result(plan, share_s) for plan in plans]

    def _order(self, seen: Singles) -> Ints:
        """(B, cells) from the most preferred on."""
        with one_network_thread(), torch.inference_mode():
            order = self.network(torch.as_tensor(seen)).argsort(dim=1, descending=True, stable=True)
        return np.asarray(order.numpy(), np.int64)

    def _result(self, plan: Plan | None, taken_s: float) -> Result:
        if plan is None:
            return Result(self.card.name, "infeasible", None, 0.0, taken_s, "no sweep finds a way")
        return Result(self.card.name, "feasible", plan, 0.0, taken_s)


def _look(instance: Instance, seen: Singles) -> Scene:
    scene = scene_of(Walk(instance))
    write_features(scene, seen)
    return scene


def save_guide(folder: Path, network: GuideNetwork, **card: Any) -> None:
    """Write weights and card; the card's other fields are given by name."""
    write_policy(folder, network, GuideCard(sha256="to be filled in", network=network.shape, **card))


def load_guide(folder: Path) -> GuidePolicy:
    """Read a trained guide; nothing in it is executed.

    Raises:
        InputError: a file is missing, damaged, or does not fit the card.
    """
    card = read_card(folder, GuideCard)
    network = GuideNetwork(card.network)
    read_weights(folder, network, card)
    return GuidePolicy(card, network.eval())
