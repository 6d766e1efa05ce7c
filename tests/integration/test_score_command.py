"""`scripts/benchmark.py`: policies written from its page, and by name."""

import json
import re
import sys
from pathlib import Path

import pytest

from tests.integration.command import ROOT, command

SCORE = command("benchmark.py")
PAGE = ROOT / "docs" / "benchmark-protocol.md"
FOLDER = ("--folder", str(ROOT / "benchmarks"))


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the page's examples in `mine.py`, as the working directory."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    (tmp_path / "mine.py").write_text("\n".join(blocks))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    yield tmp_path
    sys.modules.pop("mine", None)


@pytest.mark.parametrize("name", ["mine:quick", "mine:Shortsighted"])
def test_the_page_s_policies_are_scored(name: str, mine: Path) -> None:
    """Their gaps are above 0, on every set, and the file has a row per instance."""
    done = SCORE("--policy", name, *FOLDER, "--instances", "2", "--json", "--out", "result.json")
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)["results"]
    assert {entry["set"] for entry in results} == {
        "paper", "walker-dense", "starlink-shell1", "kuiper-630", "unseen",
    }  # fmt: skip
    for entry in results:
        assert entry["instances"] == 2
        assert entry["feasible_pct"] in (0, 50, 100)
        assert entry["gap_mean_pct"] is None or entry["gap_mean_pct"] >= 0
    stored = json.loads((mine / "result.json").read_text())
    assert [len(part["rows"]) for part in stored["sets"]] == [2] * 5
    assert stored["policy"] == name


def test_the_planner_is_optimal(tmp_path: Path) -> None:
    """Gaps of 0 everywhere; files side by side make the page's table."""
    for name in ("astar", "random"):
        out = tmp_path / f"{name}.json"
        done = SCORE("--policy", name, *FOLDER, "--sets", "paper", "--instances", "3", "--out", out)
        assert done.returncode == 0, done.stderr
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- benchmark:begin -->\n<!-- benchmark:end -->\nafter\n")
    files = (tmp_path / "astar.json", tmp_path / "random.json")
    done = SCORE("--results", *files, "--page", page, "--json")
    best, drawn = json.loads(done.stdout)["results"]
    assert (best["gap_mean_pct"], best["optimal_pct"]) == (0, 100)
    assert drawn["gap_mean_pct"] > 10
    rows = [line for line in page.read_text().splitlines() if line.startswith("| paper (3)")]
    assert len(rows) == 2
    assert page.read_text().startswith("before\n") and page.read_text().endswith("after\n")


def test_illegal_plans_count_as_none(mine: Path) -> None:
    """With the rule that they break; an exception names the instance and the line."""
    (mine / "mine.py").write_text(
        "import gymnasium as gym\n"
        "class Masked:\n"
        "    def make_env(self):\n"
        "        return gym.make('SatLLMSplit-v0', num_slots=5, num_levels=9)\n"
        "    def act(self, observation, action_mask):\n"
        "        return int(action_mask.argmin())\n"
        "def broken(instance):\n"
        "    return 1 / 0\n"
    )
    done = SCORE("--policy", "mine:Masked", *FOLDER, "--sets", "paper", "--instances", "2", "--json")
    (entry,) = json.loads(done.stdout)["results"]
    assert (entry["feasible_pct"], entry["gap_mean_pct"]) == (0, None)
    assert "without a plan: --policies: mine:Masked: chose action" in done.stderr
    done = SCORE("--policy", "mine:broken", *FOLDER, "--sets", "paper", "--instances", "2")
    assert done.returncode == 2
    assert done.stderr.strip().endswith("raised ZeroDivisionError at mine.py:8: division by zero")
    assert "mine:broken: paper-5000000" in done.stderr


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ((), "--policy: give either a policy to score, or --results"),
        (("--policy", "astar", "--results", "x.json"), "--policy: give either"),
        (("--policy", "astar", "--instances", "0"), "--instances: must be 1 or more (got 0)"),
        (("--policy", "astar", "--seed", "-1"), "--seed: must be 0 or more"),
        (("--policy", "astar", "--time-limit", "0"), "--time-limit: must be above 0"),
        (("--policy", "astar", "--sets", "nope"), "unknown set 'nope'"),
        (("--policy", "nope"), "--policies: nope: unknown; known are"),
        (("--policy", "nowhere:Policy"), "--policies: nowhere:Policy: cannot be imported"),
        (("--results", "none.json"), "none.json: cannot be read"),
        (("--results", "none.json", "--out", "x.json"), "--out: is of a policy that is scored"),
    ],
)
def test_bad_input_is_one_line(flags: tuple[str, ...], message: str, mine: Path) -> None:
    """Exit 2 and nothing written."""
    done = SCORE(*FOLDER, *flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert [path.name for path in mine.iterdir()] == ["mine.py"]
