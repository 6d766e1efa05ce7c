"""The LEO network: orbits, topology, budgets, stations, and snapshots over time."""

from __future__ import annotations

from satllm_env.network.atmosphere import AtmosphericLoss
from satllm_env.network.battery import BatteryTrace, run_battery
from satllm_env.network.budget import DownlinkBudget, FixedRate, IslBudget
from satllm_env.network.disruptions import Disruptions
from satllm_env.network.dvbs2 import DVBS2_MODCODS, DvbS2, Modcod
from satllm_env.network.eclipse import illuminated_fraction
from satllm_env.network.eclipse_rule import EclipseRule
from satllm_env.network.element_files import read_element_sets
from satllm_env.network.element_sets import (
    DecayedWarning,
    ElementSets,
    constellation_of,
)
from satllm_env.network.epochs import DEFAULT_EPOCH, parse_epoch
from satllm_env.network.interpolation import InterpolatedEphemeris, interpolate
from satllm_env.network.itu_atmosphere import itu_downlinks, itu_loss
from satllm_env.network.kaband import KaBandDownlink
from satllm_env.network.laser import LaserBudget
from satllm_env.network.laser_terminals import LASER_TERMINALS
from satllm_env.network.links import snapshot_links
from satllm_env.network.lost import lost_satellites
from satllm_env.network.modem import Modem, Shannon
from satllm_env.network.nearest import NearestNeighbours
from satllm_env.network.network_model import NetworkModel, walker_network
from satllm_env.network.omm import read_omm
from satllm_env.network.orbits import (
    Constellation,
    Ephemeris,
    StaleElementsWarning,
    walker_constellation,
)
from satllm_env.network.outages import OutageModel
from satllm_env.network.paths import Paths, hops_from, latency_graph, shortest_paths
from satllm_env.network.plane_grid import plane_grid
from satllm_env.network.planes import Planes, Shell, recover_planes
from satllm_env.network.power import PowerSystem
from satllm_env.network.snapshot import GroundTable, IslTable, Snapshot
from satllm_env.network.stations import Station, default_stations, read_stations
from satllm_env.network.sun import sun_position_km
from satllm_env.network.timeline import LinkTimeline, link_timeline
from satllm_env.network.tle import read_tle
from satllm_env.network.topology import Topology, TopologyRule, from_pairs, plus_grid, ring
from satllm_env.network.topology_file import read_topology
from satllm_env.network.walker import Walker
from satllm_env.network.windows import LinkWindows, StationWindows, link_windows, station_windows

__all__ = [
    "DEFAULT_EPOCH",
    "DVBS2_MODCODS",
    "LASER_TERMINALS",
    "AtmosphericLoss",
    "BatteryTrace",
    "Constellation",
    "DecayedWarning",
    "Disruptions",
    "DownlinkBudget",
    "DvbS2",
    "EclipseRule",
    "ElementSets",
    "Ephemeris",
    "FixedRate",
    "GroundTable",
    "InterpolatedEphemeris",
    "IslBudget",
    "IslTable",
    "KaBandDownlink",
    "LaserBudget",
    "LinkTimeline",
    "LinkWindows",
    "Modcod",
    "Modem",
    "NearestNeighbours",
    "NetworkModel",
    "OutageModel",
    "Paths",
    "Planes",
    "PowerSystem",
    "Shannon",
    "Shell",
    "Snapshot",
    "StaleElementsWarning",
    "Station",
    "StationWindows",
    "Topology",
    "TopologyRule",
    "Walker",
    "constellation_of",
    "default_stations",
    "from_pairs",
    "hops_from",
    "illuminated_fraction",
    "interpolate",
    "itu_downlinks",
    "itu_loss",
    "latency_graph",
    "link_timeline",
    "link_windows",
    "lost_satellites",
    "parse_epoch",
    "plane_grid",
    "plus_grid",
    "read_element_sets",
    "read_omm",
    "read_stations",
    "read_tle",
    "read_topology",
    "recover_planes",
    "ring",
    "run_battery",
    "shortest_paths",
    "snapshot_links",
    "station_windows",
    "sun_position_km",
    "walker_constellation",
    "walker_network",
]
