"""`SatLLMSplit-v0`: the split problem walked one move at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from satllm_env.envs import stepping
from satllm_env.envs.actions import COMPUTE, Mask, actions_of, link_and_level
from satllm_env.envs.arguments import (
    RewardUnit,
    check_render_mode,
    check_reward_unit,
    layout_for,
    units_s,
)
from satllm_env.envs.leftover import Leftover, empty_leftover, make_room
from satllm_env.envs.observation import Singles
from satllm_env.envs.sources import InstanceSource, source_of
from satllm_env.envs.terrain import terrain_of
from satllm_env.errors import InputError, NoPlanError
from satllm_env.problem import Instance, Plan, Problem, Walk, parse_steps
from satllm_env.problem.instance import Bools, Ints
from satllm_env.problem.plan import Step
from satllm_env.scenarios import Sample, Scenario


class SatLLMSplitEnv(gym.Env[NDArray[Any], np.int64]):
    """Place, cut and compress a model over a satellite network, one move at a time.

    ## Description

    A satellite holds a batch of images or a prompt, cut into `M` micro-batches that flow through a
    pipeline. At every step the agent either computes the next layer where the payload is, or sends the
    payload over one of the node's links at a compression level. The walk ends when the payload reaches
    the ground, which computes what is missing if it may. The delay of a finished walk is exactly
    ``Σ (busy times + latencies) + (M − 1) · max(busy times)``.

    ## Action Space

    ``Discrete(1 + D·Q)`` for `D` out-link slots and `Q` levels, whatever the model and constellation:

    | action | move |
    |---|---|
    | 0 | compute the next layer here (decoding first, if it is the stage's first) |
    | 1 + d·Q + q | send the payload over slot d at level q (encoding first, if a stage ends) |

    Slots of a constellation are in-plane fore and aft, cross-plane left and right, then the downlink;
    those of a problem file are the out-links in the order of their targets, the destination last.
    ``info["action_mask"]`` (int8) and ``action_masks()`` (bool) hold the legal moves after which the walk
    can still be finished, as far as reachability in (node, boundary) under memory tells.

    ## Observation Space

    ``Box(0, 1, (15 + 8·D + 4·Q,), float32)``. Times are divided by the instance's reference delay, a lower
    bound of the optimum, and squashed by ``x / (x + 1)``. `satllm_env.envs.LookaheadObservation` adds an
    estimate of every action.

    | entries | of | meaning |
    |---|---|---|
    | 0–4 | request | layers done; layers; micro-batches; stage in progress; layers in it |
    | 5–6 | node | layers that still fit; time of a layer here |
    | 7–9 | walk | delay so far; bottleneck; stage in progress, both times M − 1 |
    | 10–11 | left | least bottleneck of the layers left, with this processor and without |
    | 12–14 | accuracy | budget left; level on arrival; whether the ground computes |
    | 8 per slot | link | usable; leads to the destination; raw transfer; latency; time to go from its end;
      the same for the result; speed of its end; layers that fit there |
    | 4 per level | level | in the budget; bytes against level none; loss against the budget left; encoding |

    ## Rewards

    Minus the increase of ``sum + (M − 1) · max`` that the move causes, in seconds; the undiscounted return
    of a finished walk is exactly ``−delay_s``. With ``reward_unit="reference"`` it is divided by the
    instance's reference delay, for learning over scenarios of different size.

    ## Starting State

    `reset` draws an instance from the scenario with the environment's own generator (or takes the fixed
    problem, or the one in ``options={"problem": …}``); the payload is at the source, no layer done.

    ## Episode End

    1. Termination: the payload reaches the destination. ``info["delay_s"]`` and ``info["plan"]`` hold the
       plan, ``info["is_success"]`` is True.
    2. Termination: a dead end, no move is left after which the walk could be finished
       (``info["dead_end"]``).
    3. Termination: an illegal action (``info["illegal_move"]`` says which rule it breaks).

    After 2 and 3 the return is ``−info["fallback_s"]``: twice what the relaxed least-sum walk from the
    source takes without pipelining, micro-batch after micro-batch; ``info["delay_s"]`` is infinite and
    ``info["plan"]`` empty.

    ## Arguments

    | argument | default | meaning |
    |---|---|---|
    | `scenario` | `"paper"` | name or TOML file of a scenario |
    | `problem` | `None` | problem file (or `Problem`) in place of a scenario |
    | `reward_unit` | `"seconds"` | or `"reference"` |
    | `num_slots`, `num_levels` | the scenario's | pad the action space, so that one policy serves several |
    | `render_mode` | `None` | `"ansi"` or `"rgb_array"` |

    ## Vectorized environment

    ``gym.make_vec("SatLLMSplit-v0", num_envs=…)`` steps many walks at once; see
    `satllm_env.envs.SatLLMSplitVectorEnv` for its further arguments.

    ## Version History

    * v0: first version.
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi", "rgb_array"], "render_fps": 4}  # noqa: RUF012

    def __init__(
        self,
        scenario: str | Path | Scenario = "paper",
        problem: str | Path | Problem | None = None,
        reward_unit: RewardUnit = "seconds",
        num_slots: int | None = None,
        num_levels: int | None = None,
        render_mode: str | None = None,
    ) -> None:
        check_reward_unit(reward_unit)
        check_render_mode(render_mode, self.metadata["render_modes"])
        self.source: InstanceSource = source_of(scenario, problem)
        self.layout = layout_for(self.source, num_slots, num_levels)
        self.reward_unit = reward_unit
        self.render_mode = render_mode
        self.action_space = spaces.Discrete(self.layout.num_actions)
        self.observation_space = self.layout.space
        self._sample: Sample | None = None
        self._mask: Mask = np.zeros(self.layout.num_actions, np.int8)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Draw an instance and place the payload at its source.

        Args:
            seed: restarts the environment's generator.
            options: ``{"problem": Problem | Sample}`` walks that instance this once.

        Raises:
            InputError: an unknown option, a problem that needs more slots or levels, or rewards in units
                of a reference delay of 0 s.
            NoPlanError: no walk reaches the destination, as far as bounds tell.
        """
        super().reset(seed=seed)
        self._sample = None  # until all of it has worked
        sample = self._draw(options)
        self._instance = sample.instance
        self._terrain = terrain_of(sample.instance, self.layout)
        self._walk = Walk(sample.instance)
        self._state = stepping.State(
            self._walk.ints,
            self._walk.reals,
            self._walk.used_nodes,
            self._walk.used_links,
            empty_leftover(self.layout.num_slots, self._terrain.tables.num_layers),
            make_room(self._terrain.tables.num_nodes, self._terrain.tables.num_layers),
        )
        self._status = stepping.UNDER_WAY
        observation = self._blank()
        if not stepping.begin(self._terrain, self._state, self.layout.num_levels, observation, self._mask):
            raise NoPlanError(f"no plan exists: no move leads from {sample.problem.source!r} on")
        self._unit_s = float(units_s(self.reward_unit, np.array([self._terrain.reference_s]))[0])
        self._sample = sample
        return observation, self._info()

    def step(self, action: np.int64 | int) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Make one move; see the class for rewards and ends.

        Raises:
            ResetNeeded: the walk is over, or none has begun.
        """
        if self._sample is None or self._status != stepping.UNDER_WAY:
            raise gym.error.ResetNeeded("call reset() before step()")
        walk, observation, number = self._walk, self._blank(), int(action)
        node, stage_start, boundary = walk.node, walk.stage_start, walk.boundary
        self._status, fault, paid_s = stepping.step(
            self._terrain,
            self._state,
            self.layout.num_levels,
            min(max(number, -1), self.layout.num_actions),
            observation,
            self._mask,
        )
        if number != COMPUTE and not fault:
            link, level = link_and_level(self._terrain.slots, node, self.layout.num_levels, number)
            walk.sends.append((stage_start, boundary, link, level))
        over, info = self._status != stepping.UNDER_WAY, self._info()
        if over:
            info |= self._outcome(stepping.fault_text(fault, number))
        return observation, -paid_s / self._unit_s, over, False, info

    def action_masks(self) -> Bools:
        """(1 + D·Q,) the mask, as sb3-contrib asks for it; action 0 alone once the walk is over."""
        self._check_reset()
        return self._mask.astype(np.bool_)

    def actions_of(self, steps: list[dict[str, Any]] | tuple[Step, ...]) -> list[int]:
        """Turn a plan's steps (as in ``info["plan"]``) into actions that replay it.

        Raises:
            InputError: the steps break the form or name what the problem does not have.
        """
        parsed = steps if isinstance(steps, tuple) else parse_steps(steps)
        return actions_of(self.instance, self.layout.num_levels, parsed)

    def render(self) -> str | NDArray[np.uint8] | None:
        """The walk as text or as a picture, by `render_mode`."""
        if self.render_mode is None or self._sample is None:
            return None
        # drawing libraries are imported only by those who draw
        from satllm_env.figures import walk_frame, walk_text

        if self.render_mode == "ansi":
            return walk_text(self._walk)
        return walk_frame(self._walk, self._sample.map_layout())

    @property
    def instance(self) -> Instance:
        """The instance being walked."""
        self._check_reset()
        return self._instance

    @property
    def walk(self) -> Walk:
        """The walk in progress."""
        self._check_reset()
        return self._walk

    @property
    def left(self) -> Leftover:
        """What the resources that are left can still do."""
        self._check_reset()
        return self._state.left

    @property
    def slots(self) -> Ints:
        """(N, D) link of each slot, −1 for none."""
        self._check_reset()
        return self._terrain.slots

    @property
    def fallback_s(self) -> float:
        """[s] charged in all to a walk that fails."""
        self._check_reset()
        return self._terrain.fallback_s

    @property
    def reference_s(self) -> float:
        """[s] lower bound of the instance's delay, against which times are observed."""
        self._check_reset()
        return self._terrain.reference_s

    def _check_reset(self) -> None:
        if self._sample is None:
            raise gym.error.ResetNeeded("call reset() first")

    def _draw(self, options: dict[str, Any] | None) -> Sample:
        unknown = set(options or ()) - {"problem"}
        if unknown:
            first = str(min(unknown, key=str))
            raise InputError("options", first, "is not an option of reset; there is: problem")
        given = (options or {}).get("problem")
        if given is None:
            return self.source.sample(self.np_random)
        if not isinstance(given, Problem | Sample):
            raise InputError("options", "problem", f"is a {type(given).__name__}, not a Problem or a Sample")
        return given if isinstance(given, Sample) else Sample(Instance.from_problem(given))

    def _blank(self) -> Singles:
        """Room for an observation, a fresh one at every call."""
        return np.empty(self.layout.size, np.float32)

    def _info(self) -> dict[str, Any]:
        return {"action_mask": self._mask.copy(), "reference_s": self._terrain.reference_s}

    def _outcome(self, fault: str | None) -> dict[str, Any]:
        finished = self._status == stepping.FINISHED
        return {
            "is_success": finished,
            "dead_end": self._status == stepping.DEAD_END,
            "illegal_move": fault,
            "delay_s": self._walk.delay_s if finished else float("inf"),
            "fallback_s": self._terrain.fallback_s,
            "plan": Plan.from_walk(self._walk).steps_as_data() if finished else [],
        }
