"""Positions, links and ground contacts of a constellation."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tyro
from rich.console import Console

from satllm_env.cli import notes, print_json, progress, run_command, write_bytes, write_text
from satllm_env.errors import InputError
from satllm_env.figures.canvas import to_png
from satllm_env.figures.network_map import network_map
from satllm_env.network import (
    DEFAULT_EPOCH,
    Constellation,
    Disruptions,
    EclipseRule,
    LaserBudget,
    NearestNeighbours,
    NetworkModel,
    OutageModel,
    Snapshot,
    StaleElementsWarning,
    TopologyRule,
    Walker,
    constellation_of,
    default_stations,
    from_pairs,
    lost_satellites,
    parse_epoch,
    plane_grid,
    plus_grid,
    read_omm,
    read_stations,
    read_tle,
    read_topology,
    recover_planes,
    station_windows,
    walker_constellation,
)
from satllm_env.network.csv_files import write_csv_files, write_windows
from satllm_env.network.czml import czml, czml_text
from satllm_env.network.geojson import geojson, geojson_text
from satllm_env.network.network_model import DEFAULT_MIN_ELEVATION_DEG
from satllm_env.network.summary import SnapshotSummary, summarise
from satllm_env.network.summary_table import summary_table

POSITIONS_AT_ONCE = 20_000
"""Satellites times times between two steps of the progress bar."""


@dataclass
class Arguments:
    """Positions, inter-satellite links and ground contacts of a constellation.

    Prints a summary per time; writes CSV files, a map, GeoJSON and CZML where asked to. Give one of
    --walker, --tle and --omm.
    """

    walker: Annotated[str | None, tyro.conf.arg(metavar="ALT_KM,INC_DEG,T,P,F")] = None
    """Walker constellation: altitude, inclination, satellites, planes, phasing."""
    star: bool = False
    """The Walker constellation is a Star (nodes over 180°), not a Delta."""
    tle: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Two- or three-line element sets."""
    omm: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """CelesTrak's OMM as CSV."""
    epoch: Annotated[str | None, tyro.conf.arg(metavar="ISO8601")] = None
    """UTC time at which t = 0. By default the start of 2025, where a Walker constellation has its nominal
    geometry, or the epoch of the newest element set."""
    times: Annotated[str, tyro.conf.arg(metavar="S,S,...")] = "0"
    """Seconds after the epoch, separated by commas; fractions allowed; --times=-60,0 before it."""
    isls: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Inter-satellite links, one "a b" per line, in place of --topology."""
    topology: Literal["plus-grid", "plain-wrap", "nearest", "none"] = "plus-grid"
    """+Grid (of element sets: over the planes and slots that they keep), +Grid that links equal slots across
    the last plane and the first, the nearest neighbours at each time, or no links."""
    terminals: int = 4
    """Links of a satellite at most, for nearest."""
    stations: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Ground stations, CSV with name,lat_deg,lon_deg,elev_m; without it a built-in list of real sites."""
    min_elevation: Annotated[float, tyro.conf.arg(metavar="DEG")] = DEFAULT_MIN_ELEVATION_DEG
    """Stations see satellites at this elevation and above."""
    isl_cap: Annotated[float | None, tyro.conf.arg(metavar="BPS")] = None
    """Highest rate of the laser terminals; by default the link budget alone decides."""
    availability: float = 1.0
    """Share of time in which a link in sight carries; below 1 links have seeded outages, and acquire for
    12 to 60 s after them and after coming into view."""
    lost_share: float = 0.0
    """Share of the satellites that has failed, drawn by the seed."""
    seed: int = 0
    """Of outages and lost satellites."""
    eclipse: bool = False
    """Satellites in the Earth's shadow do not send to the ground."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None
    """Folder for positions.csv, isl.csv and ground.csv; made if it does not exist."""
    windows: Annotated[Path | None, tyro.conf.arg(metavar="FILE.csv")] = None
    """Contacts of the stations from the least to the greatest of --times: rise, culmination, set."""
    plot: Annotated[Path | None, tyro.conf.arg(metavar="FILE.png")] = None
    """Map of the first time: satellites, links by rate, stations, ground tracks where satellites are few."""
    geojson: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """All times for geographic viewers."""
    czml: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Animation for Cesium; needs at least two ascending times, 10 to 60 s apart to look right."""
    json: bool = False
    """Print one JSON object and nothing else on stdout."""
    quiet: bool = False
    """No notes and no progress bar on stderr."""


def main(arguments: Arguments) -> None:
    """Build the network, take the snapshots, write and report them."""
    times_s = parse_times(arguments.times)
    check(arguments, times_s)
    model = build(arguments, max(times_s))
    warn_once(model.constellation, times_s)
    disruptions = disrupt(arguments, len(model.constellation))
    summaries: list[SnapshotSummary] = []
    kept: list[Snapshot] = []
    snapshots = watched(
        taken(model, disruptions, times_s, arguments.quiet),
        summaries,
        kept,
        keep_all=bool(arguments.geojson or arguments.czml),
    )
    files: list[Path] = []
    if arguments.out:
        files = write_csv_files(arguments.out, snapshots)
    else:
        for _ in snapshots:
            pass
    files += write_views(arguments, model, times_s, kept)
    if arguments.json:
        print_json(report(model, summaries, files))
    else:
        Console().print(summary_table(model, summaries))
    if files and not arguments.quiet:
        notes().print(f"wrote {', '.join(map(str, files))}", soft_wrap=True)


def check(arguments: Arguments, times_s: list[float]) -> None:
    """Refuse flags that are wrong or do not go together, before any work."""
    given = [flag for flag in ("walker", "tle", "omm") if getattr(arguments, flag) is not None]
    if len(given) != 1:
        got = " and ".join(f"--{flag}" for flag in given) or "none"
        raise InputError("--walker, --tle, --omm", "", f"give one of them (got {got})")
    if arguments.star and arguments.walker is None:
        raise InputError("--star", "", "is for --walker")
    _check_links(arguments)
    if not 0 <= arguments.min_elevation <= 90:
        raise InputError("--min-elevation", "", f"must be from 0 to 90 deg (got {arguments.min_elevation:g})")
    if arguments.plot is not None and arguments.plot.suffix.lower() != ".png":
        raise InputError("--plot", "", f"must end in .png (got {arguments.plot})")
    if arguments.windows is not None and min(times_s) == max(times_s):
        raise InputError("--windows", "", "needs at least two unlike --times")
    if arguments.czml is not None and (len(times_s) < 2 or min(np.diff(times_s)) <= 0):
        raise InputError("--czml", "", "needs at least two ascending --times")


def _check_links(arguments: Arguments) -> None:
    if arguments.topology == "plain-wrap" and (arguments.walker is None or arguments.star):
        raise InputError("--topology", "", "plain-wrap is for --walker, and without --star")
    if arguments.isls is not None and arguments.topology != Arguments.topology:
        raise InputError("--isls", "", f"takes the place of --topology (got {arguments.topology} too)")
    if arguments.terminals != Arguments.terminals and arguments.topology != "nearest":
        raise InputError("--terminals", "", "is for --topology nearest")


def build(arguments: Arguments, last_time_s: float) -> NetworkModel:
    """Turn the flags into a network."""
    walker = None
    if arguments.walker is not None:
        walker = Walker.parse(arguments.walker, "--walker", "star" if arguments.star else "delta")
    constellation = _constellation(arguments, walker, last_time_s)
    return NetworkModel(
        constellation,
        _links(arguments, walker, constellation),
        read_stations(arguments.stations) if arguments.stations else default_stations(),
        isl_budget=LaserBudget(cap_bps=arguments.isl_cap),
        min_elevation_deg=arguments.min_elevation,
    )


def _constellation(arguments: Arguments, walker: Walker | None, last_time_s: float) -> Constellation:
    epoch = parse_epoch(arguments.epoch, "--epoch") if arguments.epoch else None
    if walker is not None:
        return walker_constellation(walker, epoch or DEFAULT_EPOCH)
    sets = read_omm(arguments.omm) if arguments.omm else read_tle(arguments.tle or "")
    return constellation_of(sets, epoch, last_time_s)


def _links(arguments: Arguments, walker: Walker | None, constellation: Constellation) -> TopologyRule:
    if arguments.isls is not None:
        return read_topology(arguments.isls, len(constellation))
    if arguments.topology == "nearest":
        return NearestNeighbours(arguments.terminals)
    if arguments.topology == "none":
        return from_pairs([], len(constellation))
    if walker is not None:
        return plus_grid(walker, plain_wrap=arguments.topology == "plain-wrap")
    return plane_grid(recover_planes(constellation))


def warn_once(constellation: Constellation, times_s: list[float]) -> None:
    """Say now, of all times together, that element sets are stale, and not again of each part of them."""
    constellation.propagate([min(times_s), max(times_s)])
    warnings.simplefilter("ignore", StaleElementsWarning)


def disrupt(arguments: Arguments, satellites: int) -> Disruptions:
    """What fails, by the flags."""
    outages = None
    if arguments.availability != 1:
        outages = OutageModel(arguments.seed, arguments.availability)
    return Disruptions(
        isl_outages=outages,
        downlink_outages=outages,
        lost=lost_satellites(satellites, arguments.lost_share, arguments.seed),
        eclipse=EclipseRule(downlink_in_eclipse=False) if arguments.eclipse else None,
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


def taken(
    model: NetworkModel, disruptions: Disruptions, times_s: list[float], quiet: bool
) -> Iterator[Snapshot]:
    """Snapshots in order, with a progress bar."""
    step = max(1, POSITIONS_AT_ONCE // len(model.constellation))
    console = notes()
    # a log file has no use for a bar
    with progress(console) if console.is_terminal and not quiet else nullcontext() as bar:
        task = bar.add_task("snapshots", total=len(times_s)) if bar else None
        for start in range(0, len(times_s), step):
            for snapshot in model.snapshots(times_s[start : start + step]):
                yield disruptions.apply(model, snapshot)
                if bar and task is not None:
                    bar.advance(task)


def watched(
    snapshots: Iterator[Snapshot], summaries: list[SnapshotSummary], kept: list[Snapshot], keep_all: bool
) -> Iterator[Snapshot]:
    """Pass snapshots on; append a summary of each, and keep the first one or all."""
    for snapshot in snapshots:
        summaries.append(summarise(snapshot))
        if keep_all or not kept:
            kept.append(snapshot)
        yield snapshot


def write_views(
    arguments: Arguments, model: NetworkModel, times_s: list[float], snapshots: list[Snapshot]
) -> list[Path]:
    """Write the contact windows, map, GeoJSON and CZML that are asked for."""
    if arguments.windows is not None:
        found = station_windows(
            model.constellation, model.stations, min(times_s), max(times_s), model.min_elevation_deg
        )
        write_windows(arguments.windows, found)
    if arguments.plot is not None:
        write_bytes(arguments.plot, to_png(network_map(model, snapshots[0])))
    if arguments.geojson is not None:
        write_text(arguments.geojson, geojson_text(geojson(model, snapshots)))
    if arguments.czml is not None:
        write_text(arguments.czml, czml_text(czml(model, snapshots)))
    views = arguments.windows, arguments.plot, arguments.geojson, arguments.czml
    return [path for path in views if path is not None]


def report(model: NetworkModel, summaries: list[SnapshotSummary], files: list[Path]) -> dict[str, Any]:
    """What --json prints."""
    return {
        "epoch": model.constellation.epoch.isoformat(),
        "satellites": len(model.constellation),
        "isls": summaries[0].isls,
        "stations": [asdict(station) for station in model.stations],
        "min_elevation_deg": model.min_elevation_deg,
        "snapshots": [asdict(summary) for summary in summaries],
        "files": [str(path) for path in files],
    }


if __name__ == "__main__":
    run_command(Arguments, main)
