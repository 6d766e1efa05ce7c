"""How many steps environments take per second, next to CartPole stepped in the same run.

Every repeat measures every case and CartPole, so that what else the machine does weighs on all alike;
a case's ratio is the median over the repeats. Actions are chosen outside the timed part.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

import gymnasium as gym
import numpy as np
from sb3_contrib import MaskablePPO

import satllm_env  # noqa: F401  registers SatLLMSplit-v0
from agents.vector_env import SB3VectorEnv

WARM_STEPS = 200
"""Vector steps before the first that is timed, so that the episodes do not all begin together."""

SCALAR_WALKS = 8
TRAINING_ROLLOUT, TRAINING_BATCH, TRAINING_EPOCHS = 64, 4096, 4
"""Steps per environment and rollout, samples per mini-batch, passes over each rollout."""

Measure = Callable[[], float]
"""Does a repeat's work and gives steps per second."""


@dataclass(frozen=True)
class Case:
    """Something that is stepped."""

    name: str
    about: str
    prepare: Callable[[str, int], Measure]
    """Takes the scenario, and steps per repeat."""
    target: float | None = None
    """Ratio to CartPole that it should reach, None where nothing is promised."""


@dataclass(frozen=True)
class Speed:
    """How fast a case is."""

    case: Case
    steps_per_s: float
    """Median."""
    ratio: float
    """Median over the repeats of its rate over CartPole's."""


def measure(
    cases: tuple[Case, ...], scenario: str, steps: int, repeats: int, tick: Callable[[str], None]
) -> Iterator[Speed]:
    """Measure cases, repeat by repeat.

    Args:
        cases: what is measured.
        scenario: of the requests.
        steps: environment steps per case and repeat.
        repeats: number of repeats.
        tick: called with a case's name before it is measured or made ready.
    """
    ready: list[Measure] = []
    for case in cases:
        tick(case.name)
        ready.append(case.prepare(scenario, steps))
    cartpole = _cartpole("", steps)
    cartpole()
    rates, ratios = np.zeros((repeats, len(cases))), np.zeros((repeats, len(cases)))
    for repeat in range(repeats):
        for column, (case, work) in enumerate(zip(cases, ready, strict=True)):
            tick(case.name)
            yardstick = cartpole()
            rates[repeat, column] = work()
            # what disturbs the machine comes and goes: the yardstick is taken before and after
            ratios[repeat, column] = rates[repeat, column] / ((yardstick + cartpole()) / 2.0)
    for column, case in enumerate(cases):
        yield Speed(case, median(rates[:, column].tolist()), median(ratios[:, column].tolist()))


def _cartpole(_: str, steps: int) -> Measure:
    """CartPole-v1 through ``gym.make``, resets included."""
    env = gym.make("CartPole-v1")
    actions = np.random.default_rng(0).integers(2, size=min(steps, 5000)).tolist()

    def work() -> float:
        env.reset(seed=0)
        begin = time.perf_counter()
        for action in actions:
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()
        return len(actions) / (time.perf_counter() - begin)

    return work


def _cartpole_vector(num_envs: int) -> Callable[[str, int], Measure]:
    def prepare(_: str, steps: int) -> Measure:
        env = gym.make_vec("CartPole-v1", num_envs=num_envs, vectorization_mode="vector_entry_point")
        env.reset(seed=0)
        actions = np.random.default_rng(0).integers(2, size=(max(1, steps // num_envs), num_envs))

        def work() -> float:
            begin = time.perf_counter()
            for chosen in actions:
                env.step(chosen)
            return actions.size / (time.perf_counter() - begin)

        return work

    return prepare


def _scalar(resets: bool) -> Callable[[str, int], Measure]:
    """Walks of recorded actions, whose resets draw another request each and are timed or not."""

    def prepare(scenario: str, steps: int) -> Measure:
        env = gym.make("SatLLMSplit-v0", scenario=scenario)
        walks = [_recorded(env, seed) for seed in range(SCALAR_WALKS)]

        def work() -> float:
            spent, done, seed = 0.0, 0, 0
            while done < steps // 20:
                begin = time.perf_counter()
                env.reset(seed=seed)
                begin = begin if resets else time.perf_counter()
                for action in walks[seed]:
                    env.step(action)
                spent += time.perf_counter() - begin
                done, seed = done + len(walks[seed]), (seed + 1) % len(walks)
            return done / spent

        return work

    return prepare


def _recorded(env: gym.Env[Any, Any], seed: int) -> list[int]:
    """Random legal actions from a request to the end of its walk."""
    rng = np.random.default_rng(seed)
    _, info = env.reset(seed=seed)
    actions, over = [], False
    while not over:
        actions.append(int(rng.choice(np.flatnonzero(info["action_mask"]))))
        _, _, over, _, info = env.step(actions[-1])
    return actions


def _vector(
    num_envs: int, warm_steps: int = WARM_STEPS, share: int = 1, only: str | None = None, **arguments: Any
) -> Callable[[str, int], Measure]:
    """Random legal walks; a `share`-th of the steps, of the scenario `only` where one is given."""

    def prepare(scenario: str, steps: int) -> Measure:
        env = gym.make_vec(
            "SatLLMSplit-v0",
            num_envs=num_envs,
            scenario=only or scenario,
            autoreset_mode="SameStep",
            **arguments,
        )
        env.reset(seed=0)
        env.action_space.seed(0)
        for _ in range(warm_steps):
            env.step(env.action_space.sample())

        def work() -> float:
            rounds, spent = max(1, steps // share // num_envs), 0.0
            for _ in range(rounds):
                legal = env.action_space.sample()
                begin = time.perf_counter()
                env.step(legal)
                spent += time.perf_counter() - begin
            return rounds * num_envs / spent

        return work

    return prepare


def _looking(**arguments: Any) -> Callable[[str, int], Measure]:
    """256 walks with look-ahead, which takes fewer steps to measure and to spread."""
    return _vector(256, warm_steps=60, share=10, observation="lookahead", pool_size=64, **arguments)


def _training(num_envs: int) -> Callable[[str, int], Measure]:
    def prepare(scenario: str, _: int) -> Measure:
        env = gym.make_vec(
            "SatLLMSplit-v0",
            num_envs=num_envs,
            scenario=scenario,
            reward_unit="reference",
            autoreset_mode="SameStep",
        )
        model = MaskablePPO(
            "MlpPolicy",
            SB3VectorEnv(env),
            n_steps=TRAINING_ROLLOUT,
            batch_size=TRAINING_BATCH,
            n_epochs=TRAINING_EPOCHS,
            gamma=1.0,
            seed=0,
            device="cpu",
        )
        model.learn(num_envs * TRAINING_ROLLOUT)

        def work() -> float:
            begin = time.perf_counter()
            model.learn(num_envs * TRAINING_ROLLOUT, reset_num_timesteps=False)
            return num_envs * TRAINING_ROLLOUT / (time.perf_counter() - begin)

        return work

    return prepare


CASES = (
    Case("scalar", "`gym.make`, steps alone", _scalar(resets=False), 0.3),
    Case("scalar, with resets", "draws a request at each", _scalar(resets=True)),
    Case("vector, 64", "`gym.make_vec`, resets, masks and observations included", _vector(64), 5.0),
    Case("vector, 1,024", "the same", _vector(1024), 25.0),
    Case("vector, 1,024, 2 threads", "the same", _vector(1024, num_threads=2)),
    Case("look-ahead, 256", '`observation="lookahead"`', _looking()),
    Case("look-ahead, 256, 2 threads", "the same", _looking(num_threads=2)),
    Case("look-ahead, 256, walker-dense", "the same on one thread", _looking(only="walker-dense")),
    Case("MaskablePPO, 256", "training steps, on one core", _training(256), 0.2),
    Case("CartPole vector, 64", "Gymnasium's own, for comparison", _cartpole_vector(64)),
    Case("CartPole vector, 1,024", "the same", _cartpole_vector(1024)),
)
