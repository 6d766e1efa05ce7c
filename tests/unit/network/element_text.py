"""Element sets written by the sgp4 package, to be read by ours."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from sgp4.api import WGS72, Satrec
from sgp4.exporter import export_tle

from satllm_env.network import Constellation

ISS = (
    "1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927",
    "2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537",
)
"""The usual example of the format."""


def satellite(number: int = 44_444, epoch_days: float = 26_500.123_456_78, **changes: float) -> Satrec:
    """A satellite in low orbit; angles in radians, mean motion in rad/min."""
    values = {
        "bstar": 1.5e-4,
        "eccentricity": 1e-3,
        "perigee": 1.0,
        "inclination": 0.925,
        "anomaly": 2.0,
        "motion": 0.0657,
        "node": 3.0,
    } | changes
    satrec = Satrec()
    satrec.sgp4init(
        WGS72,
        "i",
        number,
        epoch_days,
        values["bstar"],
        0.0,
        0.0,
        values["eccentricity"],
        values["perigee"],
        values["inclination"],
        values["anomaly"],
        values["motion"],
        values["node"],
    )
    satrec.classification, satrec.intldesg = "U", "19029D"
    satrec.ephtype, satrec.elnum, satrec.revnum = 0, 999, 12_345
    return satrec


def lines_of(satrec: Satrec) -> tuple[str, str]:
    """Its two lines."""
    first, second = export_tle(satrec)
    return first, second


@st.composite
def satellites(draw: st.DrawFn) -> Satrec:
    """Any satellite in low orbit, with a catalogue number of five digits."""
    angle = st.floats(0, 6.28)
    return satellite(
        draw(st.integers(1, 99_999)),
        draw(st.integers(9_000, 38_000)) + draw(st.integers(0, 10**8 - 1)) / 10**8,
        bstar=draw(st.integers(-4000, 4000)) * 1e-5,
        eccentricity=draw(st.floats(0, 0.05)),
        perigee=draw(angle),
        inclination=draw(st.floats(0, np.pi)),
        anomaly=draw(angle),
        motion=draw(st.floats(0.05, 0.064)),
        node=draw(angle),
    )


def text_of(constellation: Constellation) -> str:
    """The three-line sets of a constellation's satellites."""
    lines: list[str] = []
    for name, satrec in zip(constellation.names, constellation.elements.satrecs(), strict=True):
        satrec.classification, satrec.intldesg = "U", "19029D"
        satrec.ephtype, satrec.elnum, satrec.revnum = 0, 999, 1
        lines += [name, *lines_of(satrec)]
    return "\n".join(lines) + "\n"
