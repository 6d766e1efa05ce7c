"""Satellites that have failed."""

from __future__ import annotations

import numpy as np

from satllm_env.network.checks import check_count, check_number
from satllm_env.network.counter_random import fold, seeded


def lost_satellites(satellites: int, share: float, seed: int) -> frozenset[int]:
    """Draw the satellites that have failed: the nearest whole number to a share of all, any as likely.

    A greater share with the same seed loses the same satellites and more.

    Args:
        satellites: S.
        share: [1] 0 to 1.
        seed: 0 to 2⁶³ − 1.

    Returns:
        Numbers of satellites, for `Disruptions.lost`.

    Raises:
        InputError: a value out of its range.
    """
    check_number("lost satellites", "share", share, 0, 1)
    check_count("lost satellites", "seed", seed, 0, 2**63 - 1)
    order = np.argsort(fold(seeded(seed), np.arange(satellites)), kind="stable")
    return frozenset(order[: round(share * satellites)].tolist())
