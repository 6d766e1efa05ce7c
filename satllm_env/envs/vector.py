"""The vector environment of `SatLLMSplit-v0`: many walks stepped by one compiled loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import ArrayLike, NDArray

from satllm_env.envs import stepping
from satllm_env.envs.arguments import (
    RewardUnit,
    at_least,
    check_render_mode,
    check_reward_unit,
    layout_for,
    units_s,
)
from satllm_env.envs.batch import make_batch, make_outcome, restart, step_all
from satllm_env.envs.batch_walks import PlanSteps, walk_of
from satllm_env.envs.observation import Singles
from satllm_env.envs.pool import InstancePool
from satllm_env.envs.sources import source_of
from satllm_env.envs.split import SatLLMSplitEnv
from satllm_env.envs.vector_infos import about_all, about_some, objects
from satllm_env.errors import InputError
from satllm_env.problem import Instance, Problem, Walk
from satllm_env.problem.instance import Bools, Floats, Ints
from satllm_env.scenarios import Scenario

POOL_SIZE = 256
"""Instances drawn at construction, unless told otherwise."""

EVERY = slice(None)


class SatLLMSplitVectorEnv(VectorEnv[NDArray[Any], NDArray[Any], NDArray[Any]]):
    """Many walks through split problems, stepped together.

    Each environment's observations, rewards, masks and infos are those of `SatLLMSplitEnv`, which
    documents them; both step with the same compiled functions. Infos have the form of Gymnasium's
    `SyncVectorEnv`: ``infos["action_mask"]`` is (num_envs, actions) int8, and every key has a Boolean
    array ``_key`` of the environments that it is about.

    Instances are drawn when the environment is made, so that no step waits for one: ``pool_size`` of
    them, of the seeds ``pool_seed``, ``pool_seed + 1`` and so on. Episodes take them in an order that
    `reset`'s seed decides; when all have been walked, they come again in another order. The pool,
    the seed of `reset` and the actions decide everything.

    ``infos["plan"]`` holds sequences that equal the plan's steps and are written out when they are
    looked at; ``list(plan)`` is a list.

    ## Arguments

    Those of `SatLLMSplitEnv`, and

    | argument | default | meaning |
    |---|---|---|
    | `num_envs` | 1 | walks |
    | `max_episode_steps` | `None` | steps after which a walk is truncated |
    | `autoreset_mode` | `"NextStep"` | or `"SameStep"`, `"Disabled"` (`gymnasium.vector.AutoresetMode`) |
    | `pool_size`, `pool_seed` | 256, 0 | instances drawn, and the seed of the first |
    | `pool` | `None` | instances drawn already, in place of scenario, slots, levels and pool arguments |
    | `copy` | `True` | False hands out the same arrays at every step, which the next one overwrites |

    Raises:
        InputError: an argument is wrong.
        NoPlanError: an instance drawn has no plan, as far as bounds tell.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012
        **SatLLMSplitEnv.metadata,
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }

    def __init__(
        self,
        num_envs: int = 1,
        scenario: str | Path | Scenario = "paper",
        problem: str | Path | Problem | None = None,
        reward_unit: RewardUnit = "seconds",
        num_slots: int | None = None,
        num_levels: int | None = None,
        render_mode: str | None = None,
        max_episode_steps: int | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        pool_size: int = POOL_SIZE,
        pool_seed: int = 0,
        pool: InstancePool | None = None,
        copy: bool = True,
    ) -> None:
        check_reward_unit(reward_unit)
        check_render_mode(render_mode, self.metadata["render_modes"])
        self.num_envs = at_least(1, num_envs, "num_envs")
        if max_episode_steps is not None:
            at_least(1, max_episode_steps, "max_episode_steps")
        self.max_episode_steps = max_episode_steps
        self.autoreset_mode = _autoreset_mode(autoreset_mode)
        self.metadata = {**self.metadata, "autoreset_mode": self.autoreset_mode}
        if pool is None:
            source = source_of(scenario, problem)
            pool = InstancePool.draw(source, layout_for(source, num_slots, num_levels), pool_size, pool_seed)
        self.pool, self.layout = pool, pool.layout
        self.reward_unit, self.render_mode, self.copy = reward_unit, render_mode, copy
        self.single_action_space = gym.spaces.Discrete(self.layout.num_actions)
        self.single_observation_space = self.layout.space
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._reference_s, self._fallback_s = np.ascontiguousarray(pool.packed.times_s.T)
        self._units_s = units_s(reward_unit, self._reference_s)
        self._batch = make_batch(num_envs, self.layout, pool.packed)
        self._outcome = make_outcome(num_envs)
        self._over = np.ones(num_envs, np.bool_)
        self._begun = False
        self._elapsed = np.zeros(num_envs, np.int64)
        self._coming: Ints = np.zeros(0, np.int64)
        self._all = np.arange(num_envs)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Singles, dict[str, Any]]:
        """Begin walks.

        Args:
            seed: decides the order in which episodes take the pool's instances from now on.
            options: ``reset_mask``, (num_envs,) bool: begin these walks only; ``instances``,
                (num_envs,): walk these instances of the pool this once.

        Raises:
            InputError: an option is unknown or wrong.
        """
        super().reset(seed=seed)
        if seed is not None:
            self._coming = self._coming[:0]
        which, given = self._options(options or {})
        if given is None:
            self._begin_next(which)
        else:
            self._begin(which, given[which])
        self._begun = True
        return self._observations(), about_some(self._common(which), which, self.num_envs)

    def step(self, actions: ArrayLike) -> tuple[Singles, Floats, Bools, Bools, dict[str, Any]]:
        """Make one move of every walk; those that are over begin anew instead under NEXT_STEP.

        Raises:
            InputError: the actions are no whole numbers, one per environment.
            ResetNeeded: no walk has begun, or one that is over under DISABLED.
        """
        chosen = self._checked(actions)
        asked, outcome = ~self._over, self._outcome
        if not self._begun or (self.autoreset_mode is AutoresetMode.DISABLED and self._over.any()):
            raise gym.error.ResetNeeded("call reset() before step()")
        step_all(self.pool.packed, self._batch, self.layout.num_levels, chosen, asked, self._units_s, outcome)
        (again,) = self._over.nonzero()
        if len(again):
            self._begin_next(again)
        self._elapsed += asked
        terminated = outcome.status > stepping.UNDER_WAY
        truncated = np.zeros(self.num_envs, np.bool_)
        if self.max_episode_steps is not None:
            truncated = asked & (self._elapsed >= self.max_episode_steps)
        self._over = terminated | truncated
        infos = self._infos_after(chosen, *terminated.nonzero(), *self._over.nonzero())
        return self._observations(), outcome.reward.copy(), terminated, truncated, infos

    def action_masks(self) -> Bools:
        """(num_envs, actions) the masks; action 0 alone once a walk is over."""
        return self._batch.masks.astype(np.bool_)

    def walk(self, i: int) -> Walk:
        """A copy of the walk of environment `i`."""
        return walk_of(self._batch, i, self.instance(i))

    def instance(self, i: int) -> Instance:
        """The instance that environment `i` walks over."""
        return self.pool.samples[int(self._batch.instance[i])].instance

    @property
    def instance_numbers(self) -> Ints:
        """(num_envs,) which of the pool's instances each environment walks over."""
        return self._batch.instance.copy()

    def render(self) -> tuple[Any, ...] | None:
        """Every walk as text or as a picture, by `render_mode`."""
        if self.render_mode is None or not self._begun:
            return None
        # drawing libraries are imported only by those who draw
        from satllm_env.figures import walk_frame, walk_text

        walks = [self.walk(i) for i in range(self.num_envs)]
        if self.render_mode == "ansi":
            return tuple(walk_text(walk) for walk in walks)
        samples = [self.pool.samples[number] for number in self._batch.instance]
        return tuple(
            walk_frame(walk, sample.map_layout()) for walk, sample in zip(walks, samples, strict=True)
        )

    def _options(self, options: dict[str, Any]) -> tuple[Ints, Ints | None]:
        """Which walks begin, and over which instances if that is given."""
        unknown = set(options) - {"reset_mask", "instances"}
        if unknown:
            first = str(min(unknown, key=str))
            raise InputError("options", first, "is not an option of reset; there are: reset_mask, instances")
        which, given = self._all, options.get("instances")
        if options.get("reset_mask") is not None:
            mask = np.asarray(options["reset_mask"])
            if mask.shape != (self.num_envs,) or mask.dtype != np.bool_ or not mask.any():
                raise InputError("options", "reset_mask", f"must be ({self.num_envs},) bool, not all False")
            which = np.flatnonzero(mask)
        if given is not None:
            given = np.asarray(given)
            whole = given.shape == (self.num_envs,) and np.issubdtype(given.dtype, np.integer)
            if not whole or given.min() < 0 or given.max() >= len(self.pool):
                problem = f"must be ({self.num_envs},) numbers of the pool's {len(self.pool)} instances"
                raise InputError("options", "instances", problem)
        return which, given

    def _next_instances(self, count: int) -> Ints:
        while len(self._coming) < count:
            self._coming = np.concatenate((self._coming, self.np_random.permutation(len(self.pool))))
        now, self._coming = self._coming[:count], self._coming[count:]
        return now

    def _begin_next(self, which: Ints) -> None:
        self._begin(which, self._next_instances(len(which)))

    def _begin(self, which: Ints, instances: Ints) -> None:
        restart(self._batch, which, self.pool.beginnings, instances)
        self._over[which] = False
        self._elapsed[which] = 0

    def _checked(self, actions: ArrayLike) -> Ints:
        chosen = np.asarray(actions)
        if chosen.shape != (self.num_envs,) or chosen.dtype.kind not in "iu":
            raise InputError("actions", "", f"must be {self.num_envs} whole numbers")
        return chosen.astype(np.int64)

    def _observations(self) -> Singles:
        return self._batch.observations.copy() if self.copy else self._batch.observations

    def _common(self, which: Ints | slice) -> dict[str, NDArray[Any]]:
        """What the infos of every step and reset hold."""
        masks, instances = self._batch.masks[which], self._batch.instance[which]
        if self.copy and isinstance(which, slice):
            masks = masks.copy()
        return {"action_mask": masks, "reference_s": self._reference_s[instances]}

    def _infos_after(self, actions: Ints, terminated: Ints, ended: Ints) -> dict[str, Any]:
        """The infos of a step, after which walks that have ended begin anew under SAME_STEP."""
        if not len(ended):
            return about_all(self._common(EVERY), self.num_envs)
        outcome = self._outcome_infos(actions, terminated) if len(terminated) else {}
        if self.autoreset_mode is not AutoresetMode.SAME_STEP:
            return about_all(self._common(EVERY), self.num_envs) | outcome
        final = about_some(self._common(ended), ended, self.num_envs) | outcome
        last = objects(self._batch.observations[ended])
        self._begin_next(ended)
        infos = about_all(self._common(EVERY), self.num_envs)
        infos |= about_some({"final_obs": last}, ended, self.num_envs)
        infos["final_info"], infos["_final_info"] = final, infos["_final_obs"].copy()
        return infos

    def _outcome_infos(self, actions: Ints, which: Ints) -> dict[str, Any]:
        """What an episode's end says, for the walks that have terminated."""
        status, fault, _, delay_s = (array[which] for array in self._outcome)
        finished = status == stepping.FINISHED
        faults = zip(fault.tolist(), actions[which].tolist(), strict=True)
        plans = zip(which.tolist(), finished.tolist(), strict=True)
        said = {
            "is_success": finished,
            "dead_end": status == stepping.DEAD_END,
            "illegal_move": objects(stepping.fault_text(*pair) for pair in faults),
            "delay_s": delay_s,
            "fallback_s": self._fallback_s[self._batch.instance[which]],
            "plan": objects(self._plan(i) if done else [] for i, done in plans),
        }
        return about_some(said, which, self.num_envs)

    def _plan(self, i: int) -> PlanSteps:
        batch = self._batch
        trace = batch.sends[i, : batch.num_sends[i]].copy()
        return PlanSteps(self.instance(i), trace, batch.ints[i].copy(), batch.reals[i].copy())


def _autoreset_mode(mode: AutoresetMode | str) -> AutoresetMode:
    try:
        return AutoresetMode(mode)
    except ValueError:
        known = ", ".join(repr(known.value) for known in AutoresetMode)
        raise InputError("autoreset_mode", "", f"is {mode!r}, not one of {known}") from None
