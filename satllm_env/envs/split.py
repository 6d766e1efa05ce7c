"""`SatLLMSplit-v0`: the split problem walked one move at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from satllm_env.envs.actions import actions_of, legal_mask, link_and_level, pad_slots
from satllm_env.envs.leftover import Leftover, leftover
from satllm_env.envs.observation import ObservationLayout, Scale, observe
from satllm_env.envs.sources import InstanceSource, source_of
from satllm_env.errors import InputError, NoPlanError
from satllm_env.problem import Instance, Plan, Problem, Walk, moves, parse_steps
from satllm_env.problem.bounds import cost_to_go, prefix_s
from satllm_env.problem.delay import makespan_s
from satllm_env.problem.instance import Bools, Ints
from satllm_env.problem.plan import Step
from satllm_env.scenarios import Sample, Scenario

FALLBACK_FACTOR = 2.0
"""A walk that fails is charged this many times the unpipelined relaxed walk from the source."""

RewardUnit = Literal["seconds", "reference"]


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
        if reward_unit not in ("seconds", "reference"):
            raise InputError("reward_unit", "", f"is {reward_unit!r}, not 'seconds' or 'reference'")
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            raise InputError(
                "render_mode", "", f"is {render_mode!r}, not one of {self.metadata['render_modes']}"
            )
        self.source: InstanceSource = source_of(scenario, problem)
        self.layout = ObservationLayout(
            _at_least(self.source.num_slots, num_slots, "num_slots"),
            _at_least(self.source.num_levels, num_levels, "num_levels"),
        )
        self.reward_unit = reward_unit
        self.render_mode = render_mode
        self.action_space = spaces.Discrete(self.layout.num_actions)
        self.observation_space = self.layout.space
        self._sample: Sample | None = None

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
        self._slots = pad_slots(self._instance, self.layout.num_slots)
        if self._instance.tables.num_levels > self.layout.num_levels:
            raise InputError(
                "num_levels", "", f"is {self.layout.num_levels}, but the problem has more levels"
            )
        self._walk = Walk(self._instance)
        self._over = False
        self._arrive()
        self._scale, self._fallback_s = _scale(self._instance, float(self._left.least_s[-1]))
        if not self._mask.any():
            raise NoPlanError(f"no plan exists: no move leads from {self._instance.problem.source!r} on")
        if self.reward_unit == "reference" and self._scale.reference_s == 0.0:
            raise InputError("reward_unit", "", "is 'reference', but the problem's reference delay is 0 s")
        self._sample = sample
        return self._observe(), self._info()

    def step(self, action: np.int64 | int) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Make one move; see the class for rewards and ends.

        Raises:
            ResetNeeded: the walk is over, or none has begun.
        """
        if self._sample is None or self._over:
            raise gym.error.ResetNeeded("call reset() before step()")
        before_s = self._walk.delay_s
        fault = self._move(int(action))
        dead_end = fault is None and not self._walk.finished and not self._mask.any()
        self._over = self._walk.finished or dead_end or fault is not None
        failed = self._over and not self._walk.finished
        paid_s = (self.fallback_s if failed else self._walk.delay_s) - before_s
        info = self._info()
        if self._over:
            info |= self._outcome(dead_end, fault)
        return self._observe(), self._reward(paid_s), self._over, False, info

    def action_masks(self) -> Bools:
        """(1 + D·Q,) the mask, as sb3-contrib asks for it; action 0 alone once the walk is over."""
        self._check_reset()
        return self._mask.copy()

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
        return self._left

    @property
    def slots(self) -> Ints:
        """(N, D) link of each slot, −1 for none."""
        self._check_reset()
        return self._slots

    @property
    def fallback_s(self) -> float:
        """[s] charged in all to a walk that fails."""
        self._check_reset()
        return self._fallback_s

    @property
    def reference_s(self) -> float:
        """[s] lower bound of the instance's delay, against which times are observed."""
        self._check_reset()
        return self._scale.reference_s

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

    def _move(self, action: int) -> str | None:
        """Make a move if it is legal, else say why it is not."""
        walk = self._walk
        if action == 0:
            fault = walk.compute_fault()
            if fault == moves.LEGAL:
                walk.compute()
                self._refresh()
            return moves.FAULTS.get(fault)
        if not 0 < action < self.layout.num_actions:
            return f"there is no action {action}"
        link, level = link_and_level(self._slots, walk.node, self.layout.num_levels, action)
        if link < 0 or level >= self._instance.tables.num_levels:
            return "the slot or the level is empty"
        fault = walk.send_fault(link, level)
        if fault == moves.LEGAL:
            walk.send(link, level)
            self._arrive()
        return moves.FAULTS.get(fault)

    def _arrive(self) -> None:
        """Find what the walk can still do; it changes only when the payload moves."""
        self._left = leftover(self._walk, self._slots)
        self._refresh()

    def _refresh(self) -> None:
        walk = self._walk
        self._mask = legal_mask(walk, self._slots, self.layout.num_levels, self._left)

    def _reward(self, paid_s: float) -> float:
        return -paid_s / (1.0 if self.reward_unit == "seconds" else self._scale.reference_s)

    def _observe(self) -> NDArray[np.float32]:
        walk = self._walk
        return observe(
            self._instance.tables,
            self._scale,
            self._slots,
            self._left,
            walk.ints,
            walk.reals,
            walk.used_nodes,
            walk.used_links,
            self.layout.num_levels,
        )

    def _info(self) -> dict[str, Any]:
        if self._over:
            # never all False: maskable policies would silently take that for "anything goes"
            self._mask[:] = False
            self._mask[0] = True
        return {"action_mask": self._mask.astype(np.int8), "reference_s": self._scale.reference_s}

    def _outcome(self, dead_end: bool, fault: str | None) -> dict[str, Any]:
        finished = self._walk.finished
        return {
            "is_success": finished,
            "dead_end": dead_end,
            "illegal_move": fault,
            "delay_s": self._walk.delay_s if finished else float("inf"),
            "fallback_s": self.fallback_s,
            "plan": Plan.from_walk(self._walk).steps_as_data() if finished else [],
        }


def _scale(instance: Instance, shortest_s: float) -> tuple[Scale, float]:
    """What times are measured against, and what failing costs."""
    tables = instance.tables
    to_go = cost_to_go(tables).arrival
    least_s = float(to_go[tables.source, 0, 0])
    if not np.isfinite(max(least_s, shortest_s)):
        raise NoPlanError(f"no plan exists: {instance.problem.destination!r} is out of reach within memory")
    reference_s = makespan_s(least_s, shortest_s, tables.micro_batches)
    scale = Scale(reference_s, to_go.min(axis=1), prefix_s(tables))
    return scale, FALLBACK_FACTOR * tables.micro_batches * least_s


def _at_least(needed: int, asked: int | None, name: str) -> int:
    if asked is not None and (isinstance(asked, bool) or not isinstance(asked, int)):
        raise InputError(name, "", f"is {asked!r}, not a whole number")
    if asked is not None and asked < needed:
        raise InputError(name, "", f"is {asked}, but {needed} are needed")
    return needed if asked is None else asked
