"""Random plans to try the delay model on: chains of satellites, of every length, level and rate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from satllm_env.problem import Instance, Plan, Problem, evaluate
from satllm_env.problem.plan import ComputeStep, SendStep, Step
from satllm_env.problem.schema import Level, Link, Node
from satllm_env.testbed.measure import Measured
from satllm_env.testbed.problem_of import model_of

STAGES = (2, 3, 4, 5)
MICRO_BATCHES = (1, 2, 4, 8, 16, 32)
SLOW_DOWNS = (4.0, 6.0, 10.0)
"""[1] of a satellite's processor against a core of this machine."""
RATE_BPS = (1e7, 1e8)
LATENCY_S = (0.002, 0.013)
GROUND = "ground"


def random_plans(
    measured: Measured, levels: Sequence[Level], count: int, seed: int, stages: Sequence[int] = STAGES
) -> Iterator[Plan]:
    """Plans whose stages and micro-batches go through all that there are, the rest drawn.

    The payload passes a chain of satellites to the ground; between two stages it may pass a relay, and each
    cut is sent at one of the levels.

    Args:
        measured: the network.
        levels: `none` first.
        count: how many plans.
        seed: of the draws.
        stages: numbers of stages that there are.
    """
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        batch, which = divmod(number, len(stages))
        micro_batches = MICRO_BATCHES[(batch + which) % len(MICRO_BATCHES)]
        yield _plan(rng, measured, levels, stages[which], micro_batches)


def _plan(
    rng: np.random.Generator, measured: Measured, levels: Sequence[Level], stages: int, micro_batches: int
) -> Plan:
    relays = rng.random(stages) < 0.25
    way = [name for n in range(stages) for name in ([f"sat-{n}"] + ([f"relay-{n}"] if relays[n] else []))]
    problem = _problem(rng, measured, levels, [*way, GROUND], micro_batches)
    num_layers = len(measured.layer_s)
    inner = rng.choice(np.arange(1, num_layers), stages - 1, replace=False)
    cuts = [0, *sorted(int(cut) for cut in inner), num_layers]
    steps: list[Step] = []
    stage, level = -1, 0
    for place, node in enumerate(way):
        if node.startswith("sat"):
            stage += 1
            steps.append(ComputeStep(node=node, first_layer=cuts[stage], last_layer=cuts[stage + 1] - 1))
            level = 0 if stage == stages - 1 else int(rng.integers(len(levels)))
        target = [*way, GROUND][place + 1]
        steps.append(SendStep(source=node, target=target, boundary=cuts[stage + 1], level=levels[level].name))
    return evaluate(Instance.from_problem(problem), steps)


def _problem(
    rng: np.random.Generator,
    measured: Measured,
    levels: Sequence[Level],
    way: Sequence[str],
    micro_batches: int,
) -> Problem:
    slow_downs = rng.choice(SLOW_DOWNS, len(way))
    links = [
        Link(
            source=source,
            target=target,
            rate_bps=float(np.exp(rng.uniform(*np.log(RATE_BPS)))),
            latency_s=float(rng.uniform(*LATENCY_S)),
        )
        for source, target in pairwise(way)
    ]
    return Problem(
        model=model_of(measured),
        nodes=tuple(_node(name, float(slow), measured) for name, slow in zip(way, slow_downs, strict=True)),
        links=tuple(links),
        source=way[0],
        destination=way[-1],
        ground_may_compute=False,
        compression=tuple(levels),
        accuracy_budget=1e6,
        micro_batches=micro_batches,
    )


def _node(name: str, slow_down: float, measured: Measured) -> Node:
    if not name.startswith("sat"):
        return Node(id=name, kind="ground" if name == GROUND else "satellite")
    layer_s = tuple(slow_down * seconds for seconds in measured.layer_s)
    return Node(id=name, kind="satellite", layer_s=layer_s, codec_speed=1 / slow_down)
