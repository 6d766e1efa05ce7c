"""Problems to draw: rings with a map, chains, and plans of every shape."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from satllm_env.figures import MapLayout
from satllm_env.problem import Instance, Plan, Walk, parse_problem
from tests.unit.problem.generator import legal_moves, make


def network_data(
    nodes: list[str], pairs: list[tuple[str, str]], layers: int = 12, micro_batches: int = 8
) -> dict[str, Any]:
    """A problem over links both ways, the last node its ground, the first its source."""
    satellites = [{"id": n, "kind": "satellite", "flops_per_s": 1e13} for n in nodes[:-1]]
    blocks = [
        {"name": f"b{i}", "flops": 1.6e11, "weight_bytes": 1.0, "activation_bytes": 4e6}
        for i in range(layers)
    ]
    links = [{"from": u, "to": v, "rate_bps": 1e9, "latency_s": 0.01} for u, v in pairs]
    links += [{**link, "from": link["to"], "to": link["from"]} for link in links if nodes[-1] != link["to"]]
    return {
        "format": "satllm-split-problem/1",
        "model": {"name": "vit-g", "input_bytes": 1e7, "result_bytes": 4e3, "layers": blocks},
        "nodes": [*satellites, {"id": nodes[-1], "kind": "ground", "flops_per_s": 4e13}],
        "links": links,
        "source": nodes[0],
        "destination": nodes[-1],
        "compression": [
            {"name": "none", "ratio": 1.0, "loss": 0.0},
            {
                "name": "mask-22-int8",
                "ratio": 25.0,
                "loss": 0.1,
                "encode_s_per_byte": 5e-9,
                "decode_s_per_byte": 2e-9,
            },
        ],
        "accuracy_budget": 1.0,
        "micro_batches": micro_batches,
    }


def ring(satellites: int = 12, **settings: Any) -> Instance:
    """Satellites in a ring with one downlink, from the satellite half-way round."""
    ids = [f"sat-{i}" for i in range(satellites)]
    pairs = [(ids[i], ids[(i + 1) % satellites]) for i in range(satellites)]
    data = network_data([*ids, "ground"], [*pairs, (ids[satellites // 2], "ground")], **settings)
    return Instance.from_problem(parse_problem(data))


def chain(satellites: int = 4, **settings: Any) -> Instance:
    """Satellites in a row, the ground behind the last."""
    ids = [f"sat-{i}" for i in range(satellites)] + ["ground"]
    return Instance.from_problem(parse_problem(network_data(ids, list(pairwise(ids)), **settings)))


def ring_layout(satellites: int = 12, station: str = "ground") -> MapLayout:
    """One orbit at 53° under the satellites of `ring`."""
    along = np.deg2rad(np.arange(satellites) * 360.0 / satellites)
    inclination = np.deg2rad(53.0)
    return MapLayout(
        satellite_ids=tuple(f"sat-{i}" for i in range(satellites)),
        satellite_lat_deg=np.rad2deg(np.arcsin(np.sin(inclination) * np.sin(along))),
        satellite_lon_deg=np.rad2deg(np.arctan2(np.cos(inclination) * np.sin(along), np.cos(along))),
        isls=np.array([(i, (i + 1) % satellites) for i in range(satellites)]),
        station_ids=(station,),
        station_lat_deg=np.array([-25.0]),
        station_lon_deg=np.array([150.0]),
    )


def forward(instance: Instance, stages: int, level: int = 1) -> Walk:
    """Follow each node's first unused way on, sharing the layers among the first satellites."""
    walk, layers = Walk(instance), instance.tables.num_layers
    share = -(-layers // max(stages, 1))
    while not walk.finished:
        if stages and walk.boundary < layers:
            for _ in range(min(share, layers - walk.boundary)):
                walk.compute()
        sends = [move for move in legal_moves(walk) if move is not None]
        best = max(sends, key=lambda move: (instance.is_downlink[move[0]], move[1] == level, -move[0]))
        make(walk, best)
    return walk


def forward_plan(instance: Instance, stages: int) -> Plan:
    """The plan of `forward`."""
    return Plan.from_walk(forward(instance, stages))
