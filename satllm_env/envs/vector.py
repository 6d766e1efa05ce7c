"""The vector environment of `SatLLMSplit-v0`: many walks stepped by one compiled loop."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import ArrayLike, NDArray

from satllm_env.envs import stepping
from satllm_env.envs.arguments import (
    Observed,
    OnIllegal,
    RewardUnit,
    at_least,
    check_observation,
    check_on_illegal,
    check_render_mode,
    check_reward_unit,
    layout_for,
    units_s,
)
from satllm_env.envs.batch import (
    first_illegal,
    make_batch,
    make_outcome,
    make_pool_room,
    restart,
    step_all,
)
from satllm_env.envs.batch_walks import PlanSteps, walk_of
from satllm_env.envs.crew import Crew
from satllm_env.envs.legal_actions import LegalActionsOfMany, all_unmasked
from satllm_env.envs.lookahead import ACTION_FEATURES
from satllm_env.envs.lookahead_batch import Ahead, make_ahead, make_pool_desk, observe_ahead, restart_ahead
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
    """Many walks through split problems, stepped together by one compiled loop.

    ## Description

    Each environment's observations, rewards, masks and ends are those of `SatLLMSplitEnv`, which documents
    them; both step with the same compiled functions. ``gym.make_vec("SatLLMSplit-v0", num_envs=…)`` makes it.

    ## Action Space

    ``MultiDiscrete([1 + D·Q] * num_envs)``. ``infos["action_mask"]`` and ``action_masks()`` are
    (num_envs, 1 + D·Q), int8 and bool. ``action_space.sample()`` draws unmasked actions, unless illegal
    ones have a price.

    ## Observation Space

    ``Box(0, 1, (num_envs, 15 + 8·D + 4·Q), float32)``; with ``observation="lookahead"`` that of
    `LookaheadObservation`, with 3 · (1 + D·Q) entries more, and the estimates themselves stand in
    ``estimates``.

    ## Rewards

    (num_envs,) float64, those of `SatLLMSplitEnv`; 0 where a walk begins anew under ``"NextStep"``.

    ## Starting State

    Instances are drawn when the environment is made, so that no step waits for one: ``pool_size`` of
    them, of the seeds ``pool_seed``, ``pool_seed + 1`` and so on. Episodes take them in an order that
    `reset`'s seed decides; when all have been walked, they come again in another order. The pool,
    the seed of `reset` and the actions decide everything.

    ## Episode End

    1. Termination: as in `SatLLMSplitEnv`. An illegal action raises by default, naming its environment,
       and no walk has moved then.
    2. Truncation: after ``max_episode_steps`` steps, where that is given.

    Infos have the form of Gymnasium's `SyncVectorEnv`: every key has a Boolean array ``_key`` of the
    environments that it is about, and under ``"SameStep"`` ``final_obs`` and ``final_info`` hold what an
    episode's end says. ``infos["plan"]`` holds sequences that equal the plan's steps and are written out
    when they are looked at; ``list(plan)`` is a list.

    ## Arguments

    Those of `SatLLMSplitEnv`, and

    | argument | default | meaning |
    |---|---|---|
    | `num_envs` | 1 | walks |
    | `observation` | `"plain"` | or `"lookahead"`, as `LookaheadObservation` adds it |
    | `max_episode_steps` | `None` | steps after which a walk is truncated |
    | `autoreset_mode` | `"NextStep"` | or `"SameStep"`, `"Disabled"` (`gymnasium.vector.AutoresetMode`) |
    | `pool_size`, `pool_seed` | 256, 0 | instances drawn, and the seed of the first |
    | `pool` | `None` | instances drawn already, in place of scenario, slots, levels and pool arguments |
    | `num_threads` | 1 | threads that share the walks, 64 each at the least; results do not depend on it |
    | `copy` | `True` | False hands out the same arrays at every step, which the next one overwrites |

    ## Example

    >>> import gymnasium as gym
    >>> import numpy as np
    >>> import satllm_env
    >>> envs = gym.make_vec(
    ...     "SatLLMSplit-v0", num_envs=4, scenario="paper-ground", pool_size=8, autoreset_mode="SameStep"
    ... )
    >>> observations, infos = envs.reset(seed=0)
    >>> observations.shape, infos["action_mask"].shape
    ((4, 91), (4, 46))
    >>> rng, finished = np.random.default_rng(0), 0
    >>> for _ in range(100):
    ...     actions = [rng.choice(np.flatnonzero(mask)) for mask in infos["action_mask"]]
    ...     observations, rewards, terminated, truncated, infos = envs.step(actions)
    ...     finished += int(infos["final_info"]["is_success"].sum()) if "final_info" in infos else 0
    >>> finished > 0
    True

    Raises:
        InputError: an argument is wrong.
        NoPlanError: an instance drawn has no plan, as far as bounds tell.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012
        **SatLLMSplitEnv.metadata,
        "render_modes": ["ansi", "rgb_array"],
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }

    def __init__(
        self,
        num_envs: int = 1,
        scenario: str | Path | Scenario = "paper",
        problem: str | Path | Problem | None = None,
        observation: Observed = "plain",
        reward_unit: RewardUnit = "seconds",
        on_illegal: OnIllegal = "raise",
        num_slots: int | None = None,
        num_levels: int | None = None,
        render_mode: str | None = None,
        max_episode_steps: int | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        pool_size: int = POOL_SIZE,
        pool_seed: int = 0,
        pool: InstancePool | None = None,
        copy: bool = True,
        num_threads: int = 1,
    ) -> None:
        check_observation(observation)
        check_reward_unit(reward_unit)
        check_on_illegal(on_illegal)
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
        self.on_illegal = on_illegal
        self.single_action_space = gym.spaces.Discrete(self.layout.num_actions)
        self.observation, added = observation, 0
        if observation == "lookahead":
            added = ACTION_FEATURES * self.layout.num_actions
        size = (self.layout.size + added,)
        self.single_observation_space = gym.spaces.Box(0.0, 1.0, size, np.float32)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._reference_s, self._fallback_s = np.ascontiguousarray(pool.packed.times_s.T)
        self._units_s = units_s(reward_unit, self._reference_s)
        self._batch = make_batch(num_envs, self.layout, pool.packed, added)
        self._beginnings = pool.beginnings
        self._ahead: Ahead | None = None
        if observation == "lookahead":
            self._beginnings, self._beginnings_ahead = pool.beginnings_ahead
            self._ahead = make_ahead(self._batch, pool.packed)
        self._crew = Crew(at_least(1, num_threads, "num_threads"), num_envs)
        parts = range(self._crew.num_parts)
        self._batches = [self._batch._replace(room=make_pool_room(pool.packed)) for _ in parts]
        self._desks = [make_pool_desk(pool.packed) for _ in parts] if self._ahead is not None else []
        self.action_space = batch_space(self.single_action_space, num_envs)
        if on_illegal == "raise":
            self.action_space = LegalActionsOfMany(self._batch.masks)
        self._outcome = make_outcome(num_envs)
        self._over = np.ones(num_envs, np.bool_)
        self._begun = False
        self._elapsed = np.zeros(num_envs, np.int64)
        self._coming: Ints = np.zeros(0, np.int64)
        self._all = np.arange(num_envs)
        self._actions: Ints = np.zeros(num_envs, np.int64)

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
            InputError: the actions are no whole numbers, one per environment, or one is illegal under
                ``on_illegal="raise"``; all walks stand as before.
            ResetNeeded: no walk has begun, or one that is over under DISABLED.
        """
        chosen = self._checked(actions)
        asked, outcome = ~self._over, self._outcome
        if not self._begun or (self.autoreset_mode is AutoresetMode.DISABLED and self._over.any()):
            raise gym.error.ResetNeeded("call reset() before step()")
        if self.on_illegal == "raise" and not all_unmasked(self._batch.masks, chosen, asked):
            self._check_legal(chosen, asked)
        self._actions = chosen
        self._crew.run(partial(self._step_some, chosen, asked))
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

    @property
    def estimates(self) -> Floats:
        """(num_envs, actions) [s] expected delay after each unmasked action, inf for the others.

        Raises:
            InputError: the observation is plain.
        """
        if self._ahead is None:
            raise InputError("observation", "", "is 'plain', which estimates nothing")
        return self._ahead.estimates.copy()

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
        """Every walk as text or as a picture, by `render_mode`.

        Raises:
            ResetNeeded: no walk has begun.
        """
        if self.render_mode is None:
            return None
        if not self._begun:
            raise gym.error.ResetNeeded("call reset() before render()")
        return tuple(self._render(i) for i in range(self.num_envs))

    def close_extras(self, **kwargs: Any) -> None:
        """Let the threads end."""
        self._crew.close()

    def _render(self, i: int) -> str | NDArray[np.uint8]:
        # drawing libraries are imported only by those who draw
        from satllm_env.figures import failure_text, walk_frame, walk_text

        walk, failure = self.walk(i), failure_text(self._ending(i))
        if self.render_mode == "ansi":
            return walk_text(walk, failure=failure)
        sample = self.pool.samples[int(self._batch.instance[i])]
        return walk_frame(walk, sample.map_layout(), failure=failure)

    def _ending(self, i: int) -> dict[str, Any]:
        """What the infos said of a walk that is over."""
        if not self._over[i]:
            return {}
        status, fault = int(self._outcome.status[i]), int(self._outcome.fault[i])
        return {
            "dead_end": status == stepping.DEAD_END,
            "illegal_move": stepping.fault_text(fault, int(self._actions[i])),
            "fallback_s": float(self._fallback_s[self._batch.instance[i]]),
        }

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
        restart(self._batch, which, self._beginnings, instances)
        if self._ahead is not None:
            restart_ahead(self._ahead, which, self._beginnings_ahead, instances)
        self._over[which] = False
        self._elapsed[which] = 0

    def _checked(self, actions: ArrayLike) -> Ints:
        chosen = np.asarray(actions)
        if chosen.shape != (self.num_envs,) or chosen.dtype.kind not in "iu":
            raise InputError("actions", "", f"must be {self.num_envs} whole numbers")
        return chosen.astype(np.int64)

    def _check_legal(self, actions: Ints, asked: Bools) -> None:
        i, fault = first_illegal(self.pool.packed, self._batch, self.layout.num_levels, actions, asked)
        if i >= 0:
            action = int(actions[i])
            problem = f"is illegal: {stepping.fault_text(fault, action)}"
            raise InputError(f"actions[{i}]", str(action), problem)

    def _step_some(self, actions: Ints, asked: Bools, part: int, first: int, last: int) -> None:
        """Step some walks and look at what they have ahead of them, if that is observed."""
        pool, levels, batch, outcome = self.pool, self.layout.num_levels, self._batches[part], self._outcome
        step_all(pool.packed, batch, levels, actions, asked, self._units_s, outcome, first, last)
        if self._ahead is not None:
            desk, ahead, status = self._desks[part], self._ahead, outcome.status
            observe_ahead(pool.packed, pool.guides, batch, ahead, levels, status, first, last, desk)

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
