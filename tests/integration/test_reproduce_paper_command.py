"""scripts/reproduce_paper.py: the reported results beside ours."""

import json
from pathlib import Path

import pytest

from planners.paper.report import section
from tests.integration.command import command

run = command("reproduce_paper.py", COLUMNS="200")
FEW = ("--episodes", "1", "--shell-episodes", "1")


def test_one_part_as_data(tmp_path: Path) -> None:
    """One JSON object on stdout; tables, data and figures in the folder; the same every time."""
    flags = (*FEW, "--parts", "splits", "--json", "--out", tmp_path)
    first, second = run(*flags), run(*flags)
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    data = json.loads(first.stdout)
    assert (data["episodes"], data["shell_episodes"]) == (1, 1)
    (row,) = data["summary"]
    assert (row["id"], row["reported"]) == ("splits", "2.03×")
    assert "uniform split" in row["ours"]
    assert {path.name for path in tmp_path.iterdir()} == {"splits.png", "tables.md", "results.json"}
    stored = json.loads((tmp_path / "results.json").read_text())
    assert stored.pop("git_revision")
    assert "--parts splits" in stored.pop("command")
    assert stored == data


def test_tables_go_between_the_markers_of_a_page(tmp_path: Path) -> None:
    """What is around them stays, and so does the summary where parts are missing; figures lie beside the
    page; the reported value is printed beside ours."""
    page = tmp_path / "page.md"
    markers = [section(name) for name in ("summary", "splits")]
    page.write_text("before\n" + "".join(f"{m.begin}\nold\n{m.end}\nbetween\n" for m in markers))
    done = run(*FEW, "--parts", "splits", "--out", tmp_path / "out", "--page", page)
    assert done.returncode == 0, done.stderr
    assert "2.03×" in done.stdout
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("between\n")
    assert f"{markers[0].begin}\nold\n{markers[0].end}" in text
    assert "old" not in text[text.index(markers[1].begin) :]
    assert "| chain of five, M = 1 |" in text
    assert (tmp_path / "figures" / "paper-splits.png").exists()


def test_nothing_is_planned_for_what_was_measured(tmp_path: Path) -> None:
    """The part `compression` reads files, and says where there are none."""
    done = run("--parts", "compression", "--measured", tmp_path / "none", "--out", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert data["points"] == []
    assert "not measured here" in {row["id"]: row["ours"] for row in data["summary"]}["cut-sets"]


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (("--episodes", "0"), "--episodes: must be 1 or more"),
        (("--shell-episodes", "0"), "--shell-episodes: must be 1 or more"),
        (("--deadline", "0"), "--deadline: must be above 0"),
        (("--jobs", "0"), "--jobs: must be 1 or more, or -1"),
        (("--page", "none-such.md"), "--page: none-such.md: is not a file"),
        (("--out", __file__), "is not a folder"),
        (("--parts", "none-such"), "none-such"),
    ],
)
def test_bad_input_is_one_line(flags: tuple[str, ...], problem: str, tmp_path: Path) -> None:
    """Exit 2, the flag named, nothing on stdout."""
    parts = () if "--parts" in flags else ("--parts", "splits")
    out = () if "--out" in flags else ("--out", tmp_path)
    done = run(*parts, *out, *flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1
