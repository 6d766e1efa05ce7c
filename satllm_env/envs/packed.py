"""Terrains of many instances in a few flat arrays, so that compiled loops find each one at an offset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from satllm_env.envs.leftover import Counts, Reach
from satllm_env.envs.observation import SLOT_FEATURES, Sights, Singles
from satllm_env.envs.terrain import Terrain
from satllm_env.envs.views import view
from satllm_env.problem.instance import Floats, Ints, Tables

KINDS = (np.float64, np.int64, np.float32, np.uint32)


class Packed(NamedTuple):
    """The terrains of P instances, arrays of one type behind each other."""

    floats: Floats
    ints: Ints
    singles: Singles
    counts: Counts
    starts: Ints  # (P, fields) where each array of a terrain starts
    sizes: Ints  # (P, 5) N, L, Q, E and K
    numbers: Ints  # (P, 5) source, destination, micro-batches, budget, fewest layers at the end
    times_s: Floats  # (P, 2) reference and fallback


def pack(terrains: Sequence[Terrain]) -> Packed:
    """Lay the arrays of terrains behind each other."""
    flat: dict[np.dtype[Any], list[NDArray[Any]]] = {np.dtype(kind): [] for kind in KINDS}
    filled = dict.fromkeys(flat, 0)
    starts = np.zeros((len(terrains), len(_arrays(terrains[0]))), np.int64)
    for row, terrain in zip(starts, terrains, strict=True):
        for field, array in enumerate(_arrays(terrain)):
            row[field] = filled[array.dtype]
            filled[array.dtype] += array.size
            flat[array.dtype].append(array.reshape(-1))
    floats, ints, singles, counts = (np.concatenate(flat[np.dtype(kind)]) for kind in KINDS)
    return Packed(
        floats=floats,
        ints=ints,
        singles=singles,
        counts=counts,
        starts=starts,
        sizes=np.array([_sizes(terrain) for terrain in terrains]),
        numbers=np.array([(*t.tables[-4:], t.reach.fewest_at_end) for t in terrains]),
        times_s=np.array([(t.reference_s, t.fallback_s) for t in terrains]),
    )


def _arrays(terrain: Terrain) -> list[NDArray[Any]]:
    """Every array of a terrain, in the order of its fields."""
    parts = (*terrain.tables, *terrain.reach, *terrain.sights, terrain.slots)
    return [part for part in parts if isinstance(part, np.ndarray)]


def _sizes(terrain: Terrain) -> tuple[int, int, int, int, int]:
    tables = terrain.tables
    links, shares = len(tables.link_source), len(terrain.reach.share_s)
    return tables.num_nodes, tables.num_layers, tables.num_levels, links, shares


@numba.njit(inline="always")
def _floats(packed: Packed, instance: int, field: int, shape: Any) -> Any:
    return view(packed.floats, packed.starts[instance, field], shape)


@numba.njit(inline="always")
def _ints(packed: Packed, instance: int, field: int, shape: Any) -> Any:
    return view(packed.ints, packed.starts[instance, field], shape)


@numba.njit(inline="always")
def _counts(packed: Packed, instance: int, field: int, shape: Any) -> Any:
    return view(packed.counts, packed.starts[instance, field], shape)


@numba.njit(inline="always")
def _singles(packed: Packed, instance: int, field: int, shape: Any) -> Any:
    return view(packed.singles, packed.starts[instance, field], shape)


@numba.njit(cache=True, nogil=True, forceinline=True)
def terrain_at(packed: Packed, i: int, num_slots: int) -> Terrain:
    """The terrain of an instance, as views that must not outlive the pool."""
    n, l, q = packed.sizes[i, 0], packed.sizes[i, 1], packed.sizes[i, 2]  # noqa: E741
    e, k = packed.sizes[i, 3], packed.sizes[i, 4]
    tables = Tables(
        _floats(packed, i, 0, (n, l)),
        _ints(packed, i, 1, (n, l)),
        _floats(packed, i, 2, (n, q, l + 1)),
        _floats(packed, i, 3, (n, q, l + 1)),
        _floats(packed, i, 4, (e, q, l + 1)),
        _floats(packed, i, 5, (e,)),
        _ints(packed, i, 6, (q, l + 1)),
        _ints(packed, i, 7, (e,)),
        _ints(packed, i, 8, (e,)),
        _ints(packed, i, 9, (n + 1,)),
        _ints(packed, i, 10, (e,)),
        _ints(packed, i, 11, (n + 1,)),
        _ints(packed, i, 12, (e,)),
        packed.numbers[i, 0],
        packed.numbers[i, 1],
        packed.numbers[i, 2],
        packed.numbers[i, 3],
    )
    reach = Reach(
        _counts(packed, i, 13, (n, l + 1)),
        _counts(packed, i, 14, (n,)),
        _counts(packed, i, 15, (n + 1,)),
        _counts(packed, i, 16, (e,)),
        _counts(packed, i, 17, (e,)),
        _counts(packed, i, 18, (n + 1,)),
        _counts(packed, i, 19, (e,)),
        _counts(packed, i, 20, (e,)),
        _counts(packed, i, 21, (k,)),
        _floats(packed, i, 22, (k,)),
        packed.numbers[i, 4],
    )
    sights = Sights(
        _singles(packed, i, 23, (3,)),
        _singles(packed, i, 24, (l + 1,)),
        _singles(packed, i, 25, (n, l + 1)),
        _singles(packed, i, 26, (e, l + 1, SLOT_FEATURES)),
        _singles(packed, i, 27, (l + 1, q)),
        _singles(packed, i, 28, (n, l + 1, q)),
    )
    slots = _ints(packed, i, 29, (n, num_slots))
    return Terrain(tables, reach, sights, slots, packed.times_s[i, 0], packed.times_s[i, 1])
