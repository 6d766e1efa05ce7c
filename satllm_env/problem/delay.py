"""The delay arithmetic: every busy time and the pipeline's makespan, for scalars and arrays alike.

`M` identical micro-batches flow through resources (processors and directed links) that each serve a
plan once, so the plan is a flow shop whose jobs are all alike. Its makespan is exact:

    delay = Σ (every busy time + every latency) + (M − 1) · max(every busy time)

The first micro-batch takes the sum; each of the others leaves one bottleneck period later.
"""

from __future__ import annotations

from typing import TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

Quantity = TypeVar("Quantity", float, NDArray[np.float64])


def compute_s(flops: Quantity, flops_per_s: Quantity) -> Quantity:
    """[s] that `flops` keep a processor of effective speed `flops_per_s` busy."""
    return flops / flops_per_s


def codec_s(uncompressed_bytes: Quantity, s_per_byte: Quantity, codec_speed: Quantity) -> Quantity:
    """[s] to encode or decode a payload; the rate is per uncompressed byte."""
    return uncompressed_bytes * s_per_byte / codec_speed


def sent_bytes(uncompressed_bytes: Quantity, ratio: Quantity) -> Quantity:
    """[bytes] of a payload on a link."""
    return uncompressed_bytes / ratio


def transfer_s(payload_bytes: Quantity, rate_bps: Quantity) -> Quantity:
    """[s] that a payload occupies a link; the link's latency comes after it."""
    return 8.0 * payload_bytes / rate_bps


@numba.njit(cache=True, inline="always")
def makespan_s(sum_s: float, bottleneck_s: float, micro_batches: int) -> float:
    """[s] from the first micro-batch's start to the last one's arrival.

    Args:
        sum_s: [s] all busy times and latencies on the way.
        bottleneck_s: [s] the longest busy time.
        micro_batches: number of identical micro-batches, M ≥ 1.
    """
    return sum_s + (micro_batches - 1) * bottleneck_s
