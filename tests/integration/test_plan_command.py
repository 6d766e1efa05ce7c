"""scripts/plan.py by its contract."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from planners import planner_names
from satllm_env.problem import load_problem
from tests.integration.command import ROOT, Done, command

run = command("plan.py")
DATA = ROOT / "tests" / "data" / "problems"
RING = DATA / "tiny-ring.json"
KEYS = {
    "planner",
    "status",
    "delay_s",
    "sum_s",
    "bottleneck_s",
    "accuracy_loss",
    "isl_bytes",
    "downlink_bytes",
    "plan_time_s",
    "steps",
}


def plan_json(*arguments: str | Path) -> dict[str, Any]:
    """Run the command with --json and read what it prints."""
    done = run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert isinstance(data, dict)
    return data


def assert_one_line(done: Done, *words: str) -> None:
    """Exit 2, nothing on stdout, one line on stderr with some words in it."""
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr


def test_json_object() -> None:
    """One object with the contract's keys, the optimum and its steps."""
    data = plan_json("--problem", RING)
    assert set(data) >= KEYS
    assert data["status"] == "optimal"
    assert data["delay_s"] == pytest.approx(
        json.loads((DATA / "optima.json").read_text())[RING.name], rel=1e-9
    )
    m = load_problem(RING).micro_batches
    assert data["delay_s"] == pytest.approx(data["sum_s"] + (m - 1) * data["bottleneck_s"], rel=1e-12)
    assert {step["action"] for step in data["steps"]} == {"compute", "send"}


def test_as_a_process() -> None:
    """Started by itself it prints nothing but the object on stdout."""
    command = [sys.executable, str(ROOT / "scripts" / "plan.py"), "--problem", str(RING), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["status"] == "optimal"


def test_table() -> None:
    """By default a table for people."""
    done = run("--problem", RING)
    assert done.returncode == 0
    assert "optimal" in done.stdout
    assert "bottleneck" in done.stdout


def test_planner_list() -> None:
    """`list` names every planner."""
    done = run("--planner", "list")
    assert done.returncode == 0
    assert all(name in done.stdout for name in planner_names())


def test_no_plan() -> None:
    """Exit 3 where no plan exists, with the status in the object all the same."""
    done = run("--problem", DATA / "no-plan.json", "--json")
    assert done.returncode == 3
    data = json.loads(done.stdout)
    assert data["status"] == "infeasible"
    assert data["delay_s"] is None
    assert data["steps"] == []


def test_check_accepts_what_plan_prints(tmp_path: Path) -> None:
    """A plan's own output, or its bare steps, checks out with the same delay."""
    data = plan_json("--problem", RING)
    for name, content in (("object.json", data), ("steps.json", data["steps"])):
        path = tmp_path / name
        path.write_text(json.dumps(content))
        assert plan_json("--problem", RING, "--check", path)["delay_s"] == data["delay_s"]


def test_check_names_file_step_and_rule(tmp_path: Path) -> None:
    """A plan that uses a link twice is refused with the step and the rule."""
    steps = [
        {"action": "send", "from": "sat-0", "to": "sat-1", "boundary": 0, "level": "none"},
        {"action": "send", "from": "sat-1", "to": "sat-0", "boundary": 0, "level": "none"},
        {"action": "send", "from": "sat-0", "to": "sat-1", "boundary": 0, "level": "none"},
    ]
    path = tmp_path / "twice.json"
    path.write_text(json.dumps(steps))
    assert_one_line(run("--problem", RING, "--check", path), "twice.json", "steps[2]", "rule 1")


def test_check_without_steps(tmp_path: Path) -> None:
    """A file that is no plan is refused by name."""
    path = tmp_path / "no.json"
    path.write_text("{}")
    assert_one_line(run("--problem", RING, "--check", path), "no.json", "steps")


def test_save_problem_and_plan_it(tmp_path: Path) -> None:
    """A request drawn from a scenario is saved as a problem file that plans the same."""
    path = tmp_path / "request.json"
    drawn = plan_json(
        "--scenario", "paper", "--seed", "2", "--planner", "proportional", "--save-problem", path
    )
    again = plan_json("--problem", path, "--planner", "proportional")
    assert again["delay_s"] == drawn["delay_s"]
    assert again["steps"] == drawn["steps"]


def test_report_beside_json(tmp_path: Path) -> None:
    """A page about the plan is written, and stdout holds the one object all the same."""
    path = tmp_path / "plan.html"
    data = plan_json("--problem", RING, "--report", path)
    html = path.read_text(encoding="utf-8")
    assert data["status"] == "optimal"
    assert "proven optimal" in html
    assert "What would help most" in html
    assert f"--report {path}" in html
    assert [file.name for file in tmp_path.iterdir()] == ["plan.html"]


def test_report_of_a_request_without_plan(tmp_path: Path) -> None:
    """The page says so, and the exit code is the usual one."""
    path = tmp_path / "plan.html"
    assert run("--problem", DATA / "no-plan.json", "--report", path).returncode == 3
    assert "no plan" in path.read_text(encoding="utf-8")


def test_report_of_a_drawn_request_without_measurements(tmp_path: Path) -> None:
    """A scenario's request has a map and a seed; no time means no measurement."""
    path = tmp_path / "plan.html"
    drawn = ("--scenario", "paper", "--seed", "2", "--planner", "proportional")
    assert run(*drawn, "--report", path, "--report-deadline", "0").returncode == 0
    html = path.read_text(encoding="utf-8")
    assert 'class="land"' in html
    assert "<dt>seed</dt><dd>2</dd>" in html
    assert "What would help most" not in html


def test_report_that_cannot_be_written(tmp_path: Path) -> None:
    """Exit 2 in one line, before anything is printed."""
    assert_one_line(run("--problem", RING, "--report", tmp_path, "--report-deadline", "0"), str(tmp_path))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--problem", "absent.json"], ["absent.json", "cannot be read"]),
        ([], ["--problem", "--scenario"]),
        (["--problem", RING, "--scenario", "paper"], ["--problem", "--scenario"]),
        (["--problem", RING, "--planner", "magic"], ["magic", "astar"]),
        (["--scenario", "nowhere"], ["nowhere"]),
        (["--scenario", "paper", "--seed", "-1"], ["--seed"]),
        (["--problem", RING, "--deadline", "-1"], ["deadline"]),
        (["--problem", RING, "--report-deadline", "-1"], ["--report-deadline"]),
        (["--problem", RING, "--report-deadline", "nan"], ["--report-deadline"]),
    ],
)
def test_bad_input(arguments: list[str | Path], words: list[str]) -> None:
    """Exit 2 with one line that names the fault."""
    assert_one_line(run(*arguments), *words)


@pytest.mark.parametrize("name", ["tiny-ring.json", "ring-12x5.json", "chain-24x5.json"])
def test_certify(name: str) -> None:
    """The planner's results withstand the independent check, in words and as data."""
    data = plan_json("--problem", DATA / name, "--certify")
    assert data["certificate"]["status"] == "valid"
    assert data["certificate"]["lower_bound_s"] == pytest.approx(data["delay_s"], rel=1e-8)
    assert "certificate: valid" in run("--problem", DATA / name, "--certify").stdout


def test_certify_that_there_is_no_plan() -> None:
    """A proof that no plan exists is checked, too."""
    done = run("--problem", DATA / "no-plan.json", "--certify", "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["certificate"]["status"] == "valid"


def test_certify_needs_a_proof() -> None:
    """A planner that hands over no proof is refused in one line."""
    done = run("--problem", RING, "--planner", "greedy", "--certify")
    assert done.returncode == 2
    assert done.stderr == "--certify: 'greedy' hands over no proof; astar does\n"
