"""`SatLLMStream-v0`: requests that arrive over time, each walked on servers that are still busy."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from satllm_env.envs.arguments import OnIllegal, check_render_mode
from satllm_env.envs.split import SatLLMSplitEnv
from satllm_env.envs.stream_observation import StreamLayout, Surroundings, observe_stream
from satllm_env.envs.terrain import terrain_of
from satllm_env.errors import InputError, NoPlanError
from satllm_env.problem import Instance, Plan, Problem, Walk
from satllm_env.problem.instance import Bools
from satllm_env.problem.plan import Step
from satllm_env.scenarios import Scenario
from satllm_env.stream.arrivals import Kind, arrivals_of
from satllm_env.stream.outcome import Outcome
from satllm_env.stream.pricing import Pricing
from satllm_env.stream.stream import Request, Stream, check_limits
from satllm_env.stream.worlds import FixedWorld, OrbitWorld, World, world_of

SEEDS = 2**63
"""Seeds of streams are below this."""

EPISODES = 100
"""Episodes without a request that can be served, after which there is taken to be none."""


class SatLLMStreamEnv(gym.Env[NDArray[Any], np.int64]):
    """Serve requests that arrive over an orbit, each planned when it arrives on servers that are still busy.

    ## Description

    A constellation is in service. Requests arrive one after the other; each is a split problem on the links
    of the moment, and is walked move by move as in `SatLLMSplit-v0`, in no time on the stream's clock. When
    its walk reaches the ground, the plan is admitted: a discrete-event core sends its micro-batches through
    processors and links that still work on earlier requests. **Earlier requests go first** at every server
    (preemptive resume): so a request's delay is known when it is admitted, and nothing that comes later
    changes it. With one request, no backlog and links that do not fail it is exactly the static delay,
    ``Σ (busy times + latencies) + (M − 1) · max(busy times)``.

    Between requests links change with the orbit, fail and recover; a link that fails under way keeps its
    payload until it carries again. In eclipse, and with a low battery, satellites compute in lower modes, as
    the scenario says; what is computed draws on the batteries. What holds when a request is admitted holds
    for it to its end: rates, latencies, modes, and which satellites see each other.

    ## Action Space

    ``Discrete(1 + D·Q)`` and its masks are those of `SatLLMSplit-v0`, for the request at hand:

    | action | move |
    |---|---|
    | 0 | compute the next layer here (decoding first, if it is the stage's first) |
    | 1 + d·Q + q | send the payload over slot d at level q (encoding first, if a stage ends) |

    ## Observation Space

    ``Box(0, 1, (23 + 12·D + 4·Q,), float32)``: the entries of `SatLLMSplit-v0`, then those below, where
    B = 15 + 8·D + 4·Q. What has a unit u is entered as ``x / (x + u)``; T is the request's reference delay
    [s] (``info["reference_s"]``).

    | entries | of | meaning | unit |
    |---|---|---|---|
    | 0 … B − 1 | walk | as `SatLLMSplit-v0` observes it | |
    | B | node | work left at its processor | T |
    | B + 1 | node | charge of its battery, 1 without one | share of the battery |
    | B + 2 | node | in the Sun | 0 or 1 |
    | B + 3 | deadline | time left after the delay so far, 1 without one | share of the deadline |
    | B + 4 | deadline | the deadline, 1 without one | T |
    | B + 5 | backlog | work left at all processors and links within reach | T |
    | B + 6 | arrivals | time since the last one | mean gap |
    | B + 7 | episode | what is over | share of its requests or span |
    | B + 8 + 4·d | slot d | work left at the link | T |
    | B + 9 + 4·d | slot d | work left at the processor of its end | T |
    | B + 10 + 4·d | slot d | charge of the battery of its end | share of the battery |
    | B + 11 + 4·d | slot d | its end is in the Sun | 0 or 1 |

    ## Rewards

    Each move pays minus the increase of the static delay that it causes, in seconds; the move that ends a
    walk pays the wait for busy servers as well, and `miss_penalty_s` where the delay is longer than the
    request's deadline, ``deadline_factor · T``. So the rewards of a request add up to minus its delay (and
    penalty), and the undiscounted return to minus the sum over all requests.

    A walk that fails (a dead end, or an illegal action under ``on_illegal="penalty"``) pays
    ``−fallback_s`` in all, as in `SatLLMSplit-v0`, and misses its deadline; nothing is booked, and the next
    request follows.

    ## Starting State

    `reset` draws with the environment's own generator the moment of the first request, what satellites are
    like, what will fail, and all arrivals. Servers are idle, batteries full. Arrivals and requests do not
    hang on actions. Arrivals that nothing could serve (no contact, no memory) are passed over and counted
    (``info["unserved"]``).

    ## Episode End

    1. Termination: `num_requests` requests have been walked.
    2. Termination: the next request would arrive more than `span_s` after the first.

    After the last move of every request ``info["outcome"]`` holds what has become of it (`Outcome.as_data`).

    ## Arguments

    | argument | default | meaning |
    |---|---|---|
    | `scenario` | `"busy-ring"` | name or TOML file of a scenario |
    | `problem` | `None` | problem file (or `Problem`) in place of a scenario: every request is this one |
    | `arrivals` | `"bursty"` | or `"poisson"` |
    | `rate_per_min` | `1.5` | [1/min] requests in the long run |
    | `burst_factor` | `20.0` | [1] the rate in a burst against `rate_per_min` |
    | `burst_share` | `0.04` | [1] share of time in bursts |
    | `burst_s` | `20.0` | [s] mean length of a burst |
    | `num_requests` | `30` | requests of an episode at most, `None` for no limit |
    | `span_s` | `5700.0` | [s] from the first to the last arrival at most (an orbit), `None` for no limit |
    | `deadline_factor` | `3.0` | [1] deadline against T, `None` for no deadlines |
    | `miss_penalty_s` | `5.0` | [s] charged for a missed deadline |
    | `on_illegal` | `"raise"` | or `"penalty"`: an action that breaks a rule fails the request at hand |
    | `num_slots`, `num_levels` | the scenario's | pad the action space, so that one policy serves several |
    | `render_mode` | `None` | `"ansi"` or `"rgb_array"` |

    ## Vectorized environment

    ``gym.make_vec("SatLLMStream-v0", num_envs=…)`` steps copies of this class in turn, or in processes.

    ## Example

    >>> import gymnasium as gym
    >>> import satllm_env
    >>> from planners import solve
    >>> env = gym.make("SatLLMStream-v0", num_requests=5, arrivals="poisson", rate_per_min=60.0)
    >>> observation, info = env.reset(seed=0)
    >>> env.action_space, env.observation_space.shape, info["number"], info["arrival_s"]
    (Discrete(46), (119,), 0, 0.0)

    Each request's optimum on the links of its arrival, the backlog left aside: the return is minus the sum of
    what the requests cost.

    >>> total, terminated = 0.0, False
    >>> while not terminated:
    ...     plan = solve(env.unwrapped.instance).plan
    ...     for action in env.unwrapped.actions_of(plan.steps):
    ...         observation, reward, terminated, truncated, info = env.step(action)
    ...         total += reward
    >>> outcomes = env.unwrapped.outcomes
    >>> len(outcomes), abs(total + sum(outcome.cost_s for outcome in outcomes)) < 1e-9
    (5, True)

    ## Version History

    * v0: first version.
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi", "rgb_array"], "render_fps": 4}  # noqa: RUF012

    def __init__(
        self,
        scenario: str | Path | Scenario = "busy-ring",
        problem: str | Path | Problem | None = None,
        arrivals: Kind = "bursty",
        rate_per_min: float = 1.5,
        burst_factor: float = 20.0,
        burst_share: float = 0.04,
        burst_s: float = 20.0,
        num_requests: int | None = 30,
        span_s: float | None = 5700.0,
        deadline_factor: float | None = 3.0,
        miss_penalty_s: float = 5.0,
        on_illegal: OnIllegal = "raise",
        num_slots: int | None = None,
        num_levels: int | None = None,
        render_mode: str | None = None,
    ) -> None:
        check_render_mode(render_mode, self.metadata["render_modes"])
        check_limits(num_requests, span_s)
        self.pricing = Pricing(deadline_factor, miss_penalty_s)
        self.arrivals = arrivals_of(arrivals, rate_per_min, burst_factor, burst_share, burst_s)
        self.world = world_of(scenario, problem)
        self.num_requests, self.span_s = num_requests, span_s
        self.render_mode = render_mode
        self._walker = SatLLMSplitEnv(
            **_instances_of(self.world), on_illegal=on_illegal, num_slots=num_slots, num_levels=num_levels
        )
        self.layout = StreamLayout(self._walker.layout)
        self.action_space = self._walker.action_space
        self.observation_space = self.layout.space
        self._stream: Stream | None = None
        self._request: Request | None = None
        self._outcomes: list[Outcome] = []

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Begin a stream, with its first request at its source.

        Args:
            seed: restarts the environment's generator.
            options: there are none.

        Raises:
            InputError: an option, or a scenario whose requests cannot be served.
            NoPlanError: the problem has no plan.
        """
        super().reset(seed=seed)
        if options:
            raise InputError(
                "options", str(min(options, key=str)), "is not an option of reset; it takes none"
            )
        self._stream, self._request, self._outcomes = None, None, []
        for _ in range(EPISODES):
            stream = self._new_stream()
            walked = self._next_walk(stream)
            if walked is not None:
                self._stream = stream
                return self._observe(walked[0]), self._info(walked[1])
        raise InputError("span_s", "", f"no request could be served in any of {EPISODES} episodes of it")

    def step(self, action: np.int64 | int) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Make one move of the request at hand; see the class for rewards and ends.

        Raises:
            InputError: the action is no whole number, or illegal under ``on_illegal="raise"``; all stands as
                before.
            ResetNeeded: the stream is over, or none has begun.
        """
        if self._stream is None or self._request is None:
            raise gym.error.ResetNeeded("call reset() before step()")
        observation, reward, over, _, info = self._walker.step(action)
        if not over:
            return self._observe(observation), reward, False, False, self._info(info)
        outcome = self._settle(self._stream, info)
        self._outcomes.append(outcome)
        if outcome.served:
            reward -= outcome.charged_s - outcome.static_s
        reward -= outcome.penalty_s
        last = self._observe(observation), self._info(info)
        walked = self._next_walk(self._stream)
        if walked is not None:
            return self._observe(walked[0]), reward, False, False, self._info(walked[1], outcome)
        ending = last[1] | {"outcome": outcome.as_data()}
        return last[0], reward, True, False, ending

    def action_masks(self) -> Bools:
        """(1 + D·Q,) the mask, as sb3-contrib asks for it; action 0 alone once the stream is over."""
        if self._request is None:
            self._check_reset()
            return np.asarray(np.arange(self._walker.layout.num_actions) == 0, np.bool_)
        return self._walker.action_masks()

    def actions_of(self, steps: list[dict[str, Any]] | tuple[Step, ...]) -> list[int]:
        """Turn a plan's steps into actions that walk the request at hand by it.

        Raises:
            InputError: the steps break the form or name what the problem does not have.
        """
        return self._walker.actions_of(steps)

    def render(self) -> str | NDArray[np.uint8] | None:
        """The stream and the walk at hand as text, or the stream so far as a picture, by `render_mode`.

        Raises:
            ResetNeeded: no stream has begun.
        """
        if self.render_mode is None:
            return None
        # drawing libraries are imported only by those who draw
        from satllm_env.figures.canvas import to_pixels
        from satllm_env.figures.stream import stream_figure
        from satllm_env.figures.stream_text import stream_text

        stream = self.stream
        if self.render_mode == "ansi":
            return stream_text(stream.servers, self._outcomes, self._request, self._walker.walk)
        return to_pixels(stream_figure(self._outcomes, stream.servers.now_s))

    @property
    def stream(self) -> Stream:
        """The stream, with the servers and what is booked of them."""
        self._check_reset()
        assert self._stream is not None
        return self._stream

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What has become of the requests so far."""
        return tuple(self._outcomes)

    @property
    def instance(self) -> Instance:
        """The instance of the request at hand."""
        return self._walker.instance

    @property
    def walk(self) -> Walk:
        """The walk of the request at hand."""
        return self._walker.walk

    def _check_reset(self) -> None:
        if self._stream is None:
            raise gym.error.ResetNeeded("call reset() first")

    def reference_of(self, instance: Instance) -> float:
        """[s] the reference delay of a request's instance, from which its deadline follows."""
        return terrain_of(instance, self.layout.walk).reference_s

    def _new_stream(self) -> Stream:
        seed = int(self.np_random.integers(SEEDS))
        return Stream(self.world, self.arrivals, seed, self.num_requests, self.span_s)

    def _next_walk(self, stream: Stream) -> tuple[NDArray[np.float32], dict[str, Any]] | None:
        """Go on to the next request that can be walked and place its payload; None at the end."""
        before_s = stream.servers.now_s
        while (request := stream.next()) is not None:
            try:
                observation, info = self._walker.reset(options={"problem": request.sample})
            except NoPlanError:
                if isinstance(self.world, FixedWorld):
                    raise
                stream.pass_over()
                continue
            self._request = request
            self._around = self._surroundings(stream, request, request.arrival_s - before_s)
            return observation, info
        self._request = None
        return None

    def _surroundings(self, stream: Stream, request: Request, gap_s: float) -> Surroundings:
        nodes_s, links_s = stream.servers.backlog_s(request.instance)
        shares = [0.0]
        if self.num_requests is not None:
            shares.append(request.number / self.num_requests)
        if self.span_s:
            shares.append(request.arrival_s / self.span_s)
        return Surroundings(
            tables=request.instance.tables,
            slots=self._walker.slots,
            node_backlog_s=nodes_s,
            link_backlog_s=links_s,
            charge=request.charge,
            sunlit=request.sunlit,
            reference_s=self._walker.reference_s,
            deadline_s=math.inf if self._deadline_s is None else self._deadline_s,
            since_last=gap_s * self.arrivals.rate_per_min / 60.0,
            progress=max(shares),
        )

    @property
    def _deadline_s(self) -> float | None:
        """[s] of the request at hand, after its arrival."""
        return self.pricing.deadline_s(self._walker.reference_s)

    def _settle(self, stream: Stream, info: dict[str, Any]) -> Outcome:
        """Admit the plan of a walk that is over, or put down why there is none."""
        request, reference_s = stream.current, self._walker.reference_s
        served, failure = None, info["illegal_move"] or "dead end"
        if info["is_success"]:
            served, failure = stream.admit(Plan.from_walk(self._walker.walk)), None
        charged_s = info["fallback_s"] if served is None else served.admission.delay_s
        delay_s = math.inf if served is None else charged_s
        return Outcome(
            number=request.number,
            arrival_s=request.arrival_s,
            reference_s=reference_s,
            charged_s=charged_s,
            deadline_s=self._deadline_s,
            penalty_s=self.pricing.penalty_s(delay_s, reference_s),
            admission=None if served is None else served.admission,
            energy_j=None if served is None else served.energy_j,
            charge=float(request.charge.min()),
            failure=failure,
        )

    def _observe(self, walk: NDArray[np.float32]) -> NDArray[np.float32]:
        walker = self._walker.walk
        return observe_stream(self._around, walker.node, walker.delay_s, walk)

    def _info(self, info: dict[str, Any], outcome: Outcome | None = None) -> dict[str, Any]:
        """What is told of the request at hand, and of the one that has just been walked."""
        told = {
            "action_mask": info["action_mask"],
            "reference_s": info["reference_s"],
            "backlog_s": self._around.backlog_s,
            "unserved": self.stream.unserved,
        }
        if self._request is not None:
            told |= {
                "number": self._request.number,
                "arrival_s": self._request.arrival_s,
                "deadline_s": self._deadline_s,
            }
        if outcome is not None:
            told["outcome"] = outcome.as_data()
        return told


def _instances_of(world: World) -> dict[str, Any]:
    """The split environment's arguments for a world."""
    if isinstance(world, FixedWorld):
        return {"problem": world.problem}
    assert isinstance(world, OrbitWorld)
    return {"scenario": world.scenario}
