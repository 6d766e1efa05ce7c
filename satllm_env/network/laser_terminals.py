"""Laser terminals between satellites whose makers state a rate and a range."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from satllm_env.network.budget import FixedRate

LASER_TERMINALS: Mapping[str, FixedRate] = MappingProxyType(
    {
        # SpaceX at SPIE Photonics West 2024 (PCMag, 30 January 2024): 100 Gbit/s a link, up to 5,400 km
        "starlink": FixedRate(100e9, max_range_m=5_400e3),
        # Tesat (Satellite Today, 28 May 2024): 10 Gbit/s both ways up to 8,000 km
        "tesat-scot80": FixedRate(10e9, max_range_m=8_000e3),
    }
)
"""Inter-satellite budgets by name: the stated rate up to the stated range, 0 beyond. They hold what the
makers say and no optics; `LaserBudget` computes."""
