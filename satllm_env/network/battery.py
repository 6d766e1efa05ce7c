"""The charge of satellites' batteries over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from satllm_env.errors import InputError
from satllm_env.network.power import PowerSystem


@dataclass(frozen=True, eq=False)
class BatteryTrace:
    """Charge at T times, and where the energy went in the T − 1 steps between them.

    In every step ``collected + unmet + charge before = used + lost + spilled + charge after``.
    """

    times_s: NDArray[np.float64]
    """[s] shape (T,)."""
    charge_wh: NDArray[np.float64]
    """[Wh] shape (S, T)."""
    full_compute: NDArray[np.bool_]
    """Whether the battery allowed full compute in a step, shape (S, T − 1)."""
    collected_wh: NDArray[np.float64]
    """[Wh] from the panels, shape (S, T − 1)."""
    used_wh: NDArray[np.float64]
    """[Wh] that the loads asked for, shape (S, T − 1)."""
    lost_wh: NDArray[np.float64]
    """[Wh] lost in charging, shape (S, T − 1)."""
    spilled_wh: NDArray[np.float64]
    """[Wh] that the full battery turned away, shape (S, T − 1)."""
    unmet_wh: NDArray[np.float64]
    """[Wh] that loads asked for in vain, the battery being empty, shape (S, T − 1)."""


def run_battery(
    system: PowerSystem,
    times_s: ArrayLike,
    illumination: ArrayLike,
    load_w: ArrayLike,
    compute_w: ArrayLike,
    lowered_compute_w: ArrayLike = 0.0,
    start_charge: ArrayLike = 1.0,
) -> BatteryTrace:
    """Integrate the charge of S batteries, step by step from each time to the next.

    A step's illumination is the mean of its two ends. What the panels give beyond the load charges the
    battery, less the charging loss; what they lack comes from it. Compute runs at its full power in a step
    at whose start the charge is at or above ``1 − depth of discharge``, and at its lowered power otherwise.

    Args:
        system: of each satellite.
        times_s: [s] ascending, shape (T,), T at least 2.
        illumination: [1] share of the Sun's disk in sight, shape (S, T).
        load_w: [W] of all but compute in each step (`PowerSystem.load_w`), shape (S, T − 1) or one that
            broadcasts to it, as (S, 1) or a number.
        compute_w: [W] of compute while the battery allows it, likewise.
        lowered_compute_w: [W] of compute while it does not, likewise; 0 refuses compute.
        start_charge: [1] share of the battery at the first time, a number or shape (S,).

    Raises:
        InputError: shapes that do not fit, times that do not ascend, or a value out of its range.
    """
    times, light = np.asarray(times_s, dtype=np.float64), np.asarray(illumination, dtype=np.float64)
    _check_times(times, light)
    steps_h = np.diff(times) / 3600
    shape = (len(light), len(steps_h))
    collected_wh = system.supply_w((light[:, :-1] + light[:, 1:]) / 2) * steps_h
    load_wh = _broadcast("load_w", load_w, shape) * steps_h
    full_wh = load_wh + _broadcast("compute_w", compute_w, shape) * steps_h
    lowered_wh = load_wh + _broadcast("lowered_compute_w", lowered_compute_w, shape) * steps_h
    charge_wh = [system.battery_wh * _broadcast("start_charge", start_charge, shape[:1], 1.0)]
    steps: list[_Step] = []
    for energies_wh in zip(collected_wh.T, full_wh.T, lowered_wh.T, strict=True):
        steps.append(_step(system, charge_wh[-1], *energies_wh))
        charge_wh.append(steps[-1].after_wh)
    full, used, lost, spilled, unmet, _ = (np.column_stack(parts) for parts in zip(*steps, strict=True))
    return BatteryTrace(times, np.column_stack(charge_wh), full, collected_wh, used, lost, spilled, unmet)


class _Step(NamedTuple):
    """One step of all satellites, shapes (S,)."""

    full: NDArray[np.bool_]
    used_wh: NDArray[np.float64]
    lost_wh: NDArray[np.float64]
    spilled_wh: NDArray[np.float64]
    unmet_wh: NDArray[np.float64]
    after_wh: NDArray[np.float64]


def _step(
    system: PowerSystem,
    charge_wh: NDArray[np.float64],
    collected_wh: NDArray[np.float64],
    full_wh: NDArray[np.float64],
    lowered_wh: NDArray[np.float64],
) -> _Step:
    gain, capacity_wh = system.charge_efficiency, system.battery_wh
    full = charge_wh >= (1 - system.depth_of_discharge) * capacity_wh
    used_wh = np.where(full, full_wh, lowered_wh)
    surplus_wh = np.maximum(collected_wh - used_wh, 0.0)
    lack_wh = np.maximum(used_wh - collected_wh, 0.0)
    taken_wh = np.minimum(surplus_wh, (capacity_wh - charge_wh) / gain)
    given_wh = np.minimum(lack_wh, charge_wh)
    # rounding must not lift a full battery over its capacity
    after_wh = np.minimum(charge_wh + gain * taken_wh - given_wh, capacity_wh)
    return _Step(full, used_wh, (1 - gain) * taken_wh, surplus_wh - taken_wh, lack_wh - given_wh, after_wh)


def _check_times(times_s: NDArray[np.float64], illumination: NDArray[np.float64]) -> None:
    if times_s.ndim != 1 or len(times_s) < 2 or not (np.diff(times_s) > 0).all():
        raise InputError("battery", "times_s", "must be at least two ascending times")
    if illumination.ndim != 2 or illumination.shape[1] != len(times_s):
        raise InputError(
            "battery", "illumination", f"must have {len(times_s)} times (got shape {illumination.shape})"
        )
    if not ((illumination >= 0) & (illumination <= 1)).all():
        raise InputError("battery", "illumination", "must be from 0 to 1")


def _broadcast(
    field: str, value: ArrayLike, shape: tuple[int, ...], high: float = np.inf
) -> NDArray[np.float64]:
    try:
        values = np.broadcast_to(np.asarray(value, dtype=np.float64), shape)
    except ValueError:
        raise InputError("battery", field, f"does not fit the shape {shape}") from None
    if not ((values >= 0) & (values <= high) & np.isfinite(values)).all():
        raise InputError("battery", field, f"must be from 0 to {high:g}")
    return values
