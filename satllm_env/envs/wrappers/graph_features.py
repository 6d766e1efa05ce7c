"""What a graph observation says of nodes and links: every entry lies in [0, 1], whatever the scale.

Times are those of the whole batch of M micro-batches and are compared with the instance's reference
delay, squashed by ``x / (x + pivot)`` as in the flat observation. Nothing depends on how nodes and
links are numbered.
"""

from __future__ import annotations

import numba
import numpy as np

from satllm_env.envs.observation import Singles, squash
from satllm_env.problem import Walk
from satllm_env.problem.instance import Floats

NODE_COLUMNS = (
    "holds the payload",
    "is the destination",
    "may still compute",
    "speed on the next layer",
    "speed over the layers left",
    "layers that fit",
    "decoding",
    "encoding",
    "time to go",
    "time to go of the result",
)
"""Columns of the node array."""

EDGE_COLUMNS = (
    "free",
    "leaves the payload's node",
    "leads to the destination",
    "raw transfer",
    "transfer as it is",
    "transfer of the result",
    "latency",
)
"""Columns of the edge array."""

CODEC_PIVOT = 0.1
"""Of the reference delay: coding that takes so long maps to one half."""

LATENCY_PIVOT = 0.01


@numba.njit(cache=True)
def squashed(values: Floats, pivot: float) -> Floats:
    """(n,) values squashed one by one."""
    out = np.empty(len(values))
    for i in range(len(values)):
        out[i] = squash(values[i], pivot)
    return out


def node_features(walk: Walk, to_go_s: Floats, reference_s: float) -> Singles:
    """The node array of a walk.

    Args:
        walk: the walk.
        to_go_s: (N, L + 1) [s] least sum to go from an arrival, at the best level.
        reference_s: [s] what times are measured against.

    Returns:
        (N, 10) by `NODE_COLUMNS`; the columns from the fourth to the sixth are 0 where a node may not
        compute any more.
    """
    tables, boundary, staged = walk.instance.tables, walk.boundary, walk.stage_start >= 0
    num_layers, batch = tables.num_layers, tables.micro_batches
    computes = walk.instance.can_compute & ~walk.used_nodes
    out = np.zeros((tables.num_nodes, len(NODE_COLUMNS)), np.float32)
    out[walk.node, 0] = out[tables.destination, 1] = 1.0
    out[:, 2] = computes
    if boundary < num_layers:
        per_layer_s, left_s = reference_s / num_layers, tables.layer_s[:, boundary:]
        out[:, 3] = computes * (1.0 - squashed(batch * left_s[:, 0], per_layer_s))
        out[:, 4] = computes * (1.0 - squashed(batch * left_s.mean(axis=1), per_layer_s))
        fits = tables.stage_reach[:, boundary] - boundary
        if staged:
            fits[walk.node] = tables.stage_reach[walk.node, walk.stage_start] - boundary
        out[:, 5] = computes * fits / num_layers
    decode_s = tables.decode_s[:, 0 if staged else walk.level, boundary]
    out[:, 6] = squashed(batch * decode_s, CODEC_PIVOT * reference_s)
    if boundary + 1 < num_layers:
        encode_s = tables.encode_s[:, :, boundary + 1].max(axis=1)
        out[:, 7] = squashed(batch * encode_s, CODEC_PIVOT * reference_s)
    out[:, 8] = squashed(to_go_s[:, boundary], reference_s)
    out[:, 9] = squashed(to_go_s[:, num_layers], reference_s)
    return out


def edge_features(walk: Walk, reference_s: float) -> Singles:
    """The edge array of a walk.

    Args:
        walk: the walk.
        reference_s: [s] what times are measured against.

    Returns:
        (E, 7) by `EDGE_COLUMNS`, a row for each directed link.
    """
    tables, boundary = walk.instance.tables, walk.boundary
    level = 0 if walk.stage_start >= 0 else walk.level
    transfer_s = tables.micro_batches * tables.transfer_s
    out = np.zeros((len(tables.link_source), len(EDGE_COLUMNS)), np.float32)
    out[:, 0] = ~walk.used_links
    out[:, 1] = tables.link_source == walk.node
    out[:, 2] = tables.link_target == tables.destination
    out[:, 3] = squashed(transfer_s[:, 0, boundary], reference_s)
    out[:, 4] = squashed(transfer_s[:, level, boundary], reference_s)
    out[:, 5] = squashed(transfer_s[:, 0, -1], reference_s)
    out[:, 6] = squashed(tables.latency_s, LATENCY_PIVOT * reference_s)
    return out
