"""Settings of training a guide: every hyper-parameter, as data."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from agents.config import Amount, Rate, Weight, parse_as
from agents.guide.network import GuideShape
from satllm_env.problem.schema import Count, Finite, Form, Name


class LessonSettings(Form):
    """Instances that every sweep is tried on."""

    instances: Count
    """Drawn in all, the scenarios in turn."""
    held_out: Annotated[Finite, Field(gt=0, lt=1)]
    """Share that is not learned from, for early stopping."""


class FitSettings(Form):
    """How the network is fitted."""

    draws: Count
    """Sweeps whose best counts: the loss is the expected regret of the best of so many draws."""
    regret_cap: Annotated[Finite, Field(gt=0)]
    """[1] larger regrets, and sweeps that find nothing, count as this."""
    entropy: Weight
    """Weight of the preferences' entropy beside the regret."""
    epochs: Count
    batch_size: Count
    learning_rate: Rate
    weight_decay: Weight
    patience: Count
    """Epochs without a smaller held-out regret after which fitting stops."""


class GuideTraining(Form):
    """A whole training run."""

    algorithm: Literal["guide"] = "guide"
    name: Name
    seed: Amount
    scenarios: Annotated[tuple[Name, ...], Field(min_length=1)]
    sweeps: Count
    """Sweeps that the trained policy makes of a request."""
    network: GuideShape
    lessons: LessonSettings
    fit: FitSettings


def is_guide_data(data: Any) -> bool:
    """Whether plain data hold settings of this kind."""
    return isinstance(data, dict) and data.get("algorithm") == "guide"


def parse_guide_settings(data: Any, source: str) -> GuideTraining:
    """Check plain data against the form.

    Raises:
        InputError: one line naming `source` and the first field at fault.
    """
    return parse_as(GuideTraining, data, source)
