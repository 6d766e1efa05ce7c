"""Small random problems and random walks through them."""

from __future__ import annotations

import numpy as np

from satllm_env.problem import Instance, Problem, Walk, parse_problem


def random_problem(
    rng: np.random.Generator, satellites: int, layers: int, levels: int, links: int
) -> Problem:
    """A random problem: some nodes cannot compute, some have measured seconds, memory often binds."""
    nodes = [_satellite(rng, i, layers) for i in range(satellites)]
    nodes.append({"id": "g", "kind": "ground", "flops_per_s": float(rng.choice([1e9, 2e10]))})
    pairs = [(u, v) for u in range(satellites + 1) for v in range(satellites + 1) if u != v]
    chosen = rng.permutation(len(pairs))[:links]
    return parse_problem(
        {
            "format": "satllm-split-problem/1",
            "model": {
                "name": "random",
                "input_bytes": float(rng.integers(0, 10**7)),
                "result_bytes": float(rng.integers(0, 10**4)),
                "layers": [_layer(rng, i) for i in range(layers)],
            },
            "nodes": nodes,
            "links": [_link(rng, nodes[pairs[k][0]]["id"], nodes[pairs[k][1]]["id"]) for k in chosen],
            "source": "s0",
            "destination": "g",
            "ground_may_compute": bool(rng.random() < 0.7),
            "compression": [{"name": "none", "ratio": 1, "loss": 0}]
            + [_level(rng, q, layers) for q in range(1, levels)],
            "accuracy_budget": float(rng.choice([0.0, 0.2, 0.3, 2.0])),
            "micro_batches": int(rng.choice([1, 2, 3, 8, 64])),
        }
    )


def _layer(rng, index):
    return {
        "name": f"layer{index}",
        "flops": rng.uniform(1e8, 1e9) * (rng.random() > 0.1),
        "weight_bytes": int(rng.integers(1, 40)),
        "state_bytes": int(rng.integers(0, 10)),
        "workspace_bytes": int(rng.integers(0, 20)),
        "activation_bytes": int(rng.integers(1, 5 * 10**6)),
    }


def _satellite(rng, index, layers):
    node = {"id": f"s{index}", "kind": "satellite", "codec_speed": float(rng.choice([0.5, 1.0, 2.0]))}
    node["memory_bytes"] = [None, 0, 50, 80, 120][rng.integers(5)]
    kind = rng.random()
    if kind > 0.2:
        node["flops_per_s"] = rng.uniform(5e8, 5e9)
    if kind > 0.8:
        node["layer_s"] = rng.uniform(0.0, 1.0, layers).tolist()
    return node


def _link(rng, source, target):
    return {
        "from": source,
        "to": target,
        "rate_bps": rng.uniform(1e7, 1e9),
        "latency_s": rng.uniform(0, 0.05),
    }


def _level(rng, index, layers):
    ratio, loss = rng.uniform(1.5, 30.0, layers - 1), rng.choice([0.0, 0.1, 0.2], layers - 1)
    return {
        "name": f"q{index}",
        "ratio": ratio.tolist() if rng.random() < 0.5 else float(rng.uniform(1.5, 30.0)),
        "loss": loss.tolist() if rng.random() < 0.5 else 0.1,
        "encode_s_per_byte": rng.uniform(0, 1e-7),
        "decode_s_per_byte": rng.uniform(0, 1e-7),
    }


def random_instance(seed: int) -> Instance:
    """A tiny random instance, small enough for exhaustive search."""
    rng = np.random.default_rng(seed)
    satellites = int(rng.integers(1, 4))
    links = int(rng.integers(0, 10))
    problem = random_problem(rng, satellites, int(rng.integers(1, 5)), int(rng.integers(1, 4)), links)
    return Instance.from_problem(problem)


def legal_moves(walk: Walk) -> list[tuple[int, int] | None]:
    """Every legal move: None computes a layer, a pair sends over (link, level)."""
    tables = walk.instance.tables
    sends = [
        (link, level)
        for link in range(len(tables.link_source))
        for level in range(tables.num_levels)
        if walk.send_fault(link, level) == 0
    ]
    return [None, *sends] if walk.compute_fault() == 0 else list(sends)


def make(walk: Walk, move: tuple[int, int] | None) -> None:
    """Make a move of `legal_moves`."""
    if move is None:
        walk.compute()
    else:
        walk.send(*move)


def random_walk(instance: Instance, rng: np.random.Generator) -> Walk:
    """Walk at random until the destination or a dead end."""
    walk = Walk(instance)
    while not walk.finished:
        choices = legal_moves(walk)
        if not choices:
            break
        make(walk, choices[rng.integers(len(choices))])
    return walk


def finished_walks(count: int, seed: int = 0) -> list[Walk]:
    """Random finished walks through random instances."""
    rng = np.random.default_rng(seed)
    found: list[Walk] = []
    while len(found) < count:
        walk = random_walk(random_instance(int(rng.integers(2**32))), rng)
        if walk.finished:
            found.append(walk)
    return found
