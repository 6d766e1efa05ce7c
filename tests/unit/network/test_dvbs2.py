"""DVB-S2 modems."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.errors import InputError
from satllm_env.network.dvbs2 import DVBS2_MODCODS, DvbS2, Modcod, efficient
from satllm_env.network.modem import Shannon

BITS_PER_SYMBOL = {"QPSK": 2, "8PSK": 3, "16APSK": 4, "32APSK": 5}
CORRECTED_BITS = {"2/3": 10, "5/6": 10, "8/9": 8, "9/10": 8}
"""Bit errors that the outer code of a normal frame corrects, where it is not 12 (EN 302 307-1, table 5a)."""
RATIOS_DB = st.floats(-30, 40)


@pytest.mark.parametrize("modcod", DVBS2_MODCODS, ids=lambda modcod: modcod.name)
def test_efficiencies_follow_from_the_frame(modcod: Modcod):
    """User bits of a 64,800 bit frame over its symbols.

    The LDPC code takes 64,800·r bits, of which 16 per corrected error are the BCH code's and 80 the
    header's; the symbols fill slots of 90, and one slot more is the physical layer's header.
    """
    modulation, rate = modcod.name.split()
    user_bits = 64_800 * Fraction(rate) - 16 * CORRECTED_BITS.get(rate, 12) - 80
    symbols = 64_800 // BITS_PER_SYMBOL[modulation] + 90
    assert modcod.efficiency == pytest.approx(float(user_bits / symbols), abs=5e-7)


def test_the_table_is_the_standards():
    """28 MODCODs, within each modulation more efficient and more demanding with the code rate.

    All lie 1 to 4 dB above Shannon's ``2^η − 1``.
    """
    assert len({modcod.name for modcod in DVBS2_MODCODS}) == len(DVBS2_MODCODS) == 28
    for modulation in BITS_PER_SYMBOL:
        rows = [modcod for modcod in DVBS2_MODCODS if modcod.name.split()[0] == modulation]
        assert (np.diff([modcod.efficiency for modcod in rows]) > 0).all()
        assert (np.diff([modcod.es_n0_db for modcod in rows]) > 0).all()
    for modcod in DVBS2_MODCODS:
        assert 1 < modcod.es_n0_db - 10 * np.log10(2**modcod.efficiency - 1) < 4


def test_only_modcods_that_are_ever_best_are_kept():
    """The six left out need as much as another that carries as much."""
    left_out = set(DVBS2_MODCODS) - set(efficient(DVBS2_MODCODS))
    assert {modcod.name for modcod in left_out} == {
        "QPSK 8/9",
        "8PSK 5/6",
        "8PSK 8/9",
        "8PSK 9/10",
        "16APSK 8/9",
        "16APSK 9/10",
    }


def test_of_two_equally_demanding_modcods_the_faster_is_kept():
    """Neither order of a tie matters."""
    slow, fast = Modcod("slow", 1.0, 3.0), Modcod("fast", 1.5, 3.0)
    assert efficient([slow, fast]) == efficient([fast, slow]) == (fast,)


@given(RATIOS_DB, st.sampled_from([0.05, 0.2, 0.25, 0.35]), st.floats(0, 3))
def test_the_best_modcod_is_found(carrier_to_noise_db: float, roll_off: float, margin_db: float):
    """The rate is the greatest over all MODCODs that close by power over noise density, one at a time."""
    bandwidth_hz = 400e6
    modem = DvbS2(roll_off, margin_db)
    c_n0_hz = 10 ** (carrier_to_noise_db / 10) * bandwidth_hz
    symbol_rate = bandwidth_hz / (1 + roll_off)
    es_n0_db = 10 * np.log10(c_n0_hz / symbol_rate)
    rates = [
        modcod.efficiency * symbol_rate
        for modcod in DVBS2_MODCODS
        if es_n0_db - margin_db >= modcod.es_n0_db + 1e-9
    ]
    nearly = any(abs(es_n0_db - margin_db - modcod.es_n0_db) < 1e-9 for modcod in DVBS2_MODCODS)
    rate = modem.rate_bps(np.array([carrier_to_noise_db]), bandwidth_hz)[0]
    assert nearly or rate == pytest.approx(max(rates, default=0.0))


@given(RATIOS_DB, st.floats(0.05, 0.35))
def test_shannon_is_never_exceeded(carrier_to_noise_db: float, roll_off: float):
    """No MODCOD carries more than the occupied bandwidth's capacity."""
    ratio = np.array([carrier_to_noise_db])
    assert DvbS2(roll_off).rate_bps(ratio, 1e8)[0] < Shannon().rate_bps(ratio, 1e8)[0]


def test_the_rate_is_a_staircase():
    """0 below −2.35 dB of Es/N0, from there up one step per efficient MODCOD, the last from 16.05 dB on."""
    modem, steps = DvbS2(), efficient(DVBS2_MODCODS)
    for below, modcod in zip((0.0, *(m.efficiency for m in steps)), steps, strict=False):
        at_step = modem.efficiency(np.array([modcod.es_n0_db - 1e-9, modcod.es_n0_db]))
        assert at_step.tolist() == [below, modcod.efficiency]
    assert modem.efficiency(np.array([-np.inf, -2.36, 16.05, 99.0])).tolist() == [0, 0, 4.453027, 4.453027]


def test_an_implementation_margin_shifts_the_staircase():
    """With 1.5 dB of margin everything needs 1.5 dB more."""
    es_n0_db = np.arange(-10, 25, 0.0625)
    shifted = DvbS2(implementation_margin_db=1.5).efficiency(es_n0_db + 1.5)
    assert np.array_equal(shifted, DvbS2().efficiency(es_n0_db))


def test_a_satellite_without_apsk_stops_at_8psk():
    """The choice of MODCODs limits the rate."""
    modcods = tuple(modcod for modcod in DVBS2_MODCODS if "APSK" not in modcod.name)
    assert DvbS2(modcods=modcods).efficiency(np.array([9.0, 30.0])).tolist() == [2.228124, 2.679207]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("roll_off", 0.04),
        ("roll_off", 0.36),
        ("implementation_margin_db", -0.1),
        ("implementation_margin_db", float("nan")),
        ("modcods", ()),
    ],
)
def test_impossible_modems_are_refused(field: str, value: object):
    """Each wrong value names the modem and the field."""
    with pytest.raises(InputError, match=f"^DVB-S2 modem: {field}: "):
        DvbS2(**{field: value})


@pytest.mark.parametrize(("efficiency", "es_n0_db"), [(0.0, 1.0), (1.0, float("nan"))])
def test_impossible_modcods_are_refused(efficiency: float, es_n0_db: float):
    """A MODCOD that carries nothing or needs no number is named."""
    with pytest.raises(InputError, match=r"^MODCOD '2/1': (efficiency|es_n0_db): must be"):
        Modcod("2/1", efficiency, es_n0_db)
