"""Settings of training an action scorer: every hyper-parameter, as data."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from agents.config import Amount, Rate, Weight, parse_as
from agents.policies.network import ScorerShape
from satllm_env.problem.schema import Count, Finite, Form, Name

Algorithm = Literal["bc", "dagger", "dqn"]
"""Behaviour cloning; dataset aggregation; deep Q-learning with masks."""

Share = Annotated[Finite, Field(ge=0, le=1)]


class TeachingSettings(Form):
    """Walks labelled by the exact planner, and how a network is fitted to them."""

    episodes: Count
    """Instances walked in a round, the scenarios in turn. The first round walks the planner's way; later
    ones do so, too (`bc`), or draw their moves from the network (`dagger`)."""
    label_limit: Count
    """Partial walks that the planner may look at; what it has not proven by then is left out."""
    explore: Share
    """Of the moves that the network makes, drawn among all unmasked ones."""
    epochs: Count
    """Of a round, over everything collected so far."""
    batch_size: Count
    learning_rate: Rate
    """At the start; falls to zero along a cosine."""
    weight_decay: Weight


class QSettings(Form):
    """Double deep Q-learning (van Hasselt et al. 2016), rewards in reference delays, undiscounted."""

    episodes: Count
    """Instances drawn for a round, which its walks begin with again and again."""
    steps: Count
    """Environment steps of a round, all environments together."""
    num_envs: Count
    memory: Count
    """Steps that are kept."""
    updates_per_step: Rate
    """Of the network, per environment step."""
    batch_size: Count
    learning_rate: Rate
    explore: Share
    """Of the moves at the start, drawn among all unmasked ones; falls to a tenth of that."""
    target_every: Count
    """Updates between copies of the network to the one that values what is to come."""


class ProgressSettings(Form):
    """Evaluation after every round, on instances that training never sees."""

    episodes: Count
    """Per scenario."""
    seed: Amount
    planner_deadline_s: Annotated[Finite, Field(gt=0)]
    """[s] for a proof; instances that are not proven by then count for delays alone."""
    patience: Count
    """Rounds without a smaller gap after which training stops."""


class ScorerTraining(Form):
    """A whole training run: the algorithm has its own part, and the other one is left out."""

    name: Name
    algorithm: Algorithm
    seed: Amount
    scenarios: Annotated[tuple[Name, ...], Field(min_length=1)]
    rounds: Count
    network: ScorerShape
    teaching: TeachingSettings | None = None
    q_learning: QSettings | None = None
    evaluation: ProgressSettings

    @model_validator(mode="after")
    def _check(self) -> Self:
        needed, other = ("q_learning", "teaching") if self.algorithm == "dqn" else ("teaching", "q_learning")
        if getattr(self, needed) is None or getattr(self, other) is not None:
            raise ValueError(f"{self.algorithm} needs [{needed}], and no [{other}]")
        return self


def is_scorer_data(data: Any) -> bool:
    """Whether plain data hold settings of this kind: they name an algorithm."""
    return isinstance(data, dict) and "algorithm" in data


def parse_scorer_settings(data: Any, source: str) -> ScorerTraining:
    """Check plain data against the form.

    Raises:
        InputError: one line naming `source` and the first field at fault.
    """
    return parse_as(ScorerTraining, data, source)
