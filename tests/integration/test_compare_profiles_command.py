"""scripts/compare_profiles.py: the same requests under several compression profiles."""

import json
from pathlib import Path

import pytest

from planners import solve
from satllm_env.scenarios import load_form
from satllm_env.scenarios.scenario import Scenario
from tests.integration.command import command

run = command("compare_profiles.py", COLUMNS="200")
HARMLESS = """
name = "harmless"
kind = "measured"
source = "made up for a test"
source_dtype = "fp32"
[[levels]]
name = "free"
ratio = 1000.0
loss = 0.0
encode_s_per_byte = 0.0
decode_s_per_byte = 0.0
"""


@pytest.fixture
def harmless(tmp_path: Path) -> Path:
    """A profile whose level costs nothing."""
    path = tmp_path / "harmless.toml"
    path.write_text(HARMLESS)
    return path


def test_rows_are_means_of_optimal_plans(harmless: Path) -> None:
    """Delays are those of the planner; a level that costs nothing can only help."""
    flags = ("--scenarios", "paper", "--profiles", "paper-fit", harmless, "--episodes", "2", "--json")
    done = run(*flags)
    assert done.returncode == 0, done.stderr
    fit, free = json.loads(done.stdout)["results"]
    form = load_form("paper")
    compression = form.compression.model_copy(update={"profile": "paper-fit"})
    scenario = Scenario(form.model_copy(update={"compression": compression}), "paper")
    delays = [solve(scenario.sample(seed).instance).delay_s for seed in range(2)]
    assert fit["delay_s"] == pytest.approx(sum(delays) / 2)
    assert (fit["feasible"], fit["proven"], fit["change_pct"]) == (2, 2, 0)
    assert free["delay_s"] <= fit["delay_s"]
    assert free["change_pct"] <= 0
    assert free["accuracy_loss"] == 0


def test_the_page_keeps_what_is_around_the_table(harmless: Path, tmp_path: Path) -> None:
    """Only the part between the markers is rewritten; the table names every profile."""
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- compare_profiles:begin -->\nold\n<!-- compare_profiles:end -->\nafter\n")
    done = run("--scenarios", "paper", "--profiles", harmless, "--episodes", "1", "--page", page)
    assert done.returncode == 0, done.stderr
    assert "harmless" in done.stdout
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "| paper |" in text


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (("--episodes", "0"), "--episodes: must be 1 or more"),
        (("--profiles", "none-such"), "compression.profile: compression profile: none-such: unknown"),
        (("--scenarios", "none-such"), "scenario: none-such: unknown"),
    ],
)
def test_bad_input_is_one_line(flags: tuple[str, ...], problem: str) -> None:
    """Exit 2, the flag or field named, nothing on stdout."""
    done = run("--scenarios", "paper", "--profiles", "paper-fit", *flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1
