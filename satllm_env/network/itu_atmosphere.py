"""Atmospheric loss at a station by the ITU-R Recommendations, for a share of the time."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from types import ModuleType

import numpy as np

from satllm_env.errors import InputError
from satllm_env.network.atmosphere import AtmosphericLoss
from satllm_env.network.checks import check_number
from satllm_env.network.kaband import KaBandDownlink
from satllm_env.network.stations import Station
from satllm_env.optional import advice

ELEVATIONS_DEG = (
    *(5.0, 5.5, 6.0, 7.0, 8.0, 9.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0, 22.0, 23.5, 25.0, 28.0),
    *(32.0, 36.0, 40.0, 45.0, 50.0, 55.0, 60.0, 65.0, 70.0, 75.0, 80.0, 84.0, 87.0, 89.0, 89.7, 90.0),
)
"""[deg] where the loss is tabulated: from 5°, the lowest that P.618 holds for, with a point at its kink at
25° and close ones at its cusp at the zenith."""


def itu_loss(
    station: Station, frequency_hz: float, availability: float = 0.99, antenna_m: float = 0.6
) -> AtmosphericLoss:
    """Total loss by gases, clouds, rain and scintillation that is exceeded at most ``1 − availability``.

    ITU-R P.618-13 §2.5, ``A = A_gas + sqrt((A_rain + A_cloud)² + A_scintillation²)``, with P.676 (gases, its
    approximate method), P.840 (clouds), P.838 and P.839 (rain) and the ITU's maps for the station's place and
    height; circular polarisation. Computed by the package itur from data inside it, at `ELEVATIONS_DEG`;
    between them the table is within 1 % of itur's values up to 89° and within 4 % above, where P.618 has a
    cusp; below 5° it goes on as `AtmosphericLoss` does. At wet stations P.618 itself lets the loss rise
    again towards the zenith. The station's height above the ellipsoid is taken for its height above the
    sea: 100 m change the loss by 1 to 2 %. Beyond 5 % of the time P.618's rain formula is carried on, as
    its §2.5 does.

    The first call takes 2 to 4 s to load itur and its maps, each new station some 10 ms, the same again
    nothing.

    Args:
        station: place and height.
        frequency_hz: [Hz] 4e9 to 55e9.
        availability: [1] share of an average year in which the loss is at most this, 0.5 to 0.99999.
        antenna_m: [m] diameter of the station's antenna, which averages scintillation; the default is
            that of the terminal in `KaBandDownlink`'s defaults (3GPP TR 38.821 table 6.1.1.1-3).

    Raises:
        InputError: a value out of its range, a place that the maps do not cover (beyond 86° north), or
            itur is not installed.
    """
    source = f"atmosphere at {station.name!r}"
    check_number(source, "frequency_hz", frequency_hz, 4e9, 55e9, " Hz")
    check_number(source, "availability", availability, 0.5, 0.99999)
    check_number(source, "antenna_m", antenna_m, 0.01, 100, " m")
    exceeded_percent = round(100 * (1 - availability), 9)  # 1 for 0.99, not 1.0000000000000009
    place = (station.lat_deg, station.lon_deg, station.elev_m / 1000)
    losses_db = _losses_db(*place, frequency_hz / 1e9, exceeded_percent, antenna_m)
    if not np.isfinite(losses_db).all():
        raise InputError(source, "", "the ITU-R maps of itur do not cover this place")
    return AtmosphericLoss(ELEVATIONS_DEG, losses_db)


def itu_downlinks(
    stations: Iterable[Station],
    downlink: KaBandDownlink | None = None,
    availability: float = 0.99,
    antenna_m: float = 0.6,
) -> tuple[KaBandDownlink, ...]:
    """The downlink under each station's own atmosphere, in the stations' order, for a network's budgets.

    Args:
        stations: where the downlink ends.
        downlink: what is the same for all; `KaBandDownlink` with its defaults if None.
        availability: as `itu_loss`.
        antenna_m: [m] as `itu_loss`.

    Raises:
        InputError: as `itu_loss`.
    """
    base = KaBandDownlink() if downlink is None else downlink
    return tuple(
        replace(base, atmosphere=itu_loss(station, base.frequency_hz, availability, antenna_m))
        for station in stations
    )


@cache
def _losses_db(
    lat_deg: float,
    lon_deg: float,
    height_km: float,
    frequency_ghz: float,
    exceeded_percent: float,
    antenna_m: float,
) -> tuple[float, ...]:
    """[dB] at `ELEVATIONS_DEG`; the cache spares repeated stations itur's time."""
    itur = _itur()
    # itur warns of rain beyond 5 % of the time, which P.618 §2.5 takes in, and of 90°, which it mistakes for
    # 0°; below 8 GHz a value that it throws away overflows
    with warnings.catch_warnings(), np.errstate(over="ignore"):
        warnings.filterwarnings("ignore", "The (approximated )?method to compute the", RuntimeWarning)
        loss = itur.atmospheric_attenuation_slant_path(
            min(max(lat_deg, -89.9999), 89.9999),  # itur's maps end just short of the poles
            lon_deg,
            frequency_ghz,
            np.array(ELEVATIONS_DEG),
            exceeded_percent,
            antenna_m,
            hs=height_km,
        )
    return tuple(loss.value.tolist())


def _itur() -> ModuleType:
    # imported only here: it takes seconds, and a network without it needs none of it
    try:
        return importlib.import_module("itur")
    except ImportError:
        raise InputError("atmosphere", "", advice("itur")) from None
