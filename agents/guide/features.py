"""What the guide sees of a scene: the request, the processors that are left, and what thresholds ask for.

Everything is a ratio or a count squashed into 0 … 1, so that models, constellations and units it has
never seen look alike.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from planners.sweeps.cells import MULTIPLES
from planners.sweeps.scene import MAX_PROCESSORS, Scene

Singles = NDArray[np.float32]

REQUEST_FEATURES = 20
THRESHOLD_FEATURES = 3
"""Per threshold: processors needed, a rough makespan against the least of them, room left."""
PROCESSOR_FEATURES = 10

NUM_THRESHOLDS = len(MULTIPLES)
SIZE = REQUEST_FEATURES + THRESHOLD_FEATURES * NUM_THRESHOLDS + PROCESSOR_FEATURES * MAX_PROCESSORS
"""Of the features of a scene: the request's, each threshold's, each processor's."""

PROCESSORS_AT = REQUEST_FEATURES + THRESHOLD_FEATURES * NUM_THRESHOLDS


@numba.njit(cache=True, nogil=True, inline="always")
def _against(value: float, pivot: float) -> float:
    """`value` / (`value` + `pivot`): one half where both are alike."""
    if value == np.inf:
        return 1.0
    whole = value + pivot
    return value / whole if whole > 0.0 else 0.0


@numba.njit(cache=True, nogil=True)
def write_features(scene: Scene, out: Singles) -> None:
    """Write what is seen of a scene.

    Args:
        scene: what is swept.
        out: (`SIZE`,) filled.
    """
    out[:] = 0.0
    _write_request(scene, out[:REQUEST_FEATURES])
    _write_thresholds(scene, out[REQUEST_FEATURES:PROCESSORS_AT])
    _write_processors(scene, out[PROCESSORS_AT:])


@numba.njit(cache=True, nogil=True)
def _write_request(scene: Scene, out: Singles) -> None:
    tables, routes, home = scene.tables, scene.routes, len(scene.nodes)
    num_layers, scale_s = tables.layer_s.shape[1], scene.start_s
    rest, middle = num_layers - scene.boundary, num_layers // 2
    small, large = scene.levels[-1], scene.levels[0]
    out[0] = _against(tables.micro_batches, 8.0)
    out[1] = 1.0 if tables.micro_batches == 1 else 0.0
    out[2] = _against(num_layers, 32.0)
    out[3] = rest / num_layers
    out[4] = home / MAX_PROCESSORS
    out[5] = len(scene.levels) / 10.0
    out[6] = 1.0 if np.isfinite(tables.layer_s[tables.destination, 0]) else 0.0
    out[7] = _against(rest, scene.most.sum())
    out[8] = _against(scale_s * home, rest * scene.pace_s)
    out[9] = _against(scene.longest_s, scale_s)
    out[10] = _against(scene.size_s[scene.level, scene.boundary], scale_s)
    out[11] = _against(scene.typical_s, scale_s)
    out[12] = _against(scene.size_s[large, middle], scale_s)
    out[13] = _against(scene.size_s[0, num_layers], scale_s)
    if home > 0:
        node = scene.nodes[0]
        codec_s = tables.encode_s[node, small, middle] + tables.decode_s[node, small, middle]
        out[14] = _against(codec_s, scale_s)
        out[15] = _against(routes.cost_s[home, node], scale_s)
        out[16] = 1.0 if node == scene.here else 0.0
    out[17] = _affordable(scene, small, middle)
    out[18] = _affordable(scene, scene.levels[len(scene.levels) // 2], middle)
    out[19] = _against(tables.latency_s.mean(), scale_s)


@numba.njit(cache=True, nogil=True)
def _affordable(scene: Scene, level: int, boundary: int) -> float:
    """Share of 4 that the number of cuts at a level is which the budget affords, squashed."""
    loss = scene.tables.loss_units[level, boundary]
    return 1.0 if loss == 0 else _against(scene.left_units / loss, 4.0)


@numba.njit(cache=True, nogil=True)
def _write_thresholds(scene: Scene, out: Singles) -> None:
    """What each threshold asks for, with routes of their mean cost between the processors."""
    tables, count = scene.tables, len(scene.nodes)
    rest = tables.layer_s.shape[1] - scene.boundary
    if count == 0 or rest == 0:
        return
    hop_s, least = _mean_hop_s(scene), np.inf
    rough_s = np.full(NUM_THRESHOLDS, np.inf)
    for number in range(NUM_THRESHOLDS):
        limit_s = scene.start_s * MULTIPLES[number] if MULTIPLES[number] < np.inf else np.inf
        needed, computed_s, room, longest_s = _needed(scene, limit_s, rest)
        bottleneck_s = max(min(limit_s, longest_s), scene.longest_s)
        rough_s[number] = (
            scene.paid_s + computed_s + needed * hop_s + (tables.micro_batches - 1) * bottleneck_s
        )
        least = min(least, rough_s[number])
        out[THRESHOLD_FEATURES * number] = needed / MAX_PROCESSORS
        out[THRESHOLD_FEATURES * number + 2] = _against(room, rest)
    for number in range(NUM_THRESHOLDS):
        if least > 0.0:
            out[THRESHOLD_FEATURES * number + 1] = _against(rough_s[number] / least - 1.0, 0.1)


@numba.njit(cache=True, nogil=True)
def _needed(scene: Scene, limit_s: float, rest: int) -> tuple[int, float, int, float]:
    """Processors that hold the layers left, the nearest first, [s] theirs, room over, [s] the longest."""
    needed, computed_s, longest_s, left = 0, 0.0, 0.0, rest
    num_layers = scene.tables.layer_s.shape[1]
    for number in range(len(scene.nodes)):
        pace_s = scene.prefix_s[scene.nodes[number], num_layers] / num_layers
        held = scene.most[number]
        if pace_s > 0.0 and limit_s < pace_s * held:
            held = int(limit_s / pace_s)
        if held > 0 and left > 0:
            taken = min(held, left)
            computed_s += taken * pace_s
            longest_s = max(longest_s, taken * pace_s)
            needed += 1
        left -= held
    return needed, computed_s, max(-left, 0), longest_s


@numba.njit(cache=True, nogil=True)
def _mean_hop_s(scene: Scene) -> float:
    """[s] mean cost of the quickest route from a processor to another."""
    total, count = 0.0, 0
    for number in range(len(scene.nodes)):
        nearest = _nearest_s(scene, number)
        if nearest < np.inf:
            total += nearest
            count += 1
    return total / count if count else 0.0


@numba.njit(cache=True, nogil=True)
def _nearest_s(scene: Scene, number: int) -> float:
    """[s] the cheapest route from a processor to another."""
    nearest, node = np.inf, scene.nodes[number]
    for other in range(len(scene.nodes)):
        if other != number:
            nearest = min(nearest, scene.routes.cost_s[other, node])
    return nearest


@numba.njit(cache=True, nogil=True)
def _write_processors(scene: Scene, out: Singles) -> None:
    tables, routes, home = scene.tables, scene.routes, len(scene.nodes)
    num_layers, scale_s = tables.layer_s.shape[1], scene.start_s
    rest = num_layers - scene.boundary
    for number in range(home):
        node, at = scene.nodes[number], PROCESSOR_FEATURES * number
        pace_s = scene.prefix_s[node, num_layers] / num_layers
        out[at] = 1.0
        out[at + 1] = 1.0 if node == scene.here else 0.0
        out[at + 2] = scene.pace_s / pace_s if pace_s > 0.0 else 1.0
        out[at + 3] = _against(scene.most[number], rest)
        out[at + 4] = _against(pace_s * scene.most[number], scale_s)
        if node != scene.here:
            out[at + 5] = _against(routes.cost_s[number, scene.here], scale_s)
            out[at + 6] = _against(routes.worst[number, scene.here] * scene.typical_s, scale_s)
        out[at + 7] = _against(routes.cost_s[home, node], scale_s)
        out[at + 8] = _against(routes.worst[home, node] * scene.typical_s, scale_s)
        out[at + 9] = _against(_nearest_s(scene, number), scale_s)
