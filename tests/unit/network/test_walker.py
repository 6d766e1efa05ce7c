"""Walker constellations."""

import numpy as np
import pytest
from hypothesis import given

from satllm_env.errors import InputError
from satllm_env.network import Walker

from .strategies import walkers


def test_550_km_is_15_0549_revolutions_a_day():
    """The mean motion at 550 km is the published one, not that of a larger or smaller Earth."""
    walker = Walker(550, 53, 1584, 72, 39)
    assert walker.mean_motion_rad_s * 86_400 / (2 * np.pi) == pytest.approx(15.0549, abs=5e-5)


def test_period_at_500_km():
    """A circular orbit at 500 km takes about 94.6 minutes."""
    assert Walker(500, 53, 12, 1, 0).period_s / 60 == pytest.approx(94.6, abs=0.1)


def test_delta_spreads_planes_over_the_circle():
    """A Delta's nodes are 360°/p apart and its phase grows by 360°·f/t from plane to plane."""
    walker = Walker(500, 53, 24, 6, 2)
    assert walker.raan_deg[::4].tolist() == [0, 60, 120, 180, 240, 300]
    assert walker.mean_anomaly_deg[:4].tolist() == [0, 90, 180, 270]
    assert walker.mean_anomaly_deg[::4] == pytest.approx([0, 30, 60, 90, 120, 150])


def test_star_spreads_planes_over_half_the_circle():
    """A Star's nodes are 180°/p apart."""
    assert Walker(780, 86.4, 66, 6, 3, "star").raan_deg[::11].tolist() == [0, 30, 60, 90, 120, 150]


@given(walkers())
def test_numbering_is_plane_by_plane(walker: Walker):
    """Planes and slots number the satellites without gaps, and equal slots of a plane are equally spaced."""
    assert (walker.plane_of * walker.per_plane + walker.slot_of).tolist() == list(range(walker.total))
    anomaly = walker.mean_anomaly_deg.reshape(walker.planes, walker.per_plane)
    gaps = np.diff(anomaly, axis=1) % 360
    assert gaps == pytest.approx(360 / walker.per_plane)
    assert len(walker.names) == walker.total


def test_parse_reads_the_flag():
    """ALT_KM,INC_DEG,T,P,F is a Walker Delta."""
    assert Walker.parse(" 550, 53.0,1584,72,39") == Walker(550, 53, 1584, 72, 39, "delta")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("550,53,1584,72", "--walker: must be ALT_KM,INC_DEG,T,P,F"),
        ("550,53,1584,72,39,1", "--walker: must be ALT_KM,INC_DEG,T,P,F"),
        ("high,53,12,1,0", "--walker: 'high' is not a number"),
        ("550,53,12.5,1,0", "--walker: '12.5' is not an integer"),
        ("nan,53,12,1,0", "--walker: altitude_km: must be a finite number"),
        ("-1,53,12,1,0", "--walker: altitude_km: must be from 100 to 40000 km"),
        ("550,181,12,1,0", "--walker: inclination_deg: must be from 0 to 180 deg"),
        ("550,53,0,1,0", "--walker: total: must be from 1 to"),
        ("550,53,12,5,0", "--walker: planes: 5 does not divide 12"),
        ("550,53,12,13,0", "--walker: planes: must be from 1 to 12"),
        ("550,53,12,3,3", "--walker: phasing: must be from 0 to 2"),
    ],
)
def test_bad_numbers_are_one_line(text: str, message: str):
    """Each wrong number is refused with the flag and the field."""
    with pytest.raises(InputError) as caught:
        Walker.parse(text, "--walker")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_bad_pattern_is_refused():
    """Only Delta and Star are known."""
    with pytest.raises(InputError, match="walker: pattern: must be 'delta' or 'star'"):
        Walker(550, 53, 12, 1, 0, "rosette")  # type: ignore[arg-type]
