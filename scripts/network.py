"""Positions, links and ground contacts of a constellation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro
from rich.console import Console
from rich.table import Table
from rich.text import Text

from satllm_env.cli import notes, print_json, progress, run_command
from satllm_env.errors import InputError
from satllm_env.network import (
    DEFAULT_EPOCH,
    NetworkModel,
    Snapshot,
    Walker,
    default_stations,
    parse_epoch,
    read_stations,
    read_topology,
    walker_network,
)
from satllm_env.network.csv_files import write_csv_files
from satllm_env.network.network_model import DEFAULT_MIN_ELEVATION_DEG
from satllm_env.network.summary import SnapshotSummary, summarise

POSITIONS_AT_ONCE = 20_000
"""Satellites times times between two steps of the progress bar."""
HEADINGS = (
    "t\n[s]",
    "links\nin sight",
    "length\n[km]",
    "rate\n[Gbit/s]",
    "ground\ncontacts",
    "stations\nserved",
    "downlink\n[Gbit/s]",
)


@dataclass
class Arguments:
    """Positions, inter-satellite links and ground contacts of a constellation.

    Prints a summary per time; with --out it also writes positions.csv, isl.csv and ground.csv.
    """

    walker: Annotated[str, tyro.conf.arg(metavar="ALT_KM,INC_DEG,T,P,F")]
    """Walker Delta constellation: altitude, inclination, satellites, planes, phasing."""
    epoch: Annotated[str, tyro.conf.arg(metavar="ISO8601")] = DEFAULT_EPOCH.strftime("%Y-%m-%dT%H:%M:%SZ")
    """UTC time at which t = 0 and the constellation has its nominal geometry."""
    times: Annotated[str, tyro.conf.arg(metavar="S,S,...")] = "0"
    """Seconds after the epoch, separated by commas; fractions allowed; --times=-60,0 before it."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None
    """Folder for the CSV files; made if it does not exist."""
    isls: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Inter-satellite links, one "a b" per line; without it +Grid, or a ring where there is one plane."""
    stations: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Ground stations, CSV with name,lat_deg,lon_deg,elev_m; without it a built-in list of real sites."""
    min_elevation: Annotated[float, tyro.conf.arg(metavar="DEG")] = DEFAULT_MIN_ELEVATION_DEG
    """Stations see satellites at this elevation and above."""
    json: bool = False
    """Print one JSON object and nothing else on stdout."""
    quiet: bool = False
    """No notes and no progress bar on stderr."""


def main(arguments: Arguments) -> None:
    """Build the network, take the snapshots, write and report them."""
    model, times_s = build(arguments), parse_times(arguments.times)
    summaries: list[SnapshotSummary] = []
    snapshots = summarised(taken(model, times_s, arguments.quiet), summaries)
    files: list[Path] = []
    if arguments.out:
        files = write_csv_files(arguments.out, snapshots)
    else:
        for _ in snapshots:
            pass
    if arguments.json:
        print_json(report(model, summaries, files))
    else:
        show(model, summaries)
    if files and not arguments.quiet:
        notes().print(f"wrote {', '.join(map(str, files))}", soft_wrap=True)


def build(arguments: Arguments) -> NetworkModel:
    """Turn the flags into a network."""
    walker = Walker.parse(arguments.walker, "--walker")
    if not 0 <= arguments.min_elevation <= 90:
        raise InputError("--min-elevation", "", f"must be from 0 to 90 deg (got {arguments.min_elevation:g})")
    return walker_network(
        walker,
        parse_epoch(arguments.epoch, "--epoch"),
        topology=read_topology(arguments.isls, walker.total) if arguments.isls else None,
        stations=read_stations(arguments.stations) if arguments.stations else default_stations(),
        min_elevation_deg=arguments.min_elevation,
    )


def parse_times(text: str) -> list[float]:
    """Read seconds separated by commas."""
    times: list[float] = []
    for part in text.split(","):
        try:
            times.append(float(part))
        except ValueError:
            raise InputError("--times", "", f"{part.strip()!r} is not a number of seconds") from None
        if not np.isfinite(times[-1]):
            raise InputError("--times", "", f"{part.strip()!r} is not a finite number of seconds")
    return times


def taken(model: NetworkModel, times_s: list[float], quiet: bool) -> Iterator[Snapshot]:
    """Snapshots in order, with a progress bar."""
    step = max(1, POSITIONS_AT_ONCE // len(model.constellation))
    console = notes()
    # a log file has no use for a bar
    with progress(console) if console.is_terminal and not quiet else nullcontext() as bar:
        task = bar.add_task("snapshots", total=len(times_s)) if bar else None
        for start in range(0, len(times_s), step):
            for snapshot in model.snapshots(times_s[start : start + step]):
                yield snapshot
                if bar and task is not None:
                    bar.advance(task)


def summarised(snapshots: Iterable[Snapshot], summaries: list[SnapshotSummary]) -> Iterator[Snapshot]:
    """Pass snapshots on, each with a summary appended to `summaries`."""
    for snapshot in snapshots:
        summaries.append(summarise(snapshot))
        yield snapshot


def report(model: NetworkModel, summaries: list[SnapshotSummary], files: list[Path]) -> dict[str, Any]:
    """What --json prints."""
    return {
        "epoch": model.constellation.epoch.isoformat(),
        "satellites": len(model.constellation),
        "isls": len(model.topology.pairs),
        "stations": [asdict(station) for station in model.stations],
        "min_elevation_deg": model.min_elevation_deg,
        "snapshots": [asdict(summary) for summary in summaries],
        "files": [str(path) for path in files],
    }


def show(model: NetworkModel, summaries: list[SnapshotSummary]) -> None:
    """Print the readable table."""
    table = Table(title=title(model))
    for heading in HEADINGS:
        table.add_column(Text(heading), justify="right", no_wrap=True)
    for summary in summaries:
        table.add_row(
            f"{summary.t_s:g}",
            f"{summary.isls_in_sight}/{summary.isls}",
            span(summary.isl_length_m, 1e3, ".0f"),
            span(summary.isl_rate_bps, 1e9, ".3g"),
            str(summary.contacts),
            f"{summary.stations_served}/{len(model.stations)}",
            span(summary.downlink_rate_bps, 1e9, ".2f"),
        )
    Console().print(table)


def title(model: NetworkModel) -> str:
    """One line that says what the table is of."""
    return (
        f"{len(model.constellation)} satellites from {model.constellation.epoch:%Y-%m-%d %H:%M:%S} UTC, "
        f"{len(model.stations)} stations, contacts from {model.min_elevation_deg:g}°"
    )


def span(values: tuple[float, float] | None, unit: float, form: str) -> str:
    """A range of values in a unit."""
    return "–" if values is None else "–".join(format(value / unit, form) for value in values)


if __name__ == "__main__":
    run_command(Arguments, main)
