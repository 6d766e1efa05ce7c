"""Action spaces that draw legal actions: loops that sample without a mask make walks, not errors."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from satllm_env.envs.actions import Mask
from satllm_env.problem.instance import Bools, Floats, Ints


class LegalActions(spaces.Discrete[np.int64]):
    """``Discrete(1 + D·Q)`` whose ``sample()`` draws an unmasked action of the walk at hand.

    Whatever else is asked of it, it answers as `Discrete` does; so does ``sample()`` with a mask or
    probabilities, and before the first reset.

    Args:
        mask: (1 + D·Q,) the environment's, which it writes in place.
    """

    def __init__(self, mask: Mask) -> None:
        super().__init__(len(mask))
        self._legal = mask

    def sample(self, mask: NDArray[Any] | None = None, probability: NDArray[Any] | None = None) -> np.int64:
        """Draw an action; see `Discrete.sample`."""
        if mask is None and probability is None and self._legal.any():
            mask = self._legal
        return super().sample(mask, probability)


class LegalActionsOfMany(spaces.MultiDiscrete[np.int64]):
    """``MultiDiscrete([1 + D·Q] * num_envs)`` whose ``sample()`` draws unmasked actions of the walks at hand.

    Whatever else is asked of it, it answers as `MultiDiscrete` does; so does ``sample()`` with masks or
    probabilities, and before the first reset.

    Args:
        masks: (num_envs, 1 + D·Q) the environment's, which it writes in place.
    """

    def __init__(self, masks: Mask) -> None:
        num_envs, num_actions = masks.shape
        super().__init__(np.full(num_envs, num_actions))
        self._legal = masks

    def sample(
        self,
        mask: tuple[NDArray[Any], ...] | None = None,
        probability: tuple[NDArray[Any], ...] | None = None,
    ) -> NDArray[np.int64]:
        """Draw an action for each environment; see `MultiDiscrete.sample`."""
        if mask is None and probability is None and self._legal.any():
            return draw_legal(self._legal, self.np_random.random(len(self._legal)))
        return super().sample(mask, probability)


@numba.njit(cache=True, nogil=True)
def all_unmasked(masks: Mask, actions: Ints, asked: Bools) -> bool:
    """Whether the actions of all rows that are asked are unmasked, and so legal.

    Args:
        masks: (B, actions) of 0 and 1.
        actions: (B,) any numbers.
        asked: (B,) rows that count.
    """
    for i in range(len(actions)):
        if asked[i] and not (0 <= actions[i] < masks.shape[1] and masks[i, actions[i]]):
            return False
    return True


@numba.njit(cache=True, nogil=True)
def draw_legal(masks: Mask, luck: Floats) -> Ints:
    """An unmasked action of every row.

    Args:
        masks: (B, actions) of 0 and 1.
        luck: (B,) numbers in [0, 1), uniform for uniform actions.

    Returns:
        (B,) actions, 0 where a row is all 0.
    """
    chosen = np.zeros(len(masks), np.int64)
    for i in range(len(masks)):
        wanted = int(luck[i] * masks[i].sum())
        for action in range(masks.shape[1]):
            if masks[i, action]:
                if wanted == 0:
                    chosen[i] = action
                    break
                wanted -= 1
    return chosen
