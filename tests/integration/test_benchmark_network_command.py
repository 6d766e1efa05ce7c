"""benchmark_network.py as other people's programs call it."""

import json
import stat
from pathlib import Path

from tests.integration.command import command

run = command("benchmark_network.py")


def test_a_tiny_run_prints_json_and_fills_its_section_of_a_page(tmp_path: Path) -> None:
    """JSON alone on stdout, every case and code timed, the page around the section kept."""
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- benchmark_network:begin -->\nold\n<!-- benchmark_network:end -->\nafter\n")
    done = run("--repeats", "1", "--json", "--out", page)
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert {case["satellites"] for case in data["cases"]} == {1_584, 10_000}
    assert all(0 < case["least_s"] <= case["median_s"] for case in data["cases"])
    assert all(rival["ratio"] > 1 for rival in data["rivals"])
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "| snapshot, 10,000 |" in text


def test_a_stand_in_for_satgenpy_is_compared_with(tmp_path: Path) -> None:
    """The interpreter's answer is its last line; its folder is not written into pages."""
    python, page = tmp_path / "python-of-satgenpy", tmp_path / "page.md"
    python.write_text('#!/bin/sh\necho "  > chatter"\necho \'{"geometry_s": 10.0, "step_s": 20.0}\'\n')
    python.chmod(python.stat().st_mode | stat.S_IEXEC)
    done = run("--repeats", "1", "--json", "--satgenpy", python, "--out", page)
    assert done.returncode == 0, done.stderr
    theirs = [rival["theirs_s"] for rival in json.loads(done.stdout)["rivals"] if rival["name"] == "satgenpy"]
    assert theirs == [10.0, 20.0]
    assert str(python) not in page.read_text()


def test_what_cannot_be_measured_is_one_line(tmp_path: Path) -> None:
    """No moments, no such interpreter, and one without satgenpy end with exit code 2."""
    lacking = tmp_path / "python"
    lacking.write_text("#!/bin/sh\necho \"No module named 'satgen'\" >&2\nexit 1\n")
    lacking.chmod(lacking.stat().st_mode | stat.S_IEXEC)
    for flags, says in (
        (("--repeats", "0"), "--repeats: must be at least 1"),
        (("--repeats", "1", "--satgenpy", tmp_path / "none"), "none: cannot be run"),
        (("--repeats", "1", "--satgenpy", lacking), "No module named 'satgen'"),
    ):
        done = run(*flags)
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1
        assert says in done.stderr
