"""benchmark_planners.py as other people's programs call it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from planners.benchmark.families import family
from satllm_env.problem import load_problem

ROOT = Path(__file__).parents[2]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / "benchmark_planners.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


@pytest.mark.slow
def test_a_tiny_run_prints_json_and_fills_its_section_of_a_page(tmp_path: Path) -> None:
    """Two families, two seeds: JSON alone on stdout, the page around the section kept, the worst saved."""
    page, worst = tmp_path / "page.md", tmp_path / "worst.json"
    page.write_text(
        "before\n<!-- benchmark_planners:begin -->\noutdated\n<!-- benchmark_planners:end -->\nafter\n"
    )
    run = _run(
        "--families", "paper-chain", "mixed", "--seeds", "2", "--mixed", "2", "--references", "--skip-cold",
        "--json", "--out", str(page), "--save-worst", str(worst),
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    data = json.loads(run.stdout)
    assert [entry["family"] for entry in data["families"]] == ["paper-chain", "mixed"]
    assert [entry["problems"] for entry in data["families"]] == [2, 2]
    assert (data["references"], data["cold_start"], data["faults"]) == ([], None, [])
    chain, mixed = data["families"]
    assert chain["peak_bytes"] > chain["before_bytes"] > 0
    assert [timing["seed"] for timing in chain["timings"]] == [0, 1]
    assert load_problem(worst) == family("mixed").make(mixed["worst_seed"])
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "outdated" not in text
    assert "| paper-chain | 2 |" in text


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--families", "nothing"), "nothing"),
        (("--seeds", "0"), "--seeds"),
        (("--reference-limit", "0"), "--reference-limit"),
        (("--references", "gurobi"), "gurobi"),
        (("--families", "paper", "--reference-families", "ring-12"), "ring-12"),
        (("--families", "paper", "--save-worst", "worst.json"), "--save-worst"),
        (("--families", "paper", "--out", "."), "."),
    ],
)
def test_bad_input_is_one_line_and_exit_2(arguments: tuple[str, ...], named: str) -> None:
    """No traceback, and nothing measured."""
    run = _run(*arguments)
    assert run.returncode == 2
    assert named in run.stderr
    assert run.stderr.count("\n") == 1
    assert run.stdout == ""
