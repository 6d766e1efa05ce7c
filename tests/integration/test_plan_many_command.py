"""scripts/plan_many.py: rows, exit codes and messages."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from planners import solve
from satllm_env.problem import load_problem
from satllm_env.scenarios import load_scenario
from tests.integration.command import ROOT, command

run = command("plan_many.py", COLUMNS="200")
DATA = ROOT / "tests" / "data" / "problems"
RING, FULL, NO_PLAN = (DATA / f"{name}.json" for name in ("tiny-ring", "tiny-full-ground", "no-plan"))


def test_json_object() -> None:
    """One object: a total of each kind, and per file the object of plan.py with the file's name."""
    done = run("--problems", RING, FULL, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    data = json.loads(done.stdout)
    totals = {key: data[key] for key in ("requests", "planned", "without_plan", "failed")}
    assert totals == {"requests": 2, "planned": 2, "without_plan": 0, "failed": 0}
    for row, path in zip(data["results"], (RING, FULL), strict=True):
        assert row["problem"] == str(path)
        assert row["status"] == "optimal"
        assert row["delay_s"] == solve(load_problem(path)).delay_s
        assert row["steps"]


def test_as_a_process_with_jobs() -> None:
    """Started by itself, with two jobs, it prints nothing but the object on stdout."""
    command = [sys.executable, str(ROOT / "scripts" / "plan_many.py"), "--json", "--jobs", "2"]
    command += ["--problems", str(RING), str(FULL)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert [row["status"] for row in json.loads(done.stdout)["results"]] == ["optimal", "optimal"]


def test_seeds_are_those_of_plan(tmp_path: Path) -> None:
    """Row S is what plan.py plans for seed S, also where the planner draws; --out has one row per line."""
    out = tmp_path / "results.jsonl"
    done = run("--scenario", "paper-ground", "--seeds", "2:5", "--planner", "random", "--out", out, "--json")
    assert done.returncode == 0
    rows: list[dict[str, Any]] = json.loads(done.stdout)["results"]
    assert [json.loads(line) for line in out.read_text().splitlines()] == rows
    assert [(row["scenario"], row["seed"]) for row in rows] == [("paper-ground", s) for s in (2, 3, 4)]
    for row in rows:
        problem = load_scenario("paper-ground").sample(row["seed"]).problem
        assert row["delay_s"] == solve(problem, "random", seed=row["seed"]).delay_s


def test_table_with_failures(tmp_path: Path) -> None:
    """A file at fault has its line in the table and on stderr, exit 2, and the others their rows."""
    broken = tmp_path / "[b]roken.json"
    broken.write_text('{"format": "satllm-split-problem/1"}')
    done = run("--problems", RING, broken, NO_PLAN, "absent.json")
    assert done.returncode == 2
    first, second = done.stderr.splitlines()
    assert first.startswith(f"{broken}: model: ")
    assert second.startswith("absent.json: cannot be read")
    for words in ("optimal", "infeasible", "failed: ", "4 requests: 1 with a plan, 1 without, 2 failed"):
        assert words in done.stdout


def test_failures_in_json() -> None:
    """A failure is an object with the error's class and message."""
    done = run("--problems", "absent.json", RING, "--json")
    assert done.returncode == 2
    failed, planned = json.loads(done.stdout)["results"]
    assert (failed["problem"], failed["status"], failed["error"]) == ("absent.json", "failed", "InputError")
    assert "cannot be read" in failed["message"]
    assert planned["status"] == "optimal"


def test_no_plan() -> None:
    """Exit 3 where some have no plan and none is at fault."""
    done = run("--problems", RING, NO_PLAN)
    assert (done.returncode, done.stderr) == (3, "")
    assert "infeasible" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["--problems", "--scenario"]),
        (["--problems", RING, "--scenario", "paper"], ["--problems", "--scenario"]),
        (["--problems", RING, "--seeds", "0:2"], ["--seeds", "--scenario"]),
        (["--scenario", "paper"], ["--seeds", "FROM:TO"]),
        (["--scenario", "paper", "--seeds", "3:3"], ["--seeds", "3:3"]),
        (["--scenario", "paper", "--seeds", "-1:3"], ["--seeds"]),
        (["--scenario", "nowhere", "--seeds", "0:2"], ["nowhere"]),
        (["--problems", RING, "--planner", "magic"], ["magic", "astar"]),
        (["--problems", RING, "--jobs", "0"], ["jobs", "at least 1"]),
        (["--problems", RING, "--backend", "dask"], ["dask", "loky, ray"]),
        (["--problems", RING, "--deadline", "-1"], ["deadline"]),
    ],
)
def test_bad_input(arguments: list[str | Path], words: list[str]) -> None:
    """What is wrong for all is exit 2 with one line and nothing on stdout."""
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr
