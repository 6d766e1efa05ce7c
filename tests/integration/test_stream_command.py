"""scripts/stream.py by its contract."""

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.integration.command import ROOT, Done, command

run = command("stream.py")
DATA = ROOT / "tests" / "data" / "problems"
RING = DATA / "tiny-ring.json"
FEW = ("--problem", RING, "--requests", "3", "--rates", "1500", "--episodes", "1")


def refused(done: Done, *words: str) -> None:
    """Exit 2, nothing on stdout, one line on stderr with some words in it."""
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert all(word in done.stderr for word in words), done.stderr


def test_json_and_figure(tmp_path: Path) -> None:
    """One object with every policy's numbers, the bound below them, and a picture."""
    out = tmp_path / "stream.png"
    names = ("look-ahead", "snapshot-optimal", "backlog-aware", "greedy", "random")
    done = run(*FEW, "--policies", *names, "--json", "--figure", out)
    assert done.returncode == 0, done.stderr
    (load,) = json.loads(done.stdout)["loads"]
    assert load["rate_per_min"] == 1500
    costs = {row["policy"]: row["mean_cost_s"] for row in load["policies"]}
    assert list(costs) == list(names)
    assert costs["look-ahead"] == min(costs.values()) < costs["random"]
    for row in load["policies"]:
        assert row["requests"] == 3
        assert row["failures"] > 0 or row["mean_delay_s"] >= load["bound_s"] * (1 - 1e-9)
        assert len(row["episodes"][0]) == 3
    with Image.open(out) as picture:
        assert picture.width == 1320


def test_tables() -> None:
    """A row per load and policy for terminals, and the same in Markdown; the same seed prints the same."""
    arguments = ("--problem", RING, "--requests", "2", "--rates", "60", "600", "--policies", "greedy")
    done = run(*arguments, "--no-bound")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("greedy") == 2 and "bound" not in done.stdout
    page = run(*arguments, "--markdown")
    assert page.stdout.splitlines()[0].startswith("| policy | load |")
    assert page.stdout.count("bound: each alone") == 2
    assert run(*arguments, "--markdown").stdout == page.stdout


def test_no_plan() -> None:
    """Exit 3 where the problem has no plan."""
    done = run("--problem", DATA / "no-plan.json", "--requests", "1")
    assert (done.returncode, done.stdout) == (3, "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--problem", "absent.json"], ["absent.json", "cannot be read"]),
        (["--scenario", "nowhere"], ["nowhere"]),
        ([*FEW, "--policies", "magic"], ["--policies", "magic", "look-ahead"]),
        (["--problem", RING, "--rates", "-1"], ["--rates", "above 0"]),
        ([*FEW, "--burst-share", "2"], ["--burst-share"]),
        ([*FEW, "--burst-factor", "0.5"], ["--burst-factor"]),
        ([*FEW, "--span", "-1"], ["--span"]),
        (["--problem", RING, "--requests", "0"], ["--requests"]),
        ([*FEW, "--deadline-factor", "-2"], ["--deadline-factor"]),
        ([*FEW, "--miss-penalty", "-2"], ["--miss-penalty"]),
        ([*FEW, "--seed", "-1"], ["--seed"]),
        (["--problem", RING, "--episodes", "0"], ["--episodes"]),
        ([*FEW, "--deadline", "-1"], ["--deadline"]),
        ([*FEW, "--json", "--markdown"], ["--json", "--markdown"]),
        ([*FEW, "--figure", "stream.gif"], ["--figure", ".png"]),
        ([*FEW, "--arrivals", "steady"], ["--arrivals"]),
        ([*FEW, "--speed", "2"], ["--speed"]),
        (["--policies", "look-ahead", "--requests", "2"], ["power.battery"]),
    ],
)
def test_bad_input(arguments: list[str | Path], words: list[str]) -> None:
    """Exit 2 with one line that names the fault."""
    refused(run(*arguments), *words)
