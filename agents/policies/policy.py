"""A trained action scorer as files and as something that plans."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from agents.config import Amount
from agents.environment import make_env
from agents.policies.network import ActionScorer, ScorerShape
from agents.policy_files import WalkerCard, read_card, read_weights, write_policy
from agents.walking import plan_by_walking
from planners.result import Result
from satllm_env.envs.observation import ObservationLayout
from satllm_env.problem.schema import Name
from satllm_env.scenarios import Sample

FORMAT: Literal["satllm-scorer/1"] = "satllm-scorer/1"

DRAWN_WALKS = 16
"""Walks drawn after the best one got stuck."""

Scores = NDArray[np.float32]


class ScorerCard(WalkerCard):
    """What one must know of trained weights to use them, and how they were made."""

    format: Literal["satllm-scorer/1"] = FORMAT
    network: ScorerShape
    algorithm: Name
    states: Amount
    """Labelled states that it learned from."""


@dataclass(frozen=True, eq=False)
class ScorerPolicy:
    """A policy that takes the action with the highest score; ties fall to the first.

    Moves that are drawn, after a walk that got stuck, are drawn by the scores as logits.
    """

    card: ScorerCard
    network: ActionScorer

    def scores(self, observations: NDArray[np.float32], masks: NDArray[np.bool_]) -> Scores:
        """(B, actions) scores, −inf where masked.

        Args:
            observations: (B, size) of `LookaheadObservation`.
            masks: (B, actions) bool.
        """
        return scores_of(self.network, observations, masks)

    def act_all(self, observations: NDArray[np.float32], masks: NDArray[np.bool_]) -> NDArray[np.int64]:
        """(B,) the action with the highest score of every row of observations and masks."""
        best: NDArray[np.int64] = self.scores(observations, masks).argmax(axis=1)
        return best

    def act(
        self,
        observation: NDArray[np.float32],
        mask: NDArray[np.bool_],
        rng: np.random.Generator | None = None,
    ) -> int:
        """The unmasked action with the highest score, or one drawn with `rng`."""
        scores = self.scores(observation[None], mask[None])
        return int(scores.argmax() if rng is None else draw_actions(scores, rng)[0])

    def plan(self, sample: Sample) -> Result:
        """Walk an instance; infeasible where every attempt gets stuck (`plan_by_walking`)."""
        env = make_env(num_slots=self.card.num_slots, num_levels=self.card.num_levels)
        return plan_by_walking(self.card.name, env, sample, self.act, DRAWN_WALKS)


def scores_of(network: ActionScorer, observations: NDArray[np.float32], masks: NDArray[np.bool_]) -> Scores:
    """(B, actions) a network's scores on arrays, −inf where masked, wherever the network is."""
    device = network.head.weight.device
    with torch.inference_mode():
        scores = network(torch.as_tensor(observations, device=device), torch.as_tensor(masks, device=device))
        found: Scores = scores.cpu().numpy()
    return found


def draw_actions(scores: Scores, rng: np.random.Generator) -> NDArray[np.int64]:
    """(B,) an action of every row, drawn with the scores as logits (−inf for never)."""
    drawn: NDArray[np.int64] = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    return drawn


def save_scorer(folder: Path, network: ActionScorer, **card: Any) -> None:
    """Write weights and card; the card's other fields are given by name."""
    write_policy(folder, network, ScorerCard(sha256="to be filled in", network=network.shape, **card))


def load_scorer(folder: Path) -> ScorerPolicy:
    """Read a trained scorer; nothing in it is executed.

    Raises:
        InputError: a file is missing, damaged, or does not fit the card.
    """
    card = read_card(folder, ScorerCard)
    network = ActionScorer(ObservationLayout(card.num_slots, card.num_levels), card.network)
    read_weights(folder, network, card)
    return ScorerPolicy(card, network.eval())
