"""compare.py as other people's programs call it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.command import command

ROOT = Path(__file__).parents[2]
KEYS = {
    "scenario",
    "policy",
    "kind",
    "feasible_rate",
    "delay_s_mean",
    "gap_mean_pct",
    "gap_median_pct",
    "gap_p95_pct",
    "gap_ci95_pct",
    "isl_bytes_mean",
    "downlink_bytes_mean",
    "accuracy_loss_mean",
    "plan_time_s_mean",
}


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / "compare.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.slow
def test_the_comparison_prints_its_contract_and_leaves_logs_figures_and_page(tmp_path: Path) -> None:
    """JSON on stdout alone; TensorBoard events, PNGs and a page in the folder; a rerun replaces them."""
    out = tmp_path / "compare"
    for _ in range(2):
        run = _run(
            "--scenarios", "paper-ground", "--episodes", "3", "--json", "--out", str(out),
            "--policies", "astar", "ground-only", "uniform", "--report-deadline", "1",
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
    data = json.loads(run.stdout)
    assert data["episodes"] == 3
    assert data["scenarios"] == ["paper-ground"]
    assert [entry["policy"] for entry in data["results"]] == ["astar", "ground-only", "uniform"]
    assert all(set(entry) == KEYS for entry in data["results"])
    assert data["results"][0]["gap_mean_pct"] == 0.0
    assert data["results"][1]["gap_mean_pct"] > 0.0
    assert {path.stem for path in (out / "figures").glob("*.png")} == {
        "delay",
        "gap",
        "gantt-paper-ground",
        "map-paper-ground",
    }
    assert list((out / "paper-ground" / "astar").glob("events.out.tfevents.*"))
    html = (out / "report.html").read_text(encoding="utf-8")
    assert all(part in html for part in ("paper-ground", "Gap to the optimum", "What would help most"))
    assert json.loads((out / "results.json").read_text())["results"] == data["results"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--policies", "nobody"), "nobody"),
        (("--scenarios", "nowhere"), "nowhere"),
        (("--episodes", "0"), "--episodes"),
        (("--episodes", "many"), "--episodes"),
        (("--sed", "1"), "--sed"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(tmp_path: Path, arguments: tuple[str, ...], named: str) -> None:
    """No traceback, nothing written."""
    run = _run("--out", str(tmp_path / "out"), *arguments)
    assert run.returncode == 2
    assert named in run.stderr
    assert run.stderr.count("\n") == 1
    assert run.stdout == ""
    assert not (tmp_path / "out").exists()


def test_a_report_deadline_below_nothing(tmp_path: Path) -> None:
    """Refused in one line, like the other numbers."""
    done = command("compare.py")("--report-deadline", "-1", "--out", tmp_path / "out")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--report-deadline" in done.stderr


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    """Only an earlier comparison is replaced."""
    (tmp_path / "mine.txt").write_text("precious")
    run = _run(
        "--scenarios", "paper-ground", "--episodes", "1", "--policies", "uniform", "--out", str(tmp_path)
    )
    assert run.returncode == 2
    assert (tmp_path / "mine.txt").read_text() == "precious"
