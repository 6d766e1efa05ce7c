"""Heights whose signs say what is in sight: elevations over a minimum, chords over 80 km."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from satllm_env.network.arrays import Array, Flags, Numbers
from satllm_env.network.constants import LINK_ALTITUDE_FLOOR_KM
from satllm_env.network.interpolation import InterpolatedEphemeris
from satllm_env.network.visibility import Sites, chord_altitude_km, look, nearest_share


@dataclass(frozen=True, eq=False)
class StationSight:
    """S satellites over stations; row ``gid · S + sat`` is [deg] the elevation above a minimum."""

    ephemeris: InterpolatedEphemeris
    sites: Sites
    min_elevation_deg: float
    """[deg] 0 to 90."""

    def samples(self) -> tuple[Numbers, Numbers, Array]:
        """Rows above their station's horizon, or nearly, their knots and heights; all shapes (P,)."""
        knots_km = self.ephemeris.knots_km
        gid, sat, knot = np.nonzero(self._near(knots_km).transpose(2, 1, 0))
        elevation_deg, _ = look(self.sites.up[gid], self.sites.itrs_km[gid], knots_km[knot, sat])
        return gid * self.ephemeris.satellites + sat, knot, elevation_deg - self.min_elevation_deg

    def height(self, row: Numbers, times_s: Array) -> Array:
        """[deg] elevation above the minimum, shape (N,)."""
        gid, sat = divmod(row, self.ephemeris.satellites)
        elevation_deg, _ = look(
            self.sites.up[gid], self.sites.itrs_km[gid], self.ephemeris.itrs_km(sat, times_s)
        )
        return elevation_deg - self.min_elevation_deg

    def slope(self, row: Numbers, times_s: Array) -> Array:
        """[km³/s] rate of the elevation's sine times the range cubed, shape (N,)."""
        gid, sat = divmod(row, self.ephemeris.satellites)
        up, ray_km = self.sites.up[gid], self.ephemeris.itrs_km(sat, times_s) - self.sites.itrs_km[gid]
        rate_km_s = self.ephemeris.itrs_km_s(sat, times_s)
        return _dot(up, rate_km_s) * _dot(ray_km, ray_km) - _dot(up, ray_km) * _dot(ray_km, rate_km_s)

    def _near(self, knots_km: Array) -> Flags:
        """Where rows may be above the horizon in the steps about a knot, shape (K, S, G)."""
        # within a step h a satellite departs from its chord by at most abs(r'') h² / 8; the second
        # differences are abs(r'') h², doubled for what lies between them
        second_km = np.linalg.norm(np.diff(self.ephemeris.samples_km, n=2, axis=0), axis=-1)
        slack_km = second_km.max(initial=0.0) / 4
        ground_km = np.einsum("gi,gi->g", self.sites.up, self.sites.itrs_km)
        near: Flags = knots_km @ self.sites.up.T >= ground_km - slack_km
        near[1:] |= near[:-1]
        near[:-1] |= near[1:]
        return near


@dataclass(frozen=True, eq=False)
class LinkSight:
    """Pairs of satellites; row k is [km] how far the chord of pair k is above the least altitude."""

    ephemeris: InterpolatedEphemeris
    pairs: Numbers
    """Shape (K, 2)."""

    def samples(self) -> tuple[Numbers, Numbers, Array]:
        """Every pair at every knot; all shapes (P,)."""
        # altitudes are alike in every frame
        ends_km = self.ephemeris.knots_km[:, self.pairs]
        height_km = (chord_altitude_km(ends_km[:, :, 0], ends_km[:, :, 1]) - LINK_ALTITUDE_FLOOR_KM).T
        row, knot = np.indices(height_km.shape)
        return row.ravel(), knot.ravel(), height_km.ravel()

    def height(self, row: Numbers, times_s: Array) -> Array:
        """[km] of the chord above the least altitude, shape (N,)."""
        a, b = self.pairs[row].T
        altitude_km = chord_altitude_km(
            self.ephemeris.itrs_km(a, times_s), self.ephemeris.itrs_km(b, times_s)
        )
        return altitude_km - LINK_ALTITUDE_FLOOR_KM

    def slope(self, row: Numbers, times_s: Array) -> Array:
        """[km²/s] rate of the chord's least distance from the Earth's centre times that distance, (N,).

        It is ``p · (a' + u (b' − a'))`` at the nearest point ``p = a + u (b − a)``. A change of u adds
        nothing: either p is perpendicular to the chord, or u stays 0 or 1.
        """
        a, b = self.pairs[row].T
        a_km, b_km = self.ephemeris.itrs_km(a, times_s), self.ephemeris.itrs_km(b, times_s)
        a_km_s, b_km_s = self.ephemeris.itrs_km_s(a, times_s), self.ephemeris.itrs_km_s(b, times_s)
        share = nearest_share(a_km, b_km)[:, None]
        return _dot(a_km + share * (b_km - a_km), a_km_s + share * (b_km_s - a_km_s))


def _dot(a: Array, b: Array) -> Array:
    product: Array = np.einsum("ni,ni->n", a, b)
    return product
