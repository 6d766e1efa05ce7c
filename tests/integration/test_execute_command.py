"""scripts/execute.py by its contract."""

import json
import os
from pathlib import Path

import pytest

from satllm_env.problem import dump_problem, load_problem
from satllm_env.problem.schema import Layer, Level, Link, Model, Node, Problem
from tests.integration.command import ROOT, Done, command

run = command("execute.py")
PROCESSES = pytest.mark.skipif(
    "SATLLM_TESTBED" not in os.environ, reason="starts processes that keep time: set SATLLM_TESTBED=1"
)
RING = ROOT / "tests" / "data" / "problems" / "tiny-ring.json"
KEYS = {
    "predicted_delay_s",
    "measured_delay_s",
    "error_pct",
    "output_max_abs_diff",
    "accuracy_drop",
    "bytes_sent",
    "stages",
}


@pytest.fixture
def request_file(tmp_path: Path) -> Path:
    """Two satellites that hold half of the shipped network each, a third as a spare, and the ground."""
    layer = Layer(name="block", flops=1.0, weight_bytes=1.0, activation_bytes=65536.0)
    ids = ("a", "b", "c")
    nodes = [Node(id=name, kind="satellite", layer_s=(0.002,) * 12, memory_bytes=6.0) for name in ids]
    pairs = (("a", "b"), ("a", "c"), ("b", "ground"), ("c", "ground"))
    links = [
        Link(source=x, target=y, rate_bps=1e8 if "b" in (x, y) else 5e7, latency_s=0.003) for x, y in pairs
    ]
    problem = Problem(
        model=Model(name="landcover-vit", input_bytes=24576.0, result_bytes=80.0, layers=(layer,) * 12),
        nodes=(*nodes, Node(id="ground", kind="ground")),
        links=tuple(links),
        source="a",
        destination="ground",
        ground_may_compute=False,
        compression=(Level(name="none", ratio=1.0, loss=0.0),),
        accuracy_budget=0.0,
        micro_batches=4,
    )
    path = tmp_path / "request.json"
    path.write_text(dump_problem(problem))
    return path


def assert_one_line(done: Done, *words: str) -> None:
    """Exit 2, nothing on stdout, one line on stderr with some words in it."""
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    for word in words:
        assert word in done.stderr


@PROCESSES
def test_a_plan_is_run_and_replanned(request_file: Path, tmp_path: Path) -> None:
    """A satellite dies in the batch; the others finish it, with the unsplit network's outputs."""
    trace, gantt = tmp_path / "trace.json", tmp_path / "gantt.png"
    done = run(
        "--problem", request_file, "--inputs", "2", "--items", "8", "--repeats", "1", "--patience", "60",
        "--fault", "kill:b@1", "--replan", "--trace", trace, "--gantt", gantt, "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert set(data) >= KEYS
    assert data["output_max_abs_diff"] <= 1e-5
    assert data["accuracy_drop"] is None
    assert [stage["node"] for stage in data["stages"]] == ["a", "c"]
    assert len(data["replans"]) == 1
    assert "SIGKILL" in data["replans"][0]
    assert data["measured_delay_s"] >= data["predicted_delay_s"] * (1 - 1e-6)
    assert json.loads(trace.read_text())["traceEvents"]
    assert gantt.read_bytes().startswith(b"\x89PNG")


@PROCESSES
def test_a_broken_run_is_one_line(request_file: Path) -> None:
    """Without --replan a corrupted payload ends the run: exit 1, the link named, nothing on stdout."""
    done = run(
        "--problem", request_file, "--inputs", "2", "--items", "8", "--repeats", "1", "--patience", "60",
        "--fault", "corrupt:a>b", "--json",
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == ""
    assert "link a to b" in done.stderr


def test_other_layers_than_blocks() -> None:
    """A problem of another model than the network is bad input."""
    done = run("--problem", RING)
    assert done.returncode == 2
    layers = len(load_problem(RING).model.layers)
    assert f"model.layers: are {layers}, the network 'landcover-vit' has 12 blocks" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ("--problem, --scenario, --collect", "give one")),
        (("--scenario", "paper", "--inputs", "0"), ("--inputs", "at least 1")),
        (("--scenario", "paper", "--patience", "-1"), ("--patience",)),
        (("--scenario", "paper", "--random-init"), ("--random-init", "FOLDER")),
        (("--scenario", "paper", "--plan", "x.json"), ("--plan", "--problem")),
        (("--scenario", "paper", "--net", "nowhere"), ("nowhere",)),
    ],
)
def test_bad_input(arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    """Bad flags are one line that names them."""
    assert_one_line(run(*arguments), *words)
