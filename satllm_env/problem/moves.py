"""The moves of a walk and their legality: compute one more layer here, or send the payload over a link.

The rules stand in the compiled functions below, on plain arrays, so that the walk, the environments
and everything compiled share them; `satllm_env.problem.walk` is the object around them.
"""

from __future__ import annotations

import numba
import numpy as np

from satllm_env.problem.instance import Bools, Floats, Ints, Tables

# Integer part of a walk's state.
NODE, BOUNDARY, LEVEL, STAGE_START, LOSS_UNITS = range(5)
NUM_INTS = 5
NO_STAGE = -1
"""`STAGE_START` while no layer has been computed in this visit: the payload can only be relayed."""

# Real part of a walk's state, all in seconds.
STAGE_BUSY, SUM, BOTTLENECK = range(3)
NUM_REALS = 3

LEGAL = 0
AT_DESTINATION = 1
ALL_LAYERS_DONE = 2
CANNOT_COMPUTE = 3
PROCESSOR_SERVED = 4
OUT_OF_MEMORY = 5
NOT_AT_NODE = 6
LINK_USED = 7
RELAY_KEEPS_LEVEL = 8
ENDS_ARE_PLAIN = 9
OVER_BUDGET = 10
UNFINISHED_AT_DESTINATION = 11
DESTINATION_OUT_OF_MEMORY = 12

FAULTS = {
    AT_DESTINATION: "the payload has reached the destination, which ends the walk",
    ALL_LAYERS_DONE: "all layers are done",
    CANNOT_COMPUTE: "the node cannot compute",
    PROCESSOR_SERVED: "the node's processor has served a stage already (rule 1)",
    OUT_OF_MEMORY: "the stage does not fit the node's memory (rule 4)",
    NOT_AT_NODE: "the link does not start where the payload is",
    LINK_USED: "the link has carried the payload already (rule 1)",
    RELAY_KEEPS_LEVEL: "a relayed payload keeps its level (rule 2)",
    ENDS_ARE_PLAIN: "the input and the result are sent at level 'none' only (rule 2)",
    OVER_BUDGET: "the losses exceed the accuracy budget (rule 4)",
    UNFINISHED_AT_DESTINATION: "layers are missing at a destination that cannot compute (rule 3)",
    DESTINATION_OUT_OF_MEMORY: "the remaining layers do not fit the destination's memory (rule 4)",
}
"""What each fault code says to a person."""


@numba.njit(cache=True)
def compute_fault(tables: Tables, ints: Ints, used_nodes: Bools) -> int:
    """Fault code of computing the next layer where the payload is, 0 if legal."""
    node, boundary = ints[NODE], ints[BOUNDARY]
    num_layers = tables.layer_s.shape[1]
    if node == tables.destination:
        return AT_DESTINATION
    if boundary == num_layers:
        return ALL_LAYERS_DONE
    if not np.isfinite(tables.layer_s[node, 0]):
        return CANNOT_COMPUTE
    if used_nodes[node]:
        return PROCESSOR_SERVED
    first = boundary if ints[STAGE_START] == NO_STAGE else ints[STAGE_START]
    return LEGAL if boundary < tables.stage_reach[node, first] else OUT_OF_MEMORY


@numba.njit(cache=True)
def send_fault(tables: Tables, ints: Ints, used_links: Bools, link: int, level: int) -> int:
    """Fault code of sending the payload over `link` at `level`, 0 if legal."""
    if ints[NODE] == tables.destination:
        return AT_DESTINATION
    if tables.link_source[link] != ints[NODE]:
        return NOT_AT_NODE
    if used_links[link]:
        return LINK_USED
    fault = level_fault(tables, ints, level)
    if fault != LEGAL or tables.link_target[link] != tables.destination:
        return fault
    return arrival_fault(tables, ints[BOUNDARY])


@numba.njit(cache=True)
def level_fault(tables: Tables, ints: Ints, level: int) -> int:
    """Fault code of the payload leaving at `level`, whatever the link, 0 if legal."""
    boundary = ints[BOUNDARY]
    if level != 0 and (boundary == 0 or boundary == tables.layer_s.shape[1]):
        return ENDS_ARE_PLAIN
    if ints[STAGE_START] == NO_STAGE:
        return LEGAL if level == ints[LEVEL] else RELAY_KEEPS_LEVEL
    loss = ints[LOSS_UNITS] + tables.loss_units[level, boundary]
    return LEGAL if loss <= tables.budget_units else OVER_BUDGET


@numba.njit(cache=True)
def arrival_fault(tables: Tables, boundary: int) -> int:
    """Fault code of ending the walk at the destination with `boundary` layers done, 0 if legal."""
    num_layers = tables.layer_s.shape[1]
    if boundary == num_layers:
        return LEGAL
    if not np.isfinite(tables.layer_s[tables.destination, 0]):
        return UNFINISHED_AT_DESTINATION
    fits = tables.stage_reach[tables.destination, boundary] == num_layers
    return LEGAL if fits else DESTINATION_OUT_OF_MEMORY


@numba.njit(cache=True)
def apply_compute(tables: Tables, ints: Ints, reals: Floats) -> None:
    """Compute the next layer in place, decoding first if it is the stage's first; must be legal."""
    node, boundary = ints[NODE], ints[BOUNDARY]
    busy = tables.layer_s[node, boundary]
    if ints[STAGE_START] == NO_STAGE:
        ints[STAGE_START] = boundary
        reals[STAGE_BUSY] = 0.0
        busy += tables.decode_s[node, ints[LEVEL], boundary]
    _occupy_processor(reals, busy)
    ints[BOUNDARY] = boundary + 1


@numba.njit(cache=True)
def apply_send(
    tables: Tables, ints: Ints, reals: Floats, used_nodes: Bools, used_links: Bools, link: int, level: int
) -> None:
    """Send the payload in place, encoding first if a stage ends here; must be legal.

    At the destination the remaining layers are decoded and computed, which ends the walk.
    """
    node, boundary = ints[NODE], ints[BOUNDARY]
    if ints[STAGE_START] != NO_STAGE:
        _occupy_processor(reals, tables.encode_s[node, level, boundary])
        ints[LOSS_UNITS] += tables.loss_units[level, boundary]
        used_nodes[node] = True
    transfer = tables.transfer_s[link, level, boundary]
    reals[SUM] += transfer + tables.latency_s[link]
    reals[BOTTLENECK] = max(reals[BOTTLENECK], transfer)
    reals[STAGE_BUSY] = 0.0
    used_links[link] = True
    ints[NODE] = tables.link_target[link]
    ints[LEVEL] = level
    ints[STAGE_START] = NO_STAGE
    if ints[NODE] == tables.destination:
        while ints[BOUNDARY] < tables.layer_s.shape[1]:
            apply_compute(tables, ints, reals)


@numba.njit(cache=True)
def _occupy_processor(reals: Floats, busy_s: float) -> None:
    reals[STAGE_BUSY] += busy_s
    reals[SUM] += busy_s
    reals[BOTTLENECK] = max(reals[BOTTLENECK], reals[STAGE_BUSY])
