"""Which sets of cuts are measured: single ones, random ones, and plans that keep a budget."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import numpy as np

from satllm_env.compression.cuts import draw_cuts
from satllm_env.compression.probing.outcome import Cut, CutSet
from satllm_env.errors import InputError

MOST_CUTS = 4
_DRAWS = 10_000


def single_cuts(boundaries: Sequence[int], levels: int) -> list[CutSet]:
    """Every cut alone, at every level."""
    return [(Cut(boundary, level),) for boundary in boundaries for level in range(levels)]


def random_sets(
    rng: np.random.Generator, boundaries: Sequence[int], levels: Sequence[int], count: int
) -> list[CutSet]:
    """Different sets of one to four cuts, a level drawn for every cut; all there are where there are fewer.

    Args:
        rng: for the draws.
        boundaries: that may be cut.
        levels: that a cut may have.
        count: of sets wanted.
    """
    sizes = range(1, min(MOST_CUTS, len(boundaries)) + 1)
    possible = sum(comb(len(boundaries), size) * len(levels) ** size for size in sizes)
    found: dict[CutSet, None] = {}
    while len(found) < min(count, possible):
        cuts = draw_cuts(rng, boundaries, MOST_CUTS)
        found.setdefault(tuple(Cut(boundary, int(rng.choice(levels))) for boundary in cuts))
    return list(found)


def random_plans(
    rng: np.random.Generator, losses: dict[Cut, float], budget: float, count: int
) -> list[CutSet]:
    """Different sets that keep a budget on paper and could compress no cut harder.

    Levels are raised one by one, at a cut drawn among those that may be, until none may: plans that use
    the budget up, the hardest to keep it in fact.

    Args:
        rng: for the draws.
        losses: [percentage points] by cut, over all boundaries and levels.
        budget: [percentage points]
        count: of plans.

    Raises:
        InputError: there are not so many plans.
    """
    found: dict[CutSet, None] = {}
    boundaries = sorted({cut.boundary for cut in losses})
    for _ in range(_DRAWS):
        if len(found) == count:
            return list(found)
        cuts = [Cut(boundary, 0) for boundary in draw_cuts(rng, boundaries, MOST_CUTS)]
        if sum(losses[cut] for cut in cuts) <= budget:
            found.setdefault(tuple(_filled(rng, cuts, losses, budget)))
    raise InputError("plans", "", f"{count} different plans within {budget:g} points were not found")


def _filled(rng: np.random.Generator, cuts: list[Cut], losses: dict[Cut, float], budget: float) -> list[Cut]:
    while True:
        raised = [
            [*cuts[:place], Cut(cut.boundary, cut.level + 1), *cuts[place + 1 :]]
            for place, cut in enumerate(cuts)
            if Cut(cut.boundary, cut.level + 1) in losses
        ]
        kept = [plan for plan in raised if sum(losses[cut] for cut in plan) <= budget]
        if not kept:
            return cuts
        cuts = kept[int(rng.integers(len(kept)))]
