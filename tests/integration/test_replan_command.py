"""scripts/replan.py: verdict, exit codes and messages."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from planners import solve
from satllm_env.problem import Instance, evaluate, load_problem, parse_steps
from satllm_env.problem.damage import without_node
from tests.integration.command import ROOT, Done, command

run = command("replan.py")
RING = ROOT / "tests" / "data" / "problems" / "ring-12x5.json"


@pytest.fixture
def current(tmp_path: Path) -> Path:
    """The best plan of the ring: over sat-4, sat-3 and sat-2, down from sat-3."""
    plan = solve(load_problem(RING)).plan
    assert plan is not None
    path = tmp_path / "current.json"
    path.write_text(json.dumps({"steps": plan.steps_as_data()}))
    return path


def ring(current: Path, *arguments: str | Path) -> Done:
    """Run it on the ring and its best plan."""
    return run("--problem", RING, "--current", current, *arguments)


def ring_json(current: Path, *arguments: str | Path, code: int = 0) -> dict[str, Any]:
    """The same with --json; read what it prints."""
    done = ring(current, *arguments, "--json")
    assert (done.returncode, done.stderr) == (code, "")
    data = json.loads(done.stdout)
    assert isinstance(data, dict)
    return data


def test_nothing_changed(current: Path) -> None:
    """The best plan stays the best plan."""
    data = ring_json(current, "--load-rate", "inf")
    assert data["status"] == "optimal"
    assert data["switch"] is False
    assert data["saving_s"] == data["load_s"] == data["moved_bytes"] == 0.0
    assert data["cost_s"] == data["kept"]["cost_s"] == data["long_run"]["delay_s"]


def test_lost_satellite(current: Path) -> None:
    """Without a satellite of it there is another plan that keeps the rules, and what it moves is told."""
    data = ring_json(current, "--load-rate", "2e9", "--lost-node", "sat-4")
    assert data["switch"] is True
    assert data["kept"] == {
        "delay_s": None,
        "load_s": None,
        "cost_s": None,
        "fault": "the plan in force: steps[1]: unknown node 'sat-4'",
    }
    assert data["saving_s"] is None
    assert data["cost_s"] == pytest.approx(data["delay_s"] + data["load_s"])
    assert data["moved_bytes"] == sum(load["weight_bytes"] for load in data["loads"]) > 0
    instance = Instance.from_problem(without_node(load_problem(RING), "sat-4"))
    assert evaluate(instance, parse_steps(data["steps"])).delay_s == data["delay_s"]


def test_lost_links(current: Path) -> None:
    """Several things may be lost at once."""
    lost = ["--lost-link", "sat-4", "sat-3", "--lost-link", "sat-3", "sat-4", "--lost-node", "sat-1"]
    done = ring(current, "--load-rate", "2e9", *lost)
    assert done.returncode == 3
    assert done.stdout.startswith("infeasible: ")
    assert "steps[1]" not in done.stdout
    assert "there is no link from 'sat-4' to 'sat-3'" in done.stdout


def test_table(current: Path) -> None:
    """By default the verdict in words, then the new plan as plan.py prints it."""
    done = ring(current, "--load-rate", "2e9", "--lost-node", "sat-4")
    assert done.returncode == 0
    for words in ("switch (proven)", "weights to move", "in the long run", "busy [s]", "bottleneck"):
        assert words in done.stdout


def test_no_plan(current: Path) -> None:
    """Exit 3 with a clear line where the only downlink is gone."""
    done = ring(current, "--load-rate", "2e9", "--lost-link", "sat-3", "ground")
    assert (done.returncode, done.stderr) == (3, "")
    assert "infeasible: no plan exists" in done.stdout
    data = ring_json(current, "--load-rate", "2e9", "--lost-link", "sat-3", "ground", code=3)
    assert (data["status"], data["cost_s"], data["steps"]) == ("infeasible", None, [])


def test_resident(current: Path, tmp_path: Path) -> None:
    """Weights that are there already need not move; those on a lost satellite are lost with it."""
    path = tmp_path / "resident.json"
    layers = list(range(len(load_problem(RING).model.layers)))
    path.write_text(json.dumps({f"sat-{number}": layers for number in range(5)}))
    data = ring_json(current, "--load-rate", "0", "--lost-node", "sat-4", "--resident", path)
    assert data["loads"] == []
    problem = without_node(load_problem(RING), "sat-4")
    assert data["cost_s"] == pytest.approx(solve(problem).delay_s, rel=1e-9)


def test_as_a_process(current: Path) -> None:
    """Started by itself it prints nothing but the object on stdout."""
    command = [sys.executable, str(ROOT / "scripts" / "replan.py"), "--problem", str(RING)]
    command += ["--current", str(current), "--load-rate", "1e9", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["status"] == "optimal"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["--load-rate"]),
        (["--load-rate", "-1"], ["--load-rate", "at least 0"]),
        (["--load-rate", "1e9", "--lost-node", "sat-0"], ["--lost-node", "'sat-0' is the source"]),
        (["--load-rate", "1e9", "--lost-node", "sat-9"], ["--lost-node", "unknown node 'sat-9'"]),
        (["--load-rate", "1e9", "--lost-link", "sat-0", "sat-2"], ["--lost-link", "'sat-0' to 'sat-2'"]),
        (["--load-rate", "1e9", "--deadline", "-1"], ["deadline"]),
    ],
)
def test_bad_input(current: Path, arguments: list[str], words: list[str]) -> None:
    """Exit 2 with one line that names the fault."""
    assert_one_line(ring(current, *arguments), *words)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[]", ["must be an object"]),
        ('{"sat-0": 3}', ["sat-0", "list of layers"]),
        ('{"sat-0": [12]}', ["sat-0", "no layer 12"]),
        ('{"sat-0": [true]}', ["sat-0", "True is not a layer's number"]),
        ('{"sat-9": [0]}', ["sat-9", "unknown node"]),
    ],
)
def test_bad_resident_file(current: Path, tmp_path: Path, content: str, words: list[str]) -> None:
    """A wrong file of weights is refused by its name and the node."""
    path = tmp_path / "resident.json"
    path.write_text(content)
    assert_one_line(ring(current, "--load-rate", "1e9", "--resident", path), "resident.json", *words)


def test_bad_plan_file(tmp_path: Path) -> None:
    """A file that is no plan is refused by its name."""
    path = tmp_path / "no.json"
    path.write_text("{}")
    assert_one_line(run("--problem", RING, "--current", path, "--load-rate", "1"), "no.json", "steps")


def assert_one_line(done: Done, *words: str) -> None:
    """Exit 2, nothing on stdout, one line on stderr with some words in it."""
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr
