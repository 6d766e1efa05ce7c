"""The documentation's notebooks run and show what they give."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.integration.command import ROOT, Done, command

run_notebooks = command("run_notebooks.py")
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


@pytest.mark.slow
def test_they_run_and_show_what_they_give() -> None:
    """Every cell runs in a fresh kernel, and prints what stands in the file."""
    assert NOTEBOOKS
    done = run_notebooks("--check")
    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_they_are_small_and_speak_of_no_machine(path: Path) -> None:
    """Pictures stay small, every code cell shows something, and no path of a machine is kept."""
    text = path.read_text(encoding="utf-8")
    assert path.stat().st_size < 300_000
    assert not any(place in text for place in ("/home/", "/tmp/", "/root/", str(ROOT)))
    outputs = [cell.outputs for cell in nbformat.reads(text, as_version=4).cells if cell.cell_type == "code"]
    assert all(outputs)
    pictures = [o for cell in outputs for o in cell if "image/png" in o.get("data", {})]
    assert len(pictures) >= 2


def checked(folder: Path, *cells: dict) -> Done:
    """What checking a notebook of some cells says."""
    path = folder / "some.ipynb"
    nbformat.write(new_notebook(cells=list(cells)), path)
    return run_notebooks("--notebooks", path, "--check")


@pytest.mark.slow
def test_a_cell_that_fails_or_differs_is_named(tmp_path: Path) -> None:
    """A wrong number fails the check; one whose cell is tagged as varying does not."""
    said = [new_output("stream", name="stdout", text="1\n")]
    true, false = new_code_cell("print(1)", outputs=said), new_code_cell("print(2)", outputs=said)
    done = checked(tmp_path, true, false)
    assert done.returncode == 1
    assert "some.ipynb: cell 1: shows something else than it gives" in done.stderr
    varies = new_code_cell("print(2)", outputs=said, metadata={"tags": ["varies"]})
    assert checked(tmp_path, true, varies).returncode == 0
    done = checked(tmp_path, new_code_cell("1 / 0"))
    assert done.returncode == 1
    assert "a cell fails: ZeroDivisionError" in done.stderr
