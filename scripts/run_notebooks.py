"""Run the documentation's notebooks and keep what they print and draw."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import nbformat
import tyro
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from traitlets.config import Config

from satllm_env.cli import notes, progress, run_command, write_text
from satllm_env.text import read_text

FOLDER = Path(__file__).parents[1] / "docs" / "notebooks"
CELL_LIMIT_S = 300
VARIES = "varies"
"""Tag of a cell whose digits hang on the machine: it has to run, what it prints is not compared."""


@dataclass(frozen=True)
class Arguments:
    """Run notebooks from a fresh kernel and write their outputs into them.

    Exit codes: 0; 1 where a cell fails, or with --check where a notebook prints something else than it
    shows; 2 bad input.
    """

    notebooks: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="FILE...")] = tuple(
        sorted(FOLDER.glob("*.ipynb"))
    )
    """By default all in docs/notebooks."""
    check: bool = False
    """Write nothing, and compare printed text with what the notebooks show; pictures must be there."""


def main(arguments: Arguments) -> int:
    """Run the command."""
    faults = []
    with progress() as bar:
        for path in bar.track(arguments.notebooks, description="running notebooks"):
            faults += _run(path, arguments.check)
    for fault in faults:
        sys.stderr.write(f"{fault}\n")
    return 1 if faults else 0


def _run(path: Path, check: bool) -> list[str]:
    shown = nbformat.reads(read_text(path), as_version=4)
    fresh = nbformat.reads(read_text(path), as_version=4)
    try:
        _execute(fresh, path.parent)
    except CellExecutionError as error:
        return [f"{path}: a cell fails: {error.ename}: {error.evalue}"]
    if check:
        cells = zip(shown.cells, fresh.cells, strict=True)
        wrong = [number for number, pair in enumerate(cells) if _differ(*pair)]
        return [f"{path}: cell {number}: shows something else than it gives" for number in wrong]
    _plain(fresh)
    write_text(path, nbformat.writes(fresh) + "\n")
    notes().print(f"wrote {path}", markup=False)
    return []


def _execute(notebook: Any, folder: Path) -> None:
    with TemporaryDirectory() as sockets:  # in place of ports, which others could listen at
        kernel = {"transport": "ipc", "ip": f"{sockets}/kernel"}
        NotebookClient(
            notebook,
            timeout=CELL_LIMIT_S,
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": str(folder)}},
            config=Config({"KernelManager": kernel}),
        ).execute()


def _plain(notebook: Any) -> None:
    """Leave out what says nothing of the project: the interpreter's version."""
    notebook.metadata["language_info"] = {"name": "python"}


def _differ(shown: Any, fresh: Any) -> bool:
    """Whether a cell shows something else than it gives, unless its tag says that this varies by machine."""
    return VARIES not in shown.metadata.get("tags", []) and _said(shown) != _said(fresh)


def _said(cell: Any) -> list[tuple[str, str]]:
    """What a cell prints or gives; pictures by their kind alone, since they hang on fonts."""
    said = []
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            said.append((output.name, output.text))
        elif any(kind.startswith("image/") for kind in output.data):
            said.append((output.output_type, "picture"))
        else:
            said.append((output.output_type, output.data.get("text/plain", "")))
    return said


if __name__ == "__main__":
    run_command(Arguments, main)
