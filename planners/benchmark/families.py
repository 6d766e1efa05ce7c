"""The named families of problems that the planner's speed is measured on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from planners.benchmark.sizes import GRID_PER_PLANE, GRID_PLANES, Size, draw_problem
from satllm_env.errors import InputError
from satllm_env.problem import Problem
from satllm_env.scenarios import load_form, load_scenario, scenario_names

PAPER_S, RING_S, DEEP_S = 5e-3, 20e-3, 60e-3
"""[s] targets of the median planning time, by size."""

MIXED = "mixed"
MIXED_SHAPES = ("chain", "line", "ring", "full", "one-way", "grid")
MIXED_SEED = 20_260_404
"""First word of the seeds of `mixed`, whose draws are thus no other family's."""


@dataclass(frozen=True)
class Family:
    """Problems of one kind, one for each seed."""

    name: str
    about: str
    make: Callable[[int], Problem]
    """The problem of a seed ≥ 0."""
    target_s: float | None = None
    """[s] that planning should take at most, warm; None where nothing is promised."""
    target_quantile: float = 0.5
    """[1] the quantile of the planning times that the target is about."""


def family_names() -> tuple[str, ...]:
    """Names of all families, in the order of tables."""
    return tuple(_families())


def family(name: str) -> Family:
    """A family by name.

    Raises:
        InputError: unknown name; lists the known ones.
    """
    if name not in _families():
        raise InputError("family", "", f"unknown family {name!r}; known are {', '.join(_families())}")
    return _families()[name]


@lru_cache(maxsize=1)
def _families() -> dict[str, Family]:
    listed = [*_sized(), *_grids(), *_scenarios(), _mixed()]
    return {entry.name: entry for entry in listed}


def _sized() -> list[Family]:
    paper, deep = "L 48, S 5, Q 6, M", "L 80, S 12, Q 8, M 64"
    return [
        Family("paper-chain", f"links one way; {paper} 8 or 16", _paper("chain"), PAPER_S),
        Family("paper-line", f"links both ways; {paper} 8 or 16", _paper("line"), PAPER_S),
        Family("paper-ring", f"ring; {paper} 16", _of(Size("ring", 48, 5, 6, 16)), PAPER_S),
        Family("ring-12", "ring; L 32, S 12, Q 8, M 16", _of(Size("ring", 32, 12, 8, 16)), RING_S),
        Family("deep-line", f"links both ways; {deep}", _of(Size("line", 80, 12, 8, 64)), DEEP_S),
        Family("deep-chain", f"links one way; {deep}", _of(Size("chain", 80, 12, 8, 64)), DEEP_S),
    ]


def _grids() -> list[Family]:
    satellites = GRID_PLANES * GRID_PER_PLANE
    made = []
    for layers, levels, target_s in ((32, 4, 2.0), (32, 8, 5.0), (48, 6, 10.0)):
        name = f"grid-{satellites}-l{layers}-q{levels}"
        about = f"+Grid; L {layers}, S {satellites}, Q {levels}, M 16"
        made.append(Family(name, about, _of(Size("plus-grid", layers, satellites, levels, 16)), target_s))
    return made


def _scenarios() -> list[Family]:
    """Every scenario that comes with the project."""
    return [Family(name, load_form(name).description, _request(name)) for name in scenario_names()]


def _mixed() -> Family:
    about = "all shapes; L 12-48, S 4-12, Q 2-8, M 1-64"
    return Family(MIXED, about, lambda seed: _any_size(seed), 0.2, 0.99)


def _of(size: Size) -> Callable[[int], Problem]:
    return lambda seed: draw_problem(np.random.default_rng(seed), size)


def _paper(shape: str) -> Callable[[int], Problem]:
    """M is 8 for even seeds and 16 for odd ones."""
    return lambda seed: _of(Size(shape, 48, 5, 6, 8 + 8 * (seed % 2)))(seed)


def _request(scenario: str) -> Callable[[int], Problem]:
    return lambda seed: load_scenario(scenario).sample(seed).problem


def _any_size(seed: int) -> Problem:
    rng = np.random.default_rng((MIXED_SEED, seed))
    size = Size(
        shape=str(rng.choice(MIXED_SHAPES)),
        layers=int(rng.integers(12, 49)),
        satellites=int(rng.integers(4, 13)),
        levels=int(rng.integers(2, 9)),
        micro_batches=int(rng.choice([1, 2, 4, 8, 16, 32, 64])),
    )
    return draw_problem(rng, size)
