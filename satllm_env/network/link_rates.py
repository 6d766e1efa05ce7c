"""Rates of links at any time, and when they are high enough."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from satllm_env.network.arrays import Array, Numbers
from satllm_env.network.interpolation import InterpolatedEphemeris
from satllm_env.network.network_model import NetworkModel
from satllm_env.network.visibility import Sites, look, sites_of


@dataclass(frozen=True, eq=False)
class LinkRates:
    """K links of a network, numbered by row, whether their ends see each other or not."""

    model: NetworkModel
    ephemeris: InterpolatedEphemeris
    near: Numbers
    """A satellite of the ephemeris for each link, shape (K,)."""
    far: Numbers
    """Another one, or a station of the model as −1 − gid, shape (K,)."""

    def rate_bps(self, row: Numbers, times_s: Array) -> Array:
        """[bit/s] of each row at a time of its own, shape (N,)."""
        near_km, far_km = self._ends_km(row, times_s)
        ground = self.far[row] < 0
        gid = -1 - self.far[row[ground]]
        rate_bps = np.empty(len(row))
        length_m = 1000.0 * np.linalg.norm((far_km - near_km)[~ground], axis=1)
        rate_bps[~ground] = self.model.isl_budget.rate_bps(length_m)
        elevation_deg, range_m = look(self._sites.up[gid], far_km[ground], near_km[ground])
        rate_bps[ground] = self.model.downlink_bps(gid, range_m, elevation_deg)
        return rate_bps

    def approach(self, row: Numbers, times_s: Array) -> Array:
        """[km²/s] minus half the rate of the squared length: above 0 while the ends come nearer, (N,)."""
        near_km, far_km = self._ends_km(row, times_s)
        far_km_s = self.ephemeris.itrs_km_s(np.maximum(self.far[row], 0), times_s)
        far_km_s[self.far[row] < 0] = 0.0
        near_km_s = self.ephemeris.itrs_km_s(self.near[row], times_s)
        approach: Array = np.einsum("ni,ni->n", far_km - near_km, near_km_s - far_km_s)
        return approach

    def _ends_km(self, row: Numbers, times_s: Array) -> tuple[Array, Array]:
        far = self.far[row]
        far_km = self.ephemeris.itrs_km(np.maximum(far, 0), times_s)
        far_km[far < 0] = self._sites.itrs_km[-1 - far[far < 0]]
        return self.ephemeris.itrs_km(self.near[row], times_s), far_km

    @cached_property
    def _sites(self) -> Sites:
        return sites_of(self.model.stations)


@dataclass(frozen=True, eq=False)
class RateSight:
    """Links; row k is [bit/s] how far link k's rate is above its least one.

    Rates are taken to rise while the ends come nearer and to fall while they part.
    """

    rates: LinkRates
    least_bps: Array
    """[bit/s] shape (K,); no rate at all is never enough."""

    def samples(self) -> tuple[Numbers, Numbers, Array]:
        """Every link at every knot; all shapes (P,)."""
        knots_s = self.rates.ephemeris.knots_s
        row, knot = (index.ravel() for index in np.indices((len(self.least_bps), len(knots_s))))
        return row, knot, self.height(row, knots_s[knot])

    def height(self, row: Numbers, times_s: Array) -> Array:
        """[bit/s] over the least rate and 1 more, or under it and 1 less, shape (N,).

        So it is never 0: where rates go in steps, a rate that is just the least one is no crossing.
        """
        rate_bps, least_bps = self.rates.rate_bps(row, times_s), self.least_bps[row]
        enough = (rate_bps > 0) & (rate_bps >= least_bps)
        return rate_bps - least_bps + np.where(enough, 1.0, -1.0)

    def slope(self, row: Numbers, times_s: Array) -> Array:
        """[km²/s] as `LinkRates.approach`, shape (N,)."""
        return self.rates.approach(row, times_s)
