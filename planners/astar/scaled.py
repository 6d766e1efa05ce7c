"""The instance in integers: ticks of time and units of loss, so that no result hangs on the order of sums.

One tick is 2⁻ᵏ s, with k such that a known upper bound on the delay is about 2⁵⁰ ticks. Rounding every
busy time to a tick then moves a plan's delay by about 1e-15 of that bound.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from satllm_env.problem.instance import Bools, Floats, Instance, Ints

INFINITE = 1 << 60
"""Ticks that stand for "out of reach"; sums of a few of them still fit 64 bits."""

MAX_BOUND_TICKS = 1 << 50
"""What the upper bound on the delay becomes, at most."""

COARSE_BUDGET = 1 << 27
"""The accuracy budget in the coarse units that multipliers price."""


class Scaled(NamedTuple):
    """The arrays of the search. Levels are in the order of their decode time, `none` first."""

    prefix: Ints  # (N, L + 1) ticks that computing the first layers keeps a node busy
    cost: Ints  # (N, L + 1) ticks that it adds to the delay's sum: the same, and weights that must be loaded
    reach: Ints  # (N, L) furthest boundary of a stage that starts at layer i
    encode: Ints  # (N, L + 1, Q) ticks
    decode: Ints  # (N, L + 1, Q) ticks, ascending in Q
    transfer: Ints  # (L + 1, Q, E) ticks, INFINITE where the level may not carry the boundary
    latency: Ints  # (E,) ticks
    loss: Ints  # (L + 1, Q) loss units
    coarse: Ints  # (L + 1, Q) loss in coarse units, rounded down
    allowed: Bools  # (L + 1, Q) levels worth sending a boundary at
    encode_order: Ints  # (Q,) levels by their encode time
    link_source: Ints  # (E,)
    link_target: Ints  # (E,)
    out_start: Ints  # (N + 1,)
    out_links: Ints  # (E,)
    in_start: Ints  # (N + 1,)
    in_links: Ints  # (E,)
    source: int
    destination: int
    micro_batches: int
    budget: int  # loss units
    coarse_budget: int
    coarse_shift: int  # coarse units = loss units >> coarse_shift


class Scale(NamedTuple):
    """How the integers relate to the instance."""

    ticks_per_s: float  # a power of two
    levels: Ints  # (Q,) the instance's level of each level here


def scale_instance(instance: Instance, bound_s: float, load_s: Floats | None = None) -> tuple[Scaled, Scale]:
    """Round an instance to ticks.

    Args:
        instance: the problem.
        bound_s: [s] a delay that some legal plan is known to keep, or at least no plan of interest exceeds.
        load_s: (N, L) [s] to load each layer's weights at each node, once; none by default.
    """
    tables = instance.tables
    longest = (1 << 61) // tables.num_layers  # so that a node's layers never add up to an overflow
    bound_ticks = min(MAX_BOUND_TICKS, longest >> 1)
    ticks_per_s = 2.0 ** min(900, math.floor(math.log2(bound_ticks / bound_s))) if bound_s > 0 else 1.0
    levels = _levels(instance)
    shift = max(0, tables.budget_units.bit_length() - COARSE_BUDGET.bit_length() + 1)
    loss = np.ascontiguousarray(tables.loss_units[levels].T)
    prefix = _prefix(tables.layer_s, ticks_per_s, longest)
    scaled = Scaled(
        prefix=prefix,
        cost=prefix if load_s is None else prefix + _prefix(load_s, ticks_per_s, bound_ticks + 1),
        reach=tables.stage_reach,
        encode=_ticks(tables.encode_s[:, levels].transpose(0, 2, 1), ticks_per_s),
        decode=_ticks(tables.decode_s[:, levels].transpose(0, 2, 1), ticks_per_s),
        transfer=_ticks(tables.transfer_s[:, levels].transpose(2, 1, 0), ticks_per_s),
        latency=_ticks(tables.latency_s, ticks_per_s),
        loss=loss,
        coarse=loss >> shift,
        allowed=_allowed(instance, levels),
        encode_order=np.argsort(_rates(instance, "encode_s_per_byte")[levels], kind="stable"),
        link_source=tables.link_source,
        link_target=tables.link_target,
        out_start=tables.out_start,
        out_links=tables.out_links,
        in_start=tables.in_start,
        in_links=tables.in_links,
        source=tables.source,
        destination=tables.destination,
        micro_batches=tables.micro_batches,
        budget=tables.budget_units,
        coarse_budget=tables.budget_units >> shift,
        coarse_shift=shift,
    )
    return scaled, Scale(ticks_per_s, levels)


def _ticks(seconds: Floats, ticks_per_s: float) -> Ints:
    ticks = np.minimum(seconds * ticks_per_s, float(INFINITE))
    return np.ascontiguousarray(np.rint(ticks).astype(np.int64))


def _prefix(layer_s: Floats, ticks_per_s: float, longest: int) -> Ints:
    ticks = np.minimum(_ticks(np.where(np.isfinite(layer_s), layer_s, 0.0), ticks_per_s), longest)
    return np.concatenate((np.zeros((len(ticks), 1), np.int64), np.cumsum(ticks, axis=1)), axis=1)


def _rates(instance: Instance, field: str) -> Floats:
    return np.array([getattr(level, field) for level in instance.problem.compression])


def _levels(instance: Instance) -> Ints:
    """Levels by decode time; `none` decodes in no time and, the sort being stable, stays first."""
    return np.argsort(_rates(instance, "decode_s_per_byte"), kind="stable")


def _allowed(instance: Instance, levels: Ints) -> Bools:
    """(L + 1, Q) levels within the budget that no other level beats in every respect."""
    tables = instance.tables
    encode = _rates(instance, "encode_s_per_byte")[levels]
    decode = _rates(instance, "decode_s_per_byte")[levels]
    sent = instance.payload_bytes[levels].T
    loss = tables.loss_units[levels].T
    allowed = np.isfinite(sent) & (loss <= tables.budget_units)
    for one in range(len(levels)):
        for other in range(len(levels)):
            if one == other or encode[other] > encode[one] or decode[other] > decode[one]:
                continue
            better = allowed[:, other] & (sent[:, other] <= sent[:, one]) & (loss[:, other] <= loss[:, one])
            same = (sent[:, other] == sent[:, one]) & (loss[:, other] == loss[:, one])
            if encode[other] == encode[one] and decode[other] == decode[one] and other > one:
                better &= ~same
            allowed[:, one] &= ~better
    return np.ascontiguousarray(allowed)
