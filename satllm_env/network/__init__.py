"""The LEO network: orbits, topology, budgets, stations, and snapshots over time."""

from __future__ import annotations

from satllm_env.network.atmosphere import AtmosphericLoss
from satllm_env.network.budget import DownlinkBudget, FixedRate, IslBudget
from satllm_env.network.epochs import DEFAULT_EPOCH, parse_epoch
from satllm_env.network.kaband import KaBandDownlink
from satllm_env.network.laser import LaserBudget
from satllm_env.network.links import snapshot_links
from satllm_env.network.network_model import NetworkModel, walker_network
from satllm_env.network.orbits import Constellation, Ephemeris, walker_constellation
from satllm_env.network.paths import Paths, hops_from, latency_graph, shortest_paths
from satllm_env.network.snapshot import GroundTable, IslTable, Snapshot
from satllm_env.network.stations import Station, default_stations, read_stations
from satllm_env.network.topology import Topology, from_pairs, plus_grid, ring
from satllm_env.network.topology_file import read_topology
from satllm_env.network.walker import Walker

__all__ = [
    "DEFAULT_EPOCH",
    "AtmosphericLoss",
    "Constellation",
    "DownlinkBudget",
    "Ephemeris",
    "FixedRate",
    "GroundTable",
    "IslBudget",
    "IslTable",
    "KaBandDownlink",
    "LaserBudget",
    "NetworkModel",
    "Paths",
    "Snapshot",
    "Station",
    "Topology",
    "Walker",
    "default_stations",
    "from_pairs",
    "hops_from",
    "latency_graph",
    "parse_epoch",
    "plus_grid",
    "read_stations",
    "read_topology",
    "ring",
    "shortest_paths",
    "snapshot_links",
    "walker_constellation",
    "walker_network",
]
