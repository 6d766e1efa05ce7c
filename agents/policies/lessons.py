"""States on walks through the vector environment, labelled by the exact planner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.batch_planning import pool_of
from agents.policies.expert import Expert
from agents.policies.network import ActionScorer
from agents.policies.policy import draw_actions, scores_of
from planners.limits import Limits
from satllm_env.envs import InstancePool, SatLLMSplitVectorEnv
from satllm_env.envs.observation import ObservationLayout
from satllm_env.errors import InputError, NoPlanError
from satllm_env.scenarios import load_scenario

TOGETHER = 32
"""Walks side by side."""

Moves = NDArray[np.int64]


class Lessons(NamedTuple):
    """Labelled states, row by row; those with a single unmasked action are left out."""

    observations: NDArray[np.float32]  # (S, size)
    masks: NDArray[np.bool_]  # (S, actions)
    optimal: NDArray[np.bool_]  # (S, actions) known to be as good as any; one at the least

    def __add__(self, other: Lessons) -> Lessons:  # type: ignore[override]
        """Lessons behind each other."""
        return Lessons(*(np.concatenate(columns) for columns in zip(self, other, strict=True)))


def draw_pool(
    scenarios: Sequence[str], layout: ObservationLayout, episodes: int, first_seed: int
) -> InstancePool:
    """Instances of some scenarios in turn, those without a plan left out.

    Args:
        scenarios: by name.
        layout: slots and levels that all of them fit in.
        episodes: instances that are drawn.
        first_seed: of the first; the others follow.

    Raises:
        InputError: a scenario is wrong, or no instance has a plan.
    """
    loaded, samples = [load_scenario(name) for name in scenarios], []
    for number in range(episodes):
        with suppress(NoPlanError):
            samples.append(loaded[number % len(loaded)].sample(first_seed + number))
    pool, _, _ = pool_of(samples, layout)
    if pool is None:
        raise InputError("episodes", "", f"no instance has a plan (of {episodes} drawn)")
    return pool


def collect_lessons(
    pool: InstancePool,
    network: ActionScorer | None,
    label_limit: int,
    explore: float,
    rng: np.random.Generator,
    tick: Callable[[], None] = lambda: None,
) -> Lessons:
    """Walk every instance of a pool once and have the planner label every state on the way.

    Args:
        pool: the instances.
        network: whose moves are drawn, its scores as logits; None walks the planner's own way.
        label_limit: partial walks that the planner may look at for a label. From where it has not proven
            its plan, a walk has no labels.
        explore: share of the network's moves that are drawn among all unmasked ones instead.
        rng: draws the moves.
        tick: called after every instance.
    """
    collector = _Collector(pool, Limits(label_limit=label_limit))
    while collector.walking:
        collector.step(collector.choose(network, explore, rng), tick)
    return collector.lessons()


class _Collector:
    """The walks, and who knows the best way on in each; None where nobody does."""

    def __init__(self, pool: InstancePool, limits: Limits) -> None:
        self._pool, self._limits = pool, limits
        self._envs = SatLLMSplitVectorEnv(
            min(TOGETHER, len(pool)), pool=pool, observation="lookahead", autoreset_mode="SameStep"
        )
        self._observations, _ = self._envs.reset(seed=0)
        self._begun = np.zeros(len(pool), np.bool_)
        self._first = np.zeros(self._envs.num_envs, np.bool_)  # walks its instance for the first time
        self._experts: list[Expert | None] = [None] * self._envs.num_envs
        self._rows: list[tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]] = []
        self._begin(range(self._envs.num_envs))

    @property
    def walking(self) -> bool:
        """Whether any instance is walked for the first time, or still to come."""
        return bool(self._first.any() or not self._begun.all())

    def choose(self, network: ActionScorer | None, explore: float, rng: np.random.Generator) -> Moves:
        """(envs,) the next moves."""
        masks = self._envs.action_masks()
        if network is None:
            best = [None if expert is None else expert.action for expert in self._experts]
            first = masks.argmax(axis=1).tolist()
            return np.array([b if a is None else a for a, b in zip(best, first, strict=True)])
        drawn = draw_actions(scores_of(network, self._observations, masks), rng)
        anything = draw_actions(np.where(masks, np.float32(0.0), np.float32(-np.inf)), rng)
        return np.where(rng.random(len(masks)) < explore, anything, drawn)

    def step(self, actions: Moves, tick: Callable[[], None]) -> None:
        """Move, and note what was seen and which actions were optimal."""
        seen, masks = self._observations, self._envs.action_masks()
        bests = [None if expert is None else expert.action for expert in self._experts]
        self._observations, _, over, _, infos = self._envs.step(actions)
        for i, best in enumerate(bests):
            if best is None:
                continue
            optimal = np.zeros(masks.shape[1], np.bool_)
            optimal[best] = True
            optimal[actions[i]] |= self._follow(i, int(actions[i]), bool(over[i]), infos)
            if masks[i].sum() > 1:
                self._rows.append((seen[i], masks[i], optimal))
        ended = np.flatnonzero(over).tolist()
        for _ in range(int(self._first[ended].sum())):
            tick()
        self._begin(ended)

    def lessons(self) -> Lessons:
        """Everything noted.

        Raises:
            InputError: there is nothing.
        """
        if not self._rows:
            raise InputError("label_limit", "", "leaves no state labelled")
        return Lessons(*(np.stack(column) for column in zip(*self._rows, strict=True)))

    def _begin(self, which: Sequence[int]) -> None:
        """Appoint experts to walks that have just begun, unless their instance has been walked."""
        numbers = self._envs.instance_numbers
        for i in which:
            number = int(numbers[i])
            self._first[i] = not self._begun[number]
            self._begun[number] = True
            walk, levels = self._envs.walk(i), self._envs.layout.num_levels
            self._experts[i] = Expert(walk, levels, self._limits) if self._first[i] else None

    def _follow(self, i: int, action: int, over: bool, infos: dict[str, Any]) -> bool:
        """Whether a move was as good as the best one, which the walk's expert has to know."""
        expert = self._experts[i]
        assert expert is not None
        if not over:
            return expert.follow(action, lambda: self._envs.walk(i))
        final = infos["final_info"]
        return expert.end(action, float(final["delay_s"][i]) if final["is_success"][i] else np.inf)
