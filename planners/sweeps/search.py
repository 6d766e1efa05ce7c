"""Sweeps over chosen cells, the ways they find polished, and the best of them as a plan."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from planners.follow import follow
from planners.sweeps.cells import NUM_CELLS, is_double, terms_of
from planners.sweeps.polish import Bench, make_bench, polish
from planners.sweeps.scene import Scene, look_about
from planners.sweeps.sweep import Board, make_board, sweep
from planners.sweeps.ways import Way, copy_way, make_way
from satllm_env.problem import Instance, Plan, Walk
from satllm_env.problem.instance import Floats, Ints

SLACK = 1.06
"""Ways this far above the best are polished all the same; polishing rarely gains more."""

CLOSE_SLACK = 1.01
"""Of ways that have been polished widely, those this far above the best are polished closely, too."""

EVERY_CELL = np.arange(NUM_CELLS)


class Desk(NamedTuple):
    """What a search works in."""

    board: Board
    bench: Bench
    best: Way


@numba.njit(cache=True, nogil=True)
def make_desk(scene: Scene) -> Desk:
    """Room for searches in a scene."""
    return Desk(make_board(scene), make_bench(scene.tables.loss_units.shape[0]), make_way())


@numba.njit(cache=True, nogil=True)
def search_cells(scene: Scene, cells: Ints, enough: int, desk: Desk) -> int:
    """Sweep cells in order and leave the best way in ``desk.best``.

    Args:
        scene: what is swept.
        cells: numbers of cells, each once.
        enough: how many are swept; more only until there is a way.
        desk: to work in.

    Returns:
        How many were swept.
    """
    best, trial = desk.best, desk.board.trial
    best.length[0], best.values_s[:] = 0, np.inf
    swept, last_s = 0, np.inf
    for cell in cells:
        if swept >= enough and best.length[0] > 0:
            break
        if is_double(cell, scene):
            continue
        swept += 1
        threshold_s, price, shorts = terms_of(cell, scene)
        desk.board.bar_s[0] = best.values_s[0] * SLACK
        sweep(scene, threshold_s, price, shorts, desk.board)
        if trial.length[0] == 0 or trial.values_s[0] == last_s:
            continue
        last_s = trial.values_s[0]
        polish(scene, False, desk.bench, trial)
        if trial.values_s[0] < best.values_s[0] * CLOSE_SLACK:
            polish(scene, True, desk.bench, trial)
        if trial.values_s[0] < best.values_s[0]:
            copy_way(trial, best)
    return swept


@numba.njit(cache=True, nogil=True)
def value_cells(scene: Scene, values_s: Floats) -> None:
    """Write what each cell leads to alone, polished both ways; inf where it finds no way.

    Args:
        scene: what is swept.
        values_s: (`NUM_CELLS`,) [s] delays, filled.
    """
    desk = make_desk(scene)
    trial = desk.board.trial
    for cell in range(len(values_s)):
        values_s[cell] = np.inf
        if is_double(cell, scene):
            values_s[cell] = values_s[cell % 8]
            continue
        threshold_s, price, shorts = terms_of(cell, scene)
        desk.board.bar_s[0] = np.inf
        sweep(scene, threshold_s, price, shorts, desk.board)
        if trial.length[0] > 0:
            polish(scene, False, desk.bench, trial)
            polish(scene, True, desk.bench, trial)
            values_s[cell] = trial.values_s[0]


@numba.njit(cache=True, nogil=True)
def _search(scene: Scene, cells: Ints, enough: int) -> tuple[Ints, int]:
    desk = make_desk(scene)
    swept = search_cells(scene, cells, enough, desk)
    return desk.best.sends[: desk.best.length[0]].copy(), swept


def scene_of(walk: Walk) -> Scene:
    """What sweeps see of a walk whose payload has just arrived.

    Raises:
        ValueError: a stage is in progress.
    """
    if walk.stage_start >= 0:
        raise ValueError("a stage is in progress; sweeps begin where a payload has arrived")
    scene: Scene = look_about(walk.instance.tables, walk.ints, walk.reals, walk.used_nodes, walk.used_links)
    return scene


def plan_by_cells(instance: Instance, scene: Scene, cells: Ints, enough: int) -> tuple[Plan | None, int]:
    """The best plan that sweeps of some cells find, None without one, and how many were swept.

    Args:
        instance: to plan.
        scene: `scene_of` a walk over it that has not begun.
        cells: in the order of sweeping.
        enough: how many are swept; more only until there is a plan.
    """
    sends, swept = _search(scene, cells, enough)
    if not len(sends):
        return None, swept
    walk = Walk(instance)
    fault = follow(walk, sends)
    if fault:
        raise AssertionError(f"a sweep's way breaks a rule: {fault}")
    return Plan.from_walk(walk), swept


def plan_by_sweeps(instance: Instance) -> tuple[Plan | None, int]:
    """The best plan of all cells, None where none finds one, and how many were swept."""
    return plan_by_cells(instance, scene_of(Walk(instance)), EVERY_CELL, NUM_CELLS)
