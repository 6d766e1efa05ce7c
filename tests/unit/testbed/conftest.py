"""A small network in a file, and plans of it."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from satllm_env.nets.split_net import SplitNet
from satllm_env.nets.store import DataCard, build, halved, save_net, versions
from satllm_env.nets.training import TrainingSettings
from satllm_env.nets.vit import VitConfig
from satllm_env.problem import Instance, Plan, Problem, evaluate, parse_problem
from satllm_env.problem.plan import parse_steps
from satllm_env.testbed.measure import Measured, measure_network
from satllm_env.testbed.problem_of import model_of

BATCH = 2
LAYERS = 4
PROCESSES = pytest.mark.skipif(
    "SATLLM_TESTBED" not in os.environ, reason="starts many processes: set SATLLM_TESTBED=1"
)


@pytest.fixture(scope="session")
def net_card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card of a network of four blocks with random weights."""
    config = VitConfig(classes=("a", "b", "c"), layers=LAYERS, width=16, heads=2, patch=8, image_px=16)
    path = tmp_path_factory.mktemp("net") / "small.json"
    save_net(
        halved(build(config, 3)), path, name="small", config=config, measure="accuracy_pct", test=0.0,
        data=DataCard(source="none", seed=0, train_items=1, test_items=1, test_sha256="0"),
        training=TrainingSettings(epochs=1), command="none", versions=versions(),
    )  # fmt: skip
    return path


@pytest.fixture(scope="session")
def net(net_card: Path) -> SplitNet:
    """The network."""
    from satllm_env.nets.store import load_net

    return load_net(net_card).requires_grad_(False)


@pytest.fixture(scope="session")
def inputs() -> torch.Tensor:
    """(6, B, px, px, 3) images."""
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (6, BATCH, 16, 16, 3), dtype=torch.uint8, generator=generator)


@pytest.fixture(scope="session")
def measured(net: SplitNet, inputs: torch.Tensor) -> Measured:
    """The network on this machine."""
    return measure_network(net, inputs[0], runs=1)


def chain(measured: Measured, busy_s: float = 0.01, to: str = "ground") -> Problem:
    """Satellites a, b and c and the ground in a row, and links from a to c and from b to the ground."""
    seconds = [busy_s] * len(measured.layer_s)
    nodes = [{"id": name, "kind": "satellite", "layer_s": seconds} for name in "abc"]
    pairs = (("a", "b"), ("b", "c"), ("c", "ground"), ("a", "c"), ("b", "ground"))
    return parse_problem(
        {
            "format": "satllm-split-problem/1",
            "model": model_of(measured).model_dump(mode="json"),
            "nodes": [*nodes, {"id": "ground", "kind": "ground", "flops_per_s": 1.0}],
            "links": [{"from": x, "to": y, "rate_bps": 1e7, "latency_s": 0.002} for x, y in pairs],
            "source": "a",
            "destination": to,
            "ground_may_compute": to != "ground",
            "compression": [{"name": "none", "ratio": 1.0, "loss": 0.0}],
            "accuracy_budget": 1.0,
            "micro_batches": 3,
        }
    )


def plan_over(problem: Problem, way: Sequence[str], cuts: Sequence[int]) -> Plan:
    """A plan over a way; entry n of the cuts is the boundary that node n sends."""
    steps, done = [], 0
    for node, target, cut in zip(way[:-1], way[1:], cuts, strict=True):
        if cut > done:
            steps.append({"action": "compute", "node": node, "first_layer": done, "last_layer": cut - 1})
        steps.append({"action": "send", "from": node, "to": target, "boundary": cut, "level": "none"})
        done = cut
    return evaluate(Instance.from_problem(problem), parse_steps(steps))
