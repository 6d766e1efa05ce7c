"""Policies run over seeded streams, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from planners.solve import solve
from planners.stream.policies import StreamPolicy
from satllm_env.cli import finite_or_none
from satllm_env.envs import SatLLMStreamEnv
from satllm_env.problem.instance import Floats
from satllm_env.scenarios import Scenario
from satllm_env.stream import OrbitWorld, Outcome, Stream, World


@dataclass(frozen=True)
class RunResult:
    """What a policy has made of one or more streams."""

    policy: str
    episodes: tuple[tuple[Outcome, ...], ...]
    """Outcomes of each stream."""
    returns_s: tuple[float, ...]
    """[s] sum of the rewards of each stream."""

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Of all streams."""
        return tuple(outcome for episode in self.episodes for outcome in episode)

    @property
    def delays_s(self) -> Floats:
        """[s] of the requests that were served."""
        return np.array([outcome.delay_s for outcome in self.outcomes if outcome.served])

    @property
    def mean_delay_s(self) -> float:
        """[s] of the requests that were served, nan where none was."""
        return _mean(self.delays_s)

    @property
    def mean_cost_s(self) -> float:
        """[s] delays and penalties, failed walks at what they are charged."""
        return _mean([outcome.cost_s for outcome in self.outcomes])

    @property
    def mean_wait_s(self) -> float:
        """[s] of the delay that is due to busy servers and failed links."""
        return _mean([outcome.delay_s - outcome.static_s for outcome in self.outcomes if outcome.served])

    @property
    def p95_delay_s(self) -> float:
        """[s] 95 % of the requests served are at most this late, nan where none was."""
        return float(np.quantile(self.delays_s, 0.95)) if len(self.delays_s) else float("nan")

    @property
    def miss_rate(self) -> float:
        """[1] share of requests that have missed their deadline."""
        return _mean([outcome.missed for outcome in self.outcomes])

    @property
    def failures(self) -> int:
        """Requests whose walk has failed."""
        return sum(not outcome.served for outcome in self.outcomes)

    @property
    def mean_energy_j(self) -> float:
        """[J] that satellites spend on a request served, nan where nothing is known of it."""
        return _mean([outcome.energy_j for outcome in self.outcomes if outcome.energy_j is not None])

    def as_data(self) -> dict[str, Any]:
        """Plain data as JSON can hold it."""
        names = ("mean_delay_s", "p95_delay_s", "mean_wait_s", "mean_cost_s", "miss_rate", "mean_energy_j")
        return {
            "policy": self.policy,
            "requests": len(self.outcomes),
            "failures": self.failures,
            **{name: finite_or_none(getattr(self, name)) for name in names},
            "episodes": [[_finite(outcome.as_data()) for outcome in episode] for episode in self.episodes],
        }


def run_stream(
    env: SatLLMStreamEnv,
    policy: StreamPolicy,
    seeds: Sequence[int],
    watch: Callable[[], None] = lambda: None,
) -> RunResult:
    """Walk streams by a policy's plans, move by move in the environment.

    Where a policy has no plan, the request is walked at random among unmasked moves.

    Args:
        env: the streams.
        policy: plans each request.
        seeds: of the streams, each a reset.
        watch: called after every stream.
    """
    episodes, returns_s = [], []
    for seed in seeds:
        returns_s.append(_episode(env, policy, seed))
        episodes.append(env.outcomes)
        watch()
    return RunResult(policy.name, tuple(episodes), tuple(returns_s))


def alone_bound_s(
    env: SatLLMStreamEnv,
    seeds: Sequence[int],
    deadline_s: float | None = None,
    watch: Callable[[], None] = lambda: None,
) -> float:
    """[s] proven: no policy that serves every request of the streams has a smaller mean delay.

    Each request's optimum on the links of its arrival, as if it came alone, to idle servers and full
    batteries: backlog, outages and empty batteries only ever make it later. Where the planner runs into its
    limit, what it has proven until then counts.

    Args:
        env: the streams.
        seeds: as in `run_stream`.
        deadline_s: [s] limit of the exact planner per request.
        watch: called after every stream.
    """
    bounds_s: list[float] = []
    for seed in seeds:
        env.reset(seed=seed)
        stream = env.stream
        alone = Stream(_full(stream.world), stream.arrivals, stream.seed, stream.num_requests, stream.span_s)
        while (request := alone.next()) is not None:
            bounds_s.append(solve(request.instance, deadline_s=deadline_s).lower_bound_s)
        watch()
    return _mean(bounds_s)


def _episode(env: SatLLMStreamEnv, policy: StreamPolicy, seed: int) -> float:
    _, info = env.reset(seed=seed)
    policy.begin(env)
    rng, total_s, over = np.random.default_rng(seed), 0.0, False
    while not over:
        plan = policy.plan(env)
        actions = iter([] if plan is None else env.actions_of(plan.steps))
        number = len(env.outcomes)
        while not over and len(env.outcomes) == number:
            action = next(actions, None)
            if action is None:
                action = int(rng.choice(np.flatnonzero(info["action_mask"])))
            _, reward, over, _, info = env.step(action)
            total_s += reward
    return total_s


def _full(world: World) -> World:
    """The world whose batteries never run low."""
    if not isinstance(world, OrbitWorld):
        return world
    form = world.scenario.form
    if form.power is None or form.power.battery is None:
        return world
    power = form.power.model_copy(update={"battery": None})
    return OrbitWorld(Scenario(form.model_copy(update={"power": power}), world.scenario.source))


def _mean(values: Sequence[float] | Floats) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _finite(data: dict[str, Any]) -> dict[str, Any]:
    return {key: finite_or_none(value) if isinstance(value, float) else value for key, value in data.items()}
