"""From a snapshot to the links of a split problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from satllm_env.network.snapshot import GroundTable, IslTable, Snapshot
from satllm_env.problem.schema import Link

Ids = Mapping[int, str] | Sequence[str]


def snapshot_links(snapshot: Snapshot, satellite_ids: Ids, station_ids: Ids = ()) -> list[Link]:
    """The usable links among the named nodes.

    Args:
        snapshot: the network at one moment.
        satellite_ids: node id of each satellite by its number; a mapping may leave satellites out, and
            their links with them.
        station_ids: node id of each station by its gid, likewise. Stations may share an id and so form
            one ground node: then each satellite keeps its fastest downlink to it (the shortest of equals).

    Returns:
        Both directions of every inter-satellite link with a rate above 0, in the topology's order, then
        the downlinks, by satellite, then station id's first gid.
    """
    satellites, stations = _by_number(satellite_ids), _by_number(station_ids)
    return _isl_links(snapshot.isl, satellites) + _downlinks(snapshot.ground, satellites, stations)


def _by_number(ids: Ids) -> Mapping[int, str]:
    return ids if isinstance(ids, Mapping) else dict(enumerate(ids))


def _isl_links(isl: IslTable, satellites: Mapping[int, str]) -> list[Link]:
    links: list[Link] = []
    columns = (isl.a, isl.b, isl.rate_bps, isl.latency_s)
    for a, b, rate_bps, latency_s in zip(*(column[isl.usable].tolist() for column in columns), strict=True):
        if a in satellites and b in satellites:
            for tail, head in ((a, b), (b, a)):
                links.append(_link(satellites[tail], satellites[head], rate_bps, latency_s))
    return links


def _downlinks(ground: GroundTable, satellites: Mapping[int, str], stations: Mapping[int, str]) -> list[Link]:
    best: dict[tuple[int, str], tuple[float, float]] = {}
    columns = (ground.gid, ground.sat, ground.rate_bps, ground.latency_s)
    for gid, sat, rate_bps, latency_s in zip(
        *(column[ground.usable].tolist() for column in columns), strict=True
    ):
        if sat in satellites and gid in stations:
            key, offer = (sat, stations[gid]), (rate_bps, -latency_s)
            best[key] = max(best.get(key, offer), offer)
    # sorted by satellite; Python's sort keeps the stations' order within each
    ordered = sorted(best.items(), key=lambda item: item[0][0])
    return [_link(satellites[sat], station, rate, -latency) for (sat, station), (rate, latency) in ordered]


def _link(source: str, target: str, rate_bps: float, latency_s: float) -> Link:
    return Link(source=source, target=target, rate_bps=rate_bps, latency_s=latency_s)
