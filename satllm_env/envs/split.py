"""`SatLLMSplit-v0`: the split problem walked one move at a time."""

from __future__ import annotations

from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from satllm_env.envs import stepping
from satllm_env.envs.actions import COMPUTE, Mask, actions_of, link_and_level
from satllm_env.envs.arguments import (
    OnIllegal,
    RewardUnit,
    check_on_illegal,
    check_render_mode,
    check_reward_unit,
    layout_for,
    units_s,
)
from satllm_env.envs.leftover import Leftover, empty_leftover, make_room
from satllm_env.envs.legal_actions import LegalActions
from satllm_env.envs.observation import Singles
from satllm_env.envs.sources import InstanceSource, source_of
from satllm_env.envs.terrain import Terrain, terrain_of
from satllm_env.errors import InputError, NoPlanError
from satllm_env.problem import Instance, Plan, Problem, Walk, parse_steps
from satllm_env.problem.instance import Bools, Ints
from satllm_env.problem.moves import LEGAL
from satllm_env.problem.plan import Step
from satllm_env.scenarios import Sample, Scenario

if TYPE_CHECKING:
    from satllm_env.figures.window import Window


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
    ``action_space.sample()`` draws among them, unless illegal actions have a price.

    ## Observation Space

    ``Box(0, 1, (15 + 8·D + 4·Q,), float32)``. Shares and flags stand as they are. What has a
    unit u is entered as ``x / (x + u)``: one unit is ½, infinity is 1. T is the instance's reference delay
    [s], a lower bound of the optimum (``info["reference_s"]``); L and M are its layers and micro-batches.
    `satllm_env.envs.LookaheadObservation` adds an estimate of every action.

    | entries | of | meaning | unit |
    |---|---|---|---|
    | 0 | request | layers done | share of the layers |
    | 1, 2 | request | layers; micro-batches | 32 layers; 8 micro-batches |
    | 3, 4 | stage in progress | whether there is one; layers in it | 0 or 1; share of the layers |
    | 5 | node | layers that still fit | share of the layers |
    | 6 | node | M − 1 times the time of a layer here | T / L |
    | 7 | walk | delay so far | T |
    | 8, 9 | walk | M − 1 times the bottleneck; M − 1 times the stage in progress | T |
    | 10, 11 | layers left | M − 1 times their least bottleneck, with this processor and without | T |
    | 12 | accuracy | budget left | share of the budget |
    | 13 | accuracy | level on arrival | share of the levels |
    | 14 | ground | whether it computes | 0 or 1 |
    | 15 + 8·d | slot d | usable | 0 or 1 |
    | 16 + 8·d | slot d | leads to the destination | 0 or 1 |
    | 17 + 8·d | slot d | M − 1 times the raw transfer | T |
    | 18 + 8·d | slot d | latency | T |
    | 19 + 8·d | slot d | least time to go from its end | T |
    | 20 + 8·d | slot d | the same for the finished result | T |
    | 21 + 8·d | slot d | 1 − (M − 1 times the time of a layer at its end) | T / L |
    | 22 + 8·d | slot d | layers that fit at its end | share of the layers |
    | 15 + 8·D + 4·q | level q | in the budget | 0 or 1 |
    | 16 + 8·D + 4·q | level q | bytes against level none | 1 / 20 |
    | 17 + 8·D + 4·q | level q | loss against the budget left | 1 / 2 |
    | 18 + 8·D + 4·q | level q | encoding | T / 100 |

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
    3. Termination: an illegal action under ``on_illegal="penalty"`` (``info["illegal_move"]`` says which
       rule it breaks). By default it raises in place of a step and changes nothing.

    After 2 and 3 the return is ``−info["fallback_s"]``: twice what the relaxed least-sum walk from the
    source takes without pipelining, micro-batch after micro-batch; ``info["delay_s"]`` is infinite and
    ``info["plan"]`` empty.

    ## Arguments

    | argument | default | meaning |
    |---|---|---|
    | `scenario` | `"paper"` | name or TOML file of a scenario |
    | `problem` | `None` | problem file (or `Problem`) in place of a scenario |
    | `reward_unit` | `"seconds"` | or `"reference"` |
    | `on_illegal` | `"raise"` | or `"penalty"`: an action that breaks a rule ends the walk, see Episode End |
    | `num_slots`, `num_levels` | the scenario's | pad the action space, so that one policy serves several |
    | `render_mode` | `None` | `"human"` (a window), `"rgb_array"` or `"ansi"` |

    ## Vectorized environment

    ``gym.make_vec("SatLLMSplit-v0", num_envs=…)`` steps many walks at once; see
    `satllm_env.envs.SatLLMSplitVectorEnv` for its further arguments.

    ## Example

    >>> import gymnasium as gym
    >>> import satllm_env
    >>> from planners import solve
    >>> env = gym.make("SatLLMSplit-v0", scenario="paper-ground")
    >>> observation, info = env.reset(seed=0)
    >>> env.action_space, env.observation_space.shape, observation.dtype
    (Discrete(46), (91,), dtype('float32'))

    The optimal plan of the same request, walked: its return is minus its delay.

    >>> plan = solve(env.unwrapped.instance).plan
    >>> total = 0.0
    >>> for action in env.unwrapped.actions_of(plan.steps):
    ...     assert info["action_mask"][action]
    ...     observation, reward, terminated, truncated, info = env.step(action)
    ...     total += reward
    >>> terminated, info["is_success"], abs(total + info["delay_s"]) < 1e-9 * info["delay_s"]
    (True, True, True)

    ## Version History

    * v0: first version.
    """

    metadata: dict[str, Any] = {"render_modes": ["human", "ansi", "rgb_array"], "render_fps": 4}  # noqa: RUF012

    def __init__(
        self,
        scenario: str | Path | Scenario = "paper",
        problem: str | Path | Problem | None = None,
        reward_unit: RewardUnit = "seconds",
        on_illegal: OnIllegal = "raise",
        num_slots: int | None = None,
        num_levels: int | None = None,
        render_mode: str | None = None,
    ) -> None:
        check_reward_unit(reward_unit)
        check_on_illegal(on_illegal)
        check_render_mode(render_mode, self.metadata["render_modes"])
        self.source: InstanceSource = source_of(scenario, problem)
        self.layout = layout_for(self.source, num_slots, num_levels)
        self.reward_unit, self.on_illegal = reward_unit, on_illegal
        self.render_mode = render_mode
        self._mask: Mask = np.zeros(self.layout.num_actions, np.int8)
        self.action_space: spaces.Discrete[np.int64] = spaces.Discrete(self.layout.num_actions)
        if on_illegal == "raise":
            self.action_space = LegalActions(self._mask)
        self.observation_space = self.layout.space
        self._sample: Sample | None = None
        self._ending: dict[str, Any] = {}
        self._window: Window | None = None
        if render_mode == "human":
            from satllm_env.figures.window import Window

            self._window = Window("SatLLMSplit-v0", self.metadata["render_fps"])

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
        self._sample, self._ending = sample, {}
        self._show()
        return observation, self._info()

    def step(self, action: np.int64 | int) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Make one move; see the class for rewards and ends.

        Raises:
            InputError: the action is no whole number, or illegal under ``on_illegal="raise"``; the walk
                stands as before.
            ResetNeeded: the walk is over, or none has begun.
        """
        if self._sample is None or self._status != stepping.UNDER_WAY:
            raise gym.error.ResetNeeded("call reset() before step()")
        walk, observation, number = self._walk, self._blank(), self._checked(action)
        node, stage_start, boundary = walk.node, walk.stage_start, walk.boundary
        self._status, fault, paid_s = stepping.step(
            self._terrain,
            self._state,
            self.layout.num_levels,
            self._in_range(number),
            observation,
            self._mask,
        )
        if number != COMPUTE and not fault:
            link, level = link_and_level(self._terrain.slots, node, self.layout.num_levels, number)
            walk.sends.append((stage_start, boundary, link, level))
        over, info = self._status != stepping.UNDER_WAY, self._info()
        if over:
            info |= self._outcome(stepping.fault_text(fault, number))
            self._ending = dict(info)
        self._show()
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
        """The walk as text or as a picture, by `render_mode`; in a window under ``"human"``.

        Raises:
            ResetNeeded: no walk has begun.
        """
        if self.render_mode is None:
            return None
        if self._sample is None:
            raise gym.error.ResetNeeded("call reset() before render()")
        # drawing libraries are imported only by those who draw
        from satllm_env.figures import failure_text, walk_frame, walk_text

        failure = failure_text(self._ending)
        if self.render_mode == "ansi":
            return walk_text(self._walk, failure=failure)
        picture = walk_frame(self._walk, self._sample.map_layout(), failure=failure)
        if self._window is None:
            return picture
        self._window.show(picture)
        return None

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._window is not None:
            self._window.close()

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
    def terrain(self) -> Terrain:
        """The arrays that steps read."""
        self._check_reset()
        return self._terrain

    @property
    def state(self) -> stepping.State:
        """The arrays that steps write."""
        self._check_reset()
        return self._state

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

    def _show(self) -> None:
        """Under ``"human"`` every reset and step shows by itself."""
        if self._window is not None:
            self.render()

    def _check_reset(self) -> None:
        if self._sample is None:
            raise gym.error.ResetNeeded("call reset() first")

    def _checked(self, action: Any) -> int:
        """An action as a number, legal if it has to be."""
        try:
            number = index(action)
        except TypeError:
            raise InputError("action", "", f"is {action!r}, not a whole number") from None
        # what is not masked is legal
        if self.on_illegal == "penalty" or (0 <= number < len(self._mask) and self._mask[number]):
            return number
        fault = stepping.fault_of(self._terrain, self._state, self.layout.num_levels, self._in_range(number))
        if fault != LEGAL:
            raise InputError("action", str(number), f"is illegal: {stepping.fault_text(fault, number)}")
        return number

    def _in_range(self, number: int) -> int:
        """A number that compiled code can hold, and that is an action only if `number` is."""
        return min(max(number, -1), self.layout.num_actions)

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
