"""The network of a scenario: constellation, links, stations, budgets, and what disrupts them."""

from __future__ import annotations

import numpy as np

from satllm_env.errors import InputError
from satllm_env.network import (
    Constellation,
    Disruptions,
    DownlinkBudget,
    DvbS2,
    EclipseRule,
    FixedRate,
    KaBandDownlink,
    LaserBudget,
    NearestNeighbours,
    NetworkModel,
    OutageModel,
    Shannon,
    Station,
    TopologyRule,
    Walker,
    constellation_of,
    default_stations,
    itu_downlinks,
    lost_satellites,
    plane_grid,
    plus_grid,
    read_element_sets,
    recover_planes,
    ring,
    walker_constellation,
)
from satllm_env.scenarios.form import DEFAULT_EPOCH, Downlink, Orbits, Power, ScenarioForm

SEEDS = 2**63
"""Seeds of the network's own draws are below this."""


def build_network(form: ScenarioForm, source: str) -> NetworkModel:
    """The network of a scenario, undisturbed.

    Args:
        form: the scenario.
        source: its file, to name in errors.

    Raises:
        InputError: the constellation, a station or a budget is wrong.
    """
    stations = _stations(form.downlink, source)
    try:
        constellation, links = _constellation(form.orbits)
        return NetworkModel(
            constellation,
            links,
            stations,
            isl_budget=LaserBudget(cap_bps=form.isl.cap_bps, required_margin_db=form.isl.margin_db),
            downlink_budget=_downlink_budget(form.downlink, stations),
            min_elevation_deg=form.downlink.min_elevation_deg,
        )
    except InputError as error:
        raise InputError(source, "orbits", str(error)) from None


def draw_disruptions(form: ScenarioForm, rng: np.random.Generator, satellites: int) -> Disruptions:
    """What fails during one request; nothing is drawn for a scenario without failures."""
    eclipse = None if form.power is None else eclipse_rule(form.power)
    failures = form.failures
    if failures is None:
        return Disruptions(eclipse=eclipse)
    isl, downlink, lost = rng.integers(SEEDS, size=3).tolist()
    spans = failures.outage_s, failures.acquisition_s
    return Disruptions(
        isl_outages=OutageModel(isl, failures.isl_availability, *spans),
        downlink_outages=OutageModel(downlink, failures.downlink_availability, *spans),
        lost=lost_satellites(satellites, failures.lost_share, lost),
        eclipse=eclipse,
    )


def eclipse_rule(power: Power) -> EclipseRule:
    """What a scenario's satellites do without in eclipse."""
    return EclipseRule(
        shadow=power.shadow, downlink_in_eclipse=power.downlink_in_eclipse, modes=power.lower_modes
    )


def _constellation(orbits: Orbits) -> tuple[Constellation, TopologyRule]:
    nearest = NearestNeighbours(orbits.terminals)
    if orbits.elements is not None:
        sets = read_element_sets(orbits.elements)
        constellation = constellation_of(sets, orbits.epoch, orbits.window_s)
        if orbits.topology == "nearest":
            return constellation, nearest
        return constellation, plane_grid(recover_planes(constellation))
    walker = _walker(orbits)
    constellation = walker_constellation(walker, orbits.epoch or DEFAULT_EPOCH)
    rules: dict[str, TopologyRule] = {"ring": ring(walker), "plus-grid": plus_grid(walker)}
    return constellation, rules.get(orbits.topology, nearest)


def _walker(orbits: Orbits) -> Walker:
    # the form has checked that none of these is missing
    assert orbits.altitude_km is not None
    assert orbits.inclination_deg is not None
    assert orbits.satellites is not None
    assert orbits.planes is not None
    return Walker(
        orbits.altitude_km,
        orbits.inclination_deg,
        orbits.satellites,
        orbits.planes,
        orbits.phasing,
        orbits.pattern,
    )


def _downlink_budget(
    form: Downlink, stations: tuple[Station, ...]
) -> DownlinkBudget | tuple[DownlinkBudget, ...]:
    if form.rate_bps != "ka-band":
        return FixedRate(1.0)  # a rate that is drawn for each request takes the place of this one
    budget = KaBandDownlink(modem=DvbS2() if form.modem == "dvb-s2" else Shannon())
    if form.weather_availability is None:
        return budget
    return itu_downlinks(stations, budget, form.weather_availability)


def _stations(form: Downlink, source: str) -> tuple[Station, ...]:
    known = {station.name: station for station in default_stations()}
    if form.stations == "all":
        return tuple(known.values())
    for index, name in enumerate(form.stations):
        if name not in known:
            problem = f"unknown station {name!r}; known are {', '.join(known)}"
            raise InputError(source, f"downlink.stations[{index}]", problem)
    return tuple(known[name] for name in form.stations)
