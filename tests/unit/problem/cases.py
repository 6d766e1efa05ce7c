"""A hand-made problem whose numbers come out even, in plain data, to be changed and broken by tests."""

from __future__ import annotations

from typing import Any

from satllm_env.problem import Instance, Walk, parse_problem


def line_data() -> dict[str, Any]:
    """Satellites a ⇄ b, both with a downlink to g; three layers, levels `none` and `half`.

    In round seconds at a (at b): layers 1, 2, 4 (half of that), encoding a cut 1 and decoding it 0.5;
    sending the input takes 8, a plain cut 4, a half cut 2 and the result 1 on every link; latency 0.25.
    """
    sizes = [(1e9, 10.0), (2e9, 20.0), (4e9, 30.0)]
    layers = [
        {"name": f"layer{i}", "flops": flops, "weight_bytes": weight, "activation_bytes": 4e6}
        for i, (flops, weight) in enumerate(sizes)
    ]
    links = [("a", "b"), ("b", "a"), ("a", "g"), ("b", "g")]
    return {
        "format": "satllm-split-problem/1",
        "model": {"name": "hand", "input_bytes": 8e6, "result_bytes": 1e6, "layers": layers},
        "nodes": [
            {"id": "a", "kind": "satellite", "flops_per_s": 1e9, "memory_bytes": 60.0, "codec_speed": 1.0},
            {"id": "b", "kind": "satellite", "flops_per_s": 2e9, "memory_bytes": 60.0, "codec_speed": 1.0},
            {"id": "g", "kind": "ground", "flops_per_s": 8e9, "memory_bytes": None, "codec_speed": 4.0},
        ],
        "links": [{"from": u, "to": v, "rate_bps": 8e6, "latency_s": 0.25} for u, v in links],
        "source": "a",
        "destination": "g",
        "ground_may_compute": True,
        "compression": [
            {"name": "none", "ratio": 1.0, "loss": 0.0, "encode_s_per_byte": 0.0, "decode_s_per_byte": 0.0},
            {
                "name": "half",
                "ratio": 2.0,
                "loss": [0.1, 0.2],
                "encode_s_per_byte": 2.5e-7,
                "decode_s_per_byte": 1.25e-7,
            },
        ],
        "accuracy_budget": 0.3,
        "micro_batches": 4,
    }


AB, BA, AG, BG = range(4)
"""Links of `line_data`."""
NONE, HALF = range(2)
"""Levels of `line_data`."""


def instance_of(data: dict[str, Any]) -> Instance:
    """The instance of plain data."""
    return Instance.from_problem(parse_problem(data))


def line_instance(**changes: Any) -> Instance:
    """The instance of `line_data` with some top fields replaced."""
    return instance_of({**line_data(), **changes})


def walk_of(instance: Instance, *moves: tuple[int, int] | int) -> Walk:
    """A walk that makes moves: a number computes so many layers, a pair sends over (link, level)."""
    walk = Walk(instance)
    for move in moves:
        if isinstance(move, int):
            for _ in range(move):
                walk.compute()
        else:
            walk.send(*move)
    return walk
