"""Random problems of every shape, drawn from a generator; small ones by default."""

from __future__ import annotations

from typing import Any

import numpy as np

from satllm_env.problem import Problem, parse_problem

SHAPES = ("line", "ring", "full", "one-way", "grid")
"""Topologies; `grid` is a +Grid piece of two rows, `one-way` an acyclic graph."""

Pair = tuple[int, int]


def random_problem(
    rng: np.random.Generator,
    shape: str | None = None,
    layers: int | None = None,
    satellites: int | None = None,
    levels: int | None = None,
    micro_batches: int | None = None,
    ties: bool | None = None,
) -> Problem:
    """Draw a problem.

    Args:
        rng: generator.
        shape: one of `SHAPES`.
        layers: L, 2 to 5 by default.
        satellites: 2 to 4 by default; the destination comes on top.
        levels: Q, 1 to 3 by default.
        micro_batches: M; 1, 4, 16 or 64 by default.
        ties: whether all times come from two values, so that many plans cost the same.
    """
    shape = str(rng.choice(SHAPES)) if shape is None else shape
    layers = int(rng.integers(2, 6)) if layers is None else layers
    satellites = int(rng.integers(2, 5)) if satellites is None else satellites
    levels = int(rng.integers(1, 4)) if levels is None else levels
    ties = bool(rng.random() < 0.25) if ties is None else ties
    draw = Tied(rng) if ties else Spread(rng)
    weights = [draw(20e6, 60e6) for _ in range(layers)]
    nodes = [_satellite(rng, draw, i, layers, sum(weights)) for i in range(satellites)]
    nodes.append(ground_form(rng))
    return parse_problem(
        {
            "format": "satllm-split-problem/1",
            "model": {
                "name": "random",
                "input_bytes": draw(5e6, 16e6),
                "result_bytes": 4000.0,
                "layers": [layer_form(rng, draw, i, weights[i]) for i in range(layers)],
            },
            "nodes": nodes,
            "links": _links(rng, draw, shape, satellites),
            "source": "sat-0",
            "destination": "ground",
            "ground_may_compute": bool(rng.random() < 0.5),
            "compression": [none_form(), *(level_form(rng, q, layers - 1) for q in range(1, levels))],
            "accuracy_budget": float(rng.choice([0.0, 0.15, 0.3, 0.6, 1.0])),
            "micro_batches": int(rng.choice([1, 4, 16, 64])) if micro_batches is None else micro_batches,
        }
    )


class Spread:
    """Draws from a whole range."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def __call__(self, low: float, high: float) -> float:
        """A number between the two."""
        return float(self.rng.uniform(low, high))


class Tied:
    """Draws one of the two ends of a range."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def __call__(self, low: float, high: float) -> float:
        """One of the two."""
        return float(low if self.rng.random() < 0.5 else high)


Draw = Spread | Tied


def layer_form(rng: np.random.Generator, draw: Draw, index: int, weight: float) -> dict[str, Any]:
    """A layer of some FLOPs, bytes of activation, and `weight` bytes of weights; half keep state, too."""
    layer = {
        "name": f"block{index}",
        "flops": draw(2e9, 8e9),
        "weight_bytes": weight,
        "activation_bytes": draw(0.2e6, 0.9e6),
    }
    if rng.random() < 0.5:
        layer["workspace_bytes"] = draw(1e5, 2e7)
        layer["state_bytes"] = draw(0.0, 5e6)
    return layer


def _satellite(rng: np.random.Generator, draw: Draw, index: int, layers: int, model: float) -> dict[str, Any]:
    node: dict[str, Any] = {
        "id": f"sat-{index}",
        "kind": "satellite",
        "memory_bytes": draw(0.3, 1.3) * model,
        "codec_speed": float(rng.choice([0.5, 1.0, 2.0])),
    }
    kind = rng.random()
    if kind < 0.7:
        node["flops_per_s"] = draw(0.9e12, 5e12)
    elif kind < 0.85:
        node["layer_s"] = [draw(5e-4, 8e-3) for _ in range(layers)]
    return node  # the others can only relay


def ground_form(rng: np.random.Generator) -> dict[str, Any]:
    """A ground site, in three of ten draws with too little memory for most models."""
    limit = None if rng.random() < 0.7 else 1e8
    return {"id": "ground", "kind": "ground", "flops_per_s": 2e13, "memory_bytes": limit}


def none_form() -> dict[str, Any]:
    """Level 0."""
    return {"name": "none", "ratio": 1.0, "loss": 0.0}


def level_form(rng: np.random.Generator, index: int, cuts: int) -> dict[str, Any]:
    """Level `index`: the higher, the smaller and the lossier; half have figures of their own per cut."""
    ratio, loss = 4.0 * index, 0.12 * index
    per_cut = rng.random() < 0.5
    return {
        "name": f"q{index}",
        "ratio": [ratio * float(rng.uniform(0.8, 1.2)) for _ in range(cuts)] if per_cut else ratio,
        "loss": [loss * float(rng.uniform(0.6, 1.4)) for _ in range(cuts)] if per_cut else loss,
        "encode_s_per_byte": 2e-9 * index,
        "decode_s_per_byte": 1e-9 * index,
    }


def _links(rng: np.random.Generator, draw: Draw, shape: str, satellites: int) -> list[dict[str, Any]]:
    pairs = pairs_of(rng, shape, satellites)
    down = rng.choice(satellites, size=int(rng.integers(1, 3)), replace=satellites < 2)
    links = [(f"sat-{a}", f"sat-{b}") for a, b in pairs]
    links += [(f"sat-{v}", "ground") for v in sorted(set(down.tolist()))]
    return link_forms(draw, links)


def link_forms(draw: Draw, ends: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Links of 0.2 to 0.8 Gbit/s and 2 to 12 ms between the named ends."""
    return [{"from": a, "to": b, "rate_bps": draw(2e8, 8e8), "latency_s": draw(2e-3, 12e-3)} for a, b in ends]


def pairs_of(rng: np.random.Generator, shape: str, satellites: int) -> list[Pair]:
    """The directed inter-satellite links of a shape, sorted where they go both ways."""
    both: list[Pair] = []
    if shape in ("line", "ring"):
        both = [(i, i + 1) for i in range(satellites - 1)]
        if shape == "ring" and satellites > 2:
            both.append((satellites - 1, 0))
    elif shape == "full":
        both = [(i, j) for i in range(satellites) for j in range(i)]
    elif shape == "grid":
        both = [(i, i + 2) for i in range(satellites - 2)] + [(i, i + 1) for i in range(0, satellites - 1, 2)]
    elif shape == "one-way":
        return [(i, j) for j in range(satellites) for i in range(j) if j == i + 1 or rng.random() < 0.5]
    return sorted({pair for i, j in both for pair in ((i, j), (j, i))})
