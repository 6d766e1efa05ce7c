"""Seeded random instances of given sizes for speed measurements.

Layers, nodes and links vary by factors of two to five, as between power modes of one board and between
links of one constellation; satellites hold a third to two thirds of the model, so that at least two must
share it; the loss of a level grows with its ratio, so that the accuracy budget binds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from satllm_env.problem import Problem, parse_problem

Shape = Literal["chain", "ring", "grid"]
Pair = tuple[int, int]

RATIOS = (1.0, 4.0, 8.0, 16.0, 26.0, 36.0, 48.0, 64.0)
LOSSES = (0.0, 0.06, 0.13, 0.25, 0.38, 0.5, 0.66, 0.85)


@dataclass(frozen=True)
class Size:
    """What an instance is like.

    A chain leads from the source to the satellite that sees the ground; a ring and a +Grid have links
    both ways, and the source is `hops` links from the nearest of the `downlinks` satellites that see it.
    """

    shape: Shape
    layers: int
    satellites: int
    levels: int
    micro_batches: int
    planes: int = 1
    downlinks: int = 1
    hops: int = 4

    @property
    def name(self) -> str:
        """The size in one word."""
        return f"{self.shape}-L{self.layers}-S{self.satellites}-Q{self.levels}-M{self.micro_batches}"


def sized_problem(size: Size, seed: int) -> Problem:
    """Draw an instance of a size."""
    rng = np.random.default_rng(seed)
    weights = rng.uniform(20e6, 60e6, size.layers)
    layers = [_layer(rng, i, weight) for i, weight in enumerate(weights.tolist())]
    nodes: list[dict[str, Any]] = [
        _satellite(rng, number, float(weights.sum())) for number in range(size.satellites)
    ]
    nodes.append({"id": "ground", "kind": "ground", "flops_per_s": 2e13})
    pairs = _pairs(size)
    source, downlinks = _ends(rng, size, pairs)
    links = [_link(rng, f"sat-{a}", f"sat-{b}") for a, b in pairs]
    links += [_link(rng, f"sat-{number}", "ground") for number in downlinks]
    return parse_problem(
        {
            "format": "satllm-split-problem/1",
            "model": {
                "name": size.name,
                "input_bytes": float(rng.uniform(5e6, 16e6)),
                "result_bytes": 4000.0,
                "layers": layers,
            },
            "nodes": nodes,
            "links": links,
            "source": f"sat-{source}",
            "destination": "ground",
            "ground_may_compute": False,
            "compression": [_level(rng, q, size.layers - 1) for q in range(size.levels)],
            "accuracy_budget": float(rng.choice([0.5, 1.0])),
            "micro_batches": size.micro_batches,
        },
        size.name,
    )


def _layer(rng: np.random.Generator, index: int, weight_bytes: float) -> dict[str, Any]:
    return {
        "name": f"block{index}",
        "flops": float(rng.uniform(2e9, 8e9)),
        "weight_bytes": weight_bytes,
        "activation_bytes": float(rng.uniform(0.2e6, 0.9e6)),
        "workspace_bytes": float(rng.uniform(1e5, 2e7)),
    }


def _satellite(rng: np.random.Generator, number: int, model_bytes: float) -> dict[str, Any]:
    return {
        "id": f"sat-{number}",
        "kind": "satellite",
        "flops_per_s": float(rng.uniform(0.9e12, 5e12)),
        "memory_bytes": float(rng.uniform(0.33, 0.67)) * model_bytes,
        "codec_speed": float(rng.choice([0.5, 1.0, 2.0])),
    }


def _link(rng: np.random.Generator, source: str, target: str) -> dict[str, Any]:
    rate, latency = float(rng.uniform(2e8, 8e8)), float(rng.uniform(2e-3, 12e-3))
    return {"from": source, "to": target, "rate_bps": rate, "latency_s": latency}


def _level(rng: np.random.Generator, index: int, cuts: int) -> dict[str, Any]:
    if index == 0:
        return {"name": "none", "ratio": 1.0, "loss": 0.0}
    return {
        "name": f"q{index}",
        "ratio": (RATIOS[index] * rng.uniform(0.85, 1.15, cuts)).tolist(),
        "loss": (LOSSES[index] * rng.uniform(0.7, 1.3, cuts)).tolist(),
        "encode_s_per_byte": 1e-9 * (1 + index),
        "decode_s_per_byte": 0.5e-9 * (1 + index),
    }


def _pairs(size: Size) -> list[Pair]:
    count = size.satellites
    if size.shape == "chain":
        return [(i, i + 1) for i in range(count - 1)]
    around = count // size.planes
    pairs = set()
    for number in range(count):
        plane, place = divmod(number, around)
        ahead = plane * around + (place + 1) % around
        pairs |= {(number, ahead), (ahead, number)} if ahead != number else set()
        if size.planes > 1:
            beside = (plane + 1) % size.planes * around + place
            pairs |= {(number, beside), (beside, number)}
    return sorted(pairs)


def _ends(rng: np.random.Generator, size: Size, pairs: list[Pair]) -> tuple[int, list[int]]:
    """The source, and the satellites that see the ground."""
    if size.shape == "chain":
        return 0, [size.satellites - 1]
    first = int(rng.integers(size.satellites))
    near = _by_hops(pairs, first)
    downlinks = near[: size.downlinks]
    hops = _hops(pairs, downlinks, size.satellites)
    far = np.flatnonzero(hops == min(size.hops, int(hops.max())))
    return int(rng.choice(far)), sorted(downlinks)


def _by_hops(pairs: list[Pair], start: int) -> list[int]:
    """Satellites by their distance from one, breadth first."""
    neighbours: dict[int, list[int]] = {}
    for a, b in pairs:
        neighbours.setdefault(a, []).append(b)
    order, seen = [start], {start}
    for node in order:
        for other in neighbours.get(node, []):
            if other not in seen:
                seen.add(other)
                order.append(other)
    return order


def _hops(pairs: list[Pair], starts: list[int], count: int) -> np.ndarray:
    """(S,) hops to the nearest of some satellites."""
    hops = np.full(count, count)
    hops[starts] = 0
    for _ in range(count):
        before = hops.copy()
        for a, b in pairs:
            hops[a] = min(hops[a], hops[b] + 1)
        if np.array_equal(before, hops):
            break
    return hops
