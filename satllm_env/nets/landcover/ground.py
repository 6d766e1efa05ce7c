"""What covers are made of: a colour and a height for every pixel."""

from __future__ import annotations

from typing import NamedTuple

from satllm_env.nets.landcover.draws import Floats, Ints
from satllm_env.nets.landcover.fields import mix


class Sun(NamedTuple):
    """(B, 1, 1) components of the horizontal unit vector towards the sun."""

    u: Floats
    v: Floats


class Ground(NamedTuple):
    """The surface before light and air."""

    colour: Floats
    """(B, 64, 64, 3) reflectance, red, green and blue."""
    relief_px: Floats
    """(B, 64, 64) height."""

    def rows(self, rows: Ints) -> Ground:
        """A copy of some of the images' ground."""
        return Ground(self.colour[rows], self.relief_px[rows])

    def put(self, rows: Ints, ground: Ground) -> None:
        """Replace some of the images' ground in place."""
        self.colour[rows], self.relief_px[rows] = ground

    def under(self, top: Ground, share: Floats) -> Ground:
        """Blend with what lies on top, by a (B, 64, 64) share of it."""
        height = self.relief_px + (top.relief_px - self.relief_px) * share
        return Ground(mix(self.colour, top.colour, share), height)
