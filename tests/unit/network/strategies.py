"""Hypothesis strategies shared by the network's tests."""

from __future__ import annotations

from hypothesis import strategies as st

from satllm_env.network import Walker


@st.composite
def walkers(draw: st.DrawFn, max_planes: int = 7, max_per_plane: int = 9) -> Walker:
    """Small Walker constellations of both patterns."""
    planes = draw(st.integers(1, max_planes))
    return Walker(
        altitude_km=draw(st.floats(300, 2000)),
        inclination_deg=draw(st.floats(0, 180)),
        total=planes * draw(st.integers(1, max_per_plane)),
        planes=planes,
        phasing=draw(st.integers(0, planes - 1)),
        pattern=draw(st.sampled_from(["delta", "star"])),
    )
