"""Links of a CZML document: lines between moving ends, shown while usable, coloured by rate."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satllm_env.network.link_series import LinkSeries
from satllm_env.network.rate_colours import Palette, RateScale, rate_scale

_HEADS = {"isl": "satellite", "downlink": "station"}


@dataclass(frozen=True, eq=False)
class Timeline:
    """The T times of a document."""

    times_s: NDArray[np.float64]
    """[s] after the network's epoch, ascending, shape (T,)."""
    texts: list[str]
    """The same as ISO 8601."""

    @property
    def start(self) -> str:
        """The first time, from which samples are counted."""
        return self.texts[0]

    @property
    def length_s(self) -> float:
        """[s] from first to last."""
        return float(self.times_s[-1] - self.times_s[0])

    @property
    def interval(self) -> str:
        """From first to last."""
        return self.between(0, -1)

    def between(self, first: int, last: int) -> str:
        """The interval between two of the times."""
        return f"{self.texts[first]}/{self.texts[last]}"


def link_packets(
    kind: str,
    series: LinkSeries,
    tail_names: Sequence[str],
    head_names: Sequence[str],
    timeline: Timeline,
    palette: Palette,
) -> Iterator[dict[str, Any]]:
    """Packets of the links that are usable before the last time.

    Args:
        kind: ``"isl"`` or ``"downlink"``.
        series: rates at the times of the timeline.
        tail_names: of the satellites.
        head_names: of the satellites or the stations.
        timeline: T times.
        palette: colours.
    """
    scale = rate_scale([series.rate_bps], palette)
    for tail, head, rate_bps in zip(series.tail.tolist(), series.head.tolist(), series.rate_bps, strict=True):
        if scale is None or not (rate_bps[:-1] > 0).any():
            continue
        used_gbps = rate_bps[rate_bps > 0] / 1e9
        yield {
            "id": f"{kind}/{tail}-{head}",
            "name": f"{tail_names[tail]} – {head_names[head]}",
            "description": f"{used_gbps.min():.3g} to {used_gbps.max():.3g} Gbit/s",
            "availability": timeline.interval,
            "polyline": {
                "positions": {
                    "references": [f"satellite/{tail}#position", f"{_HEADS[kind]}/{head}#position"]
                },
                "arcType": "NONE",
                "width": 1.5,
                "material": {"solidColor": {"color": _colour(rate_bps, timeline, scale)}},
                "show": _show(rate_bps > 0, timeline),
            },
        }


def _show(usable: NDArray[np.bool_], timeline: Timeline) -> list[dict[str, Any]]:
    """The state of each time until the next; a viewer takes what is left open for shown."""
    state = usable[:-1]
    edges = [0, *(1 + np.flatnonzero(state[1:] != state[:-1])).tolist(), len(state)]
    return [
        {"interval": timeline.between(first, last), "boolean": bool(state[first])}
        for first, last in itertools.pairwise(edges)
    ]


def _colour(rate_bps: NDArray[np.float64], timeline: Timeline, scale: RateScale) -> dict[str, Any]:
    """One colour, or colours at the times when the link is usable."""
    used = np.flatnonzero(rate_bps > 0)
    rgba = np.insert(scale.rgb(rate_bps[used]), 3, 255, axis=1)
    if (rgba == rgba[0]).all():
        return {"rgba": rgba[0].tolist()}
    since_s = np.round(timeline.times_s[used] - timeline.times_s[0], 6).tolist()
    return {
        "epoch": timeline.start,
        "backwardExtrapolationType": "HOLD",
        "forwardExtrapolationType": "HOLD",
        "rgba": [value for time, row in zip(since_s, rgba.tolist(), strict=True) for value in (time, *row)],
    }
