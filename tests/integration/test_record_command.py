"""scripts/record.py by its contract."""

import json
from pathlib import Path

import pytest
from PIL import Image

from planners import solve
from satllm_env.problem import Instance, evaluate, load_problem, parse_steps
from tests.integration.command import ROOT, Done, command

run = command("record.py")
DATA = ROOT / "tests" / "data" / "problems"
RING = DATA / "tiny-ring.json"
SMALL = ("--width", "800", "--height", "560")


def refused(done: Done, *words: str) -> None:
    """Exit 2, nothing on stdout, one line on stderr with some words in it."""
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert all(word in done.stderr for word in words), done.stderr


def test_gif(tmp_path: Path) -> None:
    """A GIF with a frame per move of the optimal plan, the last one held, and an object that says so."""
    out = tmp_path / "episode.gif"
    done = run("--problem", RING, "--out", out, "--fps", "5", "--hold", "2", *SMALL, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    data = json.loads(done.stdout)
    plan = solve(load_problem(RING)).plan
    assert plan is not None
    assert data["delay_s"] == plan.delay_s and data["status"] == "optimal"
    steps = parse_steps(data["steps"])
    assert evaluate(Instance.from_problem(load_problem(RING)), steps).delay_s == plan.delay_s
    moves = sum(step.last_layer - step.first_layer if step.action == "compute" else 0 for step in steps)
    with Image.open(out) as film:
        assert film.size == (800, 560)
        assert getattr(film, "n_frames", 0) == data["frames"] == 1 + len(steps) + moves
        assert film.info["duration"] == 200
        film.seek(data["frames"] - 1)
        assert film.info["duration"] == 2000
    assert data["file"] == str(out) and data["bytes"] == out.stat().st_size


def test_scenario_and_policy(tmp_path: Path) -> None:
    """A request of a scenario, walked by a baseline, in words."""
    out = tmp_path / "deep" / "episode.gif"
    done = run("--scenario", "paper-ground", "--policy", "ground-only", "--out", out, *SMALL)
    assert done.returncode == 0, done.stderr
    assert out.exists()
    assert done.stdout.count("\n") == 1
    assert "ground-only, feasible" in done.stdout and "frames" in done.stdout


def test_mp4(tmp_path: Path) -> None:
    """The suffix decides the form."""
    pytest.importorskip("imageio_ffmpeg")
    out = tmp_path / "episode.mp4"
    done = run("--problem", RING, "--out", out, "--policy", "greedy", *SMALL)
    assert done.returncode == 0, done.stderr
    assert out.read_bytes()[4:8] == b"ftyp"


def test_no_plan(tmp_path: Path) -> None:
    """Exit 3 and no file where there is no plan to record."""
    out = tmp_path / "episode.gif"
    done = run("--problem", DATA / "no-plan.json", "--out", out)
    assert done.returncode == 3
    assert done.stderr.startswith("astar has no plan to record: ")
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["--problem", "--scenario"]),
        (["--problem", RING, "--scenario", "paper"], ["--problem", "--scenario"]),
        (["--problem", "absent.json"], ["absent.json", "cannot be read"]),
        (["--scenario", "nowhere"], ["nowhere"]),
        (["--scenario", "paper", "--seed", "-1"], ["--seed"]),
        (["--problem", RING, "--policy", "magic"], ["--policy", "magic", "astar"]),
        (["--problem", RING, "--out", "episode.avi"], ["--out", ".gif or .mp4", ".avi"]),
        (["--problem", RING, "--fps", "0"], ["--fps"]),
        (["--problem", RING, "--hold", "-1"], ["--hold"]),
        (["--problem", RING, "--width", "10"], ["--width", "800"]),
        (["--problem", RING, "--deadline", "-1"], ["deadline"]),
    ],
)
def test_bad_input(arguments: list[str | Path], words: list[str], tmp_path: Path) -> None:
    """Exit 2 with one line that names the fault, and no file."""
    out = [] if "--out" in arguments else ["--out", tmp_path / "episode.gif"]
    refused(run(*arguments, *out), *words)
    assert list(tmp_path.iterdir()) == []
