"""How long links last: when each link of a plan changes next, and until when all hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from satllm_env.errors import InputError
from satllm_env.network.arrays import Array, Numbers
from satllm_env.network.checks import check_number
from satllm_env.network.interpolation import InterpolatedEphemeris, interpolate
from satllm_env.network.intervals import Intervals, check_intervals, overlap
from satllm_env.network.link_rates import LinkRates, RateSight
from satllm_env.network.network_model import NetworkModel
from satllm_env.network.orbits import Constellation
from satllm_env.network.passes import Passes
from satllm_env.network.windows import (
    TOLERANCE_M,
    LinkWindows,
    StationWindows,
    link_windows,
    passes_over,
    station_windows,
)

Link = tuple[int, int]
"""Two satellites, or a satellite and a station as −1 − gid, in either order (see `downlink_ends`)."""


@dataclass(frozen=True, eq=False)
class LinkTimeline:
    """When K links of a network are up during a span of time; `link_timeline` builds one.

    A link is up while its row in a snapshot is usable, so the ends see each other and the rate is above 0,
    and no interval given for it says that it is down. It is up at the moment it rises and down at the
    moment it sets; the moments are found to 0.1 ms. What is beyond the span is not known, and None says so.
    """

    start_s: float
    end_s: float
    """[s] the horizon."""
    rows: dict[Link, int]
    """Number of each link, the greater end first."""
    up_s: tuple[Intervals, ...]
    """[s] when each link is up, ascending; infinite where it lasts beyond the span."""
    rates: LinkRates
    constellation: Constellation
    """The satellites of the links alone."""

    def state(self, link: Link, t_s: float) -> bool:
        """Whether a link is up at [s].

        Raises:
            InputError: an unknown link, or a time out of the span; so do all methods.
        """
        return self._end_s(self.up_s[self._row(link)], t_s) is not None

    def rate_bps(self, link: Link, t_s: float) -> float:
        """[bit/s] of a link at [s], 0 where it is down."""
        return float(self._rates_bps(t_s)[self._row(link)]) if self.state(link, t_s) else 0.0

    def next_change_s(self, link: Link, t_s: float) -> float | None:
        """[s] when a link goes up or down next after [s]; None if not within the span."""
        self._check_time(t_s)
        edges_s = self.up_s[self._row(link)].ravel()
        later_s = edges_s[(edges_s > t_s) & (edges_s <= self.end_s)]
        return float(later_s[0]) if len(later_s) else None

    def holds_until_s(self, links: Iterable[Link], t_s: float, least_share: float = 0.0) -> float | None:
        """[s] how long a plan made at [s] holds.

        Args:
            links: the links it uses.
            t_s: [s] when it is made.
            least_share: [1] 0 to 1; it holds while every link keeps this share of the rate it has then.

        Returns:
            [s] the first time at which a link goes down or has a lower rate, `t_s` itself if one is down
            already; None if all hold to the end of the span.
        """
        self._check_time(t_s)
        check_number("timeline", "least_share", least_share, 0, 1)
        rows = [self._row(link) for link in links]
        up_s: Sequence[Intervals] = self.up_s
        if least_share > 0:
            enough_s = _enough(self.rates, self.constellation, least_share * self._rates_bps(t_s))
            up_s = [overlap(both) for both in zip(up_s, enough_s, strict=True)]
        ends_s = [self._end_s(up_s[row], t_s) for row in rows]
        first_s = min((t_s if end_s is None else end_s for end_s in ends_s), default=np.inf)
        return first_s if first_s <= self.end_s else None

    def _end_s(self, up_s: Intervals, t_s: float) -> float | None:
        """[s] when the interval that a time is in ends; None if it is in none."""
        self._check_time(t_s)
        index = int(np.searchsorted(up_s[:, 0], t_s, side="right")) - 1
        return float(up_s[index, 1]) if index >= 0 and t_s < up_s[index, 1] else None

    def _row(self, link: Link) -> int:
        key = max(link), min(link)
        if key not in self.rows:
            raise InputError("timeline", "links", f"there is no {link[0]} {link[1]} among the links followed")
        return self.rows[key]

    def _check_time(self, t_s: float) -> None:
        check_number("timeline", "t_s", t_s, self.start_s, self.end_s, " s")

    def _rates_bps(self, t_s: float) -> Array:
        """[bit/s] of all links as if they were up, shape (K,)."""
        self._check_time(t_s)
        return self.rates.rate_bps(np.arange(len(self.rows)), np.full(len(self.rows), t_s))


def link_timeline(
    model: NetworkModel,
    links: ArrayLike,
    start_s: float,
    end_s: float,
    down_s: Sequence[ArrayLike] | None = None,
) -> LinkTimeline:
    """Follow links through a span of time.

    Args:
        model: the network; its inter-satellite links must be the same at all times.
        links: K links, each as `Link`, none twice, shape (K, 2).
        start_s: [s] after the epoch.
        end_s: [s] later than the start.
        down_s: [s] for each link the intervals in which it is down besides, rows of start and end, such as
            `OutageModel.down_intervals` gives; in any order, and they may overlap. None is no such interval.

    Raises:
        InputError: a link that the network does not have or that comes twice, a wrong interval, links
            between satellites in a topology that changes with time, or as `interpolate`.
    """
    table = _checked_links(model, links)
    barred = _checked_down(table, down_s)
    used = np.isin(np.arange(len(model.constellation)), table)
    constellation = model.constellation.select(used)
    # numbers among the satellites used; stations keep theirs
    near, far = np.where(table < 0, table, np.cumsum(used)[table] - 1).T
    rates = LinkRates(model, interpolate(constellation, start_s, end_s, TOLERANCE_M), near, far)
    in_sight = _in_sight(rates, constellation)
    enough = _enough(rates, constellation, np.zeros(len(table)))
    up_s = tuple(overlap(held, [bars]) for *held, bars in zip(in_sight, enough, barred, strict=True))
    rows = {(a, b): row for row, (a, b) in enumerate(table.tolist())}
    return LinkTimeline(float(start_s), float(end_s), rows, up_s, rates, constellation)


def _checked_links(model: NetworkModel, links: ArrayLike) -> Numbers:
    """The ends of each link, the greater first and so a station last, shape (K, 2)."""
    table = np.asarray(links)
    if table.size == 0:
        return np.empty((0, 2), dtype=np.int64)
    if table.ndim != 2 or table.shape[1] != 2 or not np.issubdtype(table.dtype, np.integer):
        raise InputError("timeline", "links", "must be pairs of ends, shape (K, 2)")
    table = -np.sort(-table.astype(np.int64), axis=1)
    pairs = model.topology.pairs if (table[:, 1] >= 0).any() else np.empty((0, 2), dtype=np.int64)
    linked = {(max(pair), min(pair)) for pair in pairs.tolist()}
    seen: set[Link] = set()
    for index, (a, b) in enumerate(table.tolist()):
        where = f"link {index} ({a} {b})"
        if b >= 0 and (a, b) not in linked:
            raise InputError("timeline", where, "is not in the topology")
        if b < 0 and not (0 <= a < len(model.constellation) and -b <= len(model.stations)):
            raise InputError(
                "timeline",
                where,
                f"a downlink is a satellite of {len(model.constellation)} and −1 − gid of a station of "
                f"{len(model.stations)}",
            )
        if (a, b) in seen:
            raise InputError("timeline", where, "comes twice")
        seen.add((a, b))
    return table


def _checked_down(table: Numbers, down_s: Sequence[ArrayLike] | None) -> list[Intervals]:
    if down_s is None:
        return [np.empty((0, 2))] * len(table)
    if len(down_s) != len(table):
        raise InputError("timeline", "down_s", f"has {len(down_s)} entries for {len(table)} links")
    return [check_intervals("timeline", f"down_s[{k}]", table) for k, table in enumerate(down_s)]


def _in_sight(rates: LinkRates, constellation: Constellation) -> list[Intervals]:
    """[s] when the ends of each link see each other."""
    model, span_s = rates.model, (rates.ephemeris.start_s, rates.ephemeris.end_s)
    ground = rates.far < 0
    pairs = np.column_stack([rates.near, rates.far])[~ground]
    gids, station = np.unique(-1 - rates.far[ground], return_inverse=True)
    links = link_windows(constellation, pairs, *span_s)
    contacts = station_windows(
        constellation, [model.stations[gid] for gid in gids], *span_s, model.min_elevation_deg
    )
    satellites = len(constellation)
    keys, wanted = contacts.gid * satellites + contacts.sat, station * satellites + rates.near[ground]
    spells_s = _whole(links, links.pair, np.arange(len(pairs))) + _whole(contacts, keys, wanted)
    order = np.argsort(ground, kind="stable")  # links between satellites, then downlinks
    return [spells_s[place] for place in np.argsort(order).tolist()]


def _enough(rates: LinkRates, constellation: Constellation, least_bps: Array) -> list[Intervals]:
    """[s] when the rate of each link is above 0 and at least `least_bps`, shape (K,)."""

    def sight(ephemeris: InterpolatedEphemeris) -> RateSight:
        return RateSight(replace(rates, ephemeris=ephemeris), least_bps)

    start_s, end_s = rates.ephemeris.start_s, rates.ephemeris.end_s
    passes = passes_over(constellation, start_s, end_s, len(constellation) + len(least_bps), sight)
    return _whole(passes, passes.row, np.arange(len(least_bps)))


def _whole(spells: Passes | LinkWindows | StationWindows, keys: Numbers, wanted: Numbers) -> list[Intervals]:
    """The spells of each wanted key, keys ascending; infinite where they are clipped."""
    spells_s = np.column_stack(
        [
            np.where(spells.clipped_start, -np.inf, spells.rise_s),
            np.where(spells.clipped_end, np.inf, spells.set_s),
        ]
    )
    first, last = np.searchsorted(keys, wanted), np.searchsorted(keys, wanted, side="right")
    return [spells_s[low:high] for low, high in zip(first.tolist(), last.tolist(), strict=True)]
