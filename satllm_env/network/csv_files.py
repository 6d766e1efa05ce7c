"""Snapshots as CSV files, with every digit of every number."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from satllm_env.cli import write_text
from satllm_env.errors import InputError
from satllm_env.network.snapshot import Snapshot
from satllm_env.network.windows import StationWindows

POSITION_COLUMNS = "t_s,sat,teme_x_km,teme_y_km,teme_z_km,itrs_x_km,itrs_y_km,itrs_z_km"
ISL_COLUMNS = "t_s,a,b,length_m,line_of_sight,rate_bps,latency_s"
GROUND_COLUMNS = "t_s,gid,sat,range_m,elevation_deg,visible,rate_bps,latency_s"
WINDOW_COLUMNS = "gid,sat,rise_s,culmination_s,set_s,max_elevation_deg,clipped_start,clipped_end"
HEADERS = {"positions.csv": POSITION_COLUMNS, "isl.csv": ISL_COLUMNS, "ground.csv": GROUND_COLUMNS}


def write_csv_files(directory: str | Path, snapshots: Iterable[Snapshot]) -> list[Path]:
    """Write ``positions.csv``, ``isl.csv`` and ``ground.csv``, one snapshot after the other.

    Truth values are 1 and 0. The files appear whole, under their names, when the last row is written.

    Returns:
        The three paths.

    Raises:
        InputError: names a file that cannot be written.
    """
    folder = Path(directory)
    paths = [folder / name for name in HEADERS]
    with ExitStack() as stack:
        positions, isl, ground = (stack.enter_context(_whole_file(path)) for path in paths)
        for snapshot in snapshots:
            positions.writelines(_rows(snapshot.t_s, _position_columns(snapshot)))
            isl.writelines(_rows(snapshot.t_s, _columns(snapshot.isl)))
            ground.writelines(_rows(snapshot.t_s, _columns(snapshot.ground)))
    return paths


def write_windows(path: str | Path, windows: StationWindows) -> None:
    """Write contact windows, one row each.

    Raises:
        InputError: names the file if it cannot be written.
    """
    rows = zip(*(map(repr, column.tolist()) for column in _columns(windows)), strict=True)
    write_text(path, "\n".join([WINDOW_COLUMNS, *map(",".join, rows)]) + "\n")


@contextmanager
def _whole_file(path: Path) -> Iterator[TextIO]:
    """A file with its header that takes its name only when all went well."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("w", encoding="utf-8", newline="\n") as file:
            file.write(HEADERS[path.name] + "\n")
            yield file
        draft.replace(path)
    except OSError as error:
        raise InputError(str(path), "", f"cannot be written: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            draft.unlink()


def _position_columns(snapshot: Snapshot) -> list[NDArray[Any]]:
    return [np.arange(len(snapshot.teme_km)), *snapshot.teme_km.T, *snapshot.itrs_km.T]


def _columns(table: object) -> list[NDArray[Any]]:
    return [
        column.astype(np.int64) if column.dtype == np.bool_ else column for column in vars(table).values()
    ]


def _rows(t_s: float, columns: list[NDArray[Any]]) -> Iterator[str]:
    # repr of a Python float is the shortest text that reads back as the same double
    start = f"{t_s!r},"
    for row in zip(*(map(repr, column.tolist()) for column in columns), strict=True):
        yield start + ",".join(row) + "\n"
