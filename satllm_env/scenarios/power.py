"""In which power mode satellites compute: lower in the Earth's shadow and with a low battery."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from satllm_env.hardware.boards import board
from satllm_env.network import (
    EclipseRule,
    NetworkModel,
    PowerSystem,
    illuminated_fraction,
    run_battery,
    sun_position_km,
)
from satllm_env.scenarios.form import Battery, Power
from satllm_env.scenarios.networks import eclipse_rule
from satllm_env.scenarios.sites import Site

STEP_S = 60.0
"""[s] of the battery's simulation."""
ORBITS = 2
"""Revolutions that it is simulated for."""


def powered(form: Power, network: NetworkModel, site: Site, usual: dict[int, str]) -> dict[int, str]:
    """Boards, or their modes, at the moment of a request.

    Args:
        form: the scenario's power.
        network: the constellation.
        site: the moment.
        usual: board of each satellite that computes, by its number, ascending.
    """
    rule, numbers = eclipse_rule(form), list(usual)
    full = site.sunlit[numbers]
    if form.battery is not None and numbers:
        full = full & _charged(form.battery, rule, network, site, usual)
    return {n: rule.mode(usual[n], is_full) for n, is_full in zip(numbers, full.tolist(), strict=True)}


def _charged(
    battery: Battery, rule: EclipseRule, network: NetworkModel, site: Site, usual: dict[int, str]
) -> NDArray[np.bool_]:
    """Whether each battery holds enough for full compute, after two orbits of computing without pause.

    The terminals at work are those of the request's moment; in eclipse the lower mode is on.
    """
    chosen = np.zeros(len(network.constellation), np.bool_)
    chosen[list(usual)] = True
    satellites = network.constellation.select(chosen)
    period_s = 120 * math.pi / float(satellites.elements.mean_motion_rad_min.mean())
    times_s = site.snapshot.t_s + STEP_S * np.arange(-math.ceil(ORBITS * period_s / STEP_S), 1)
    sun_km = sun_position_km(satellites.epoch, times_s)
    light = illuminated_fraction(satellites.propagate(times_s).teme_km, sun_km, rule.shadow)
    full_w, lower_w = (
        np.array([[board(rule.mode(name, sunlit)).power_w] for name in usual.values()])
        for sunlit in (True, False)
    )
    system = PowerSystem(**battery.model_dump())
    trace = run_battery(
        system,
        times_s,
        light,
        load_w=system.load_w([[len(site.neighbours(number))] for number in usual]),
        compute_w=np.where(rule.sunlit(light[:, :-1]), full_w, lower_w),
        lowered_compute_w=lower_w,
    )
    enough: NDArray[np.bool_] = (
        trace.charge_wh[:, -1] >= (1 - battery.depth_of_discharge) * battery.battery_wh
    )
    return enough
