"""Training settings: every hyper-parameter, as data."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from satllm_env.errors import InputError
from satllm_env.problem.schema import Count, Finite, Form, Name, first_error
from satllm_env.text import read_text

DEFAULT = files("agents") / "ppo.toml"

Amount = Annotated[int, Field(ge=0, strict=True)]
Rate = Annotated[Finite, Field(gt=0, le=1)]
Weight = Annotated[Finite, Field(ge=0)]


class NetworkSettings(Form):
    """The policy and value networks: equal, separate multi-layer perceptrons."""

    hidden: Annotated[tuple[Count, ...], Field(min_length=1)]
    activation: Literal["tanh", "relu", "silu"] = "silu"


class CloningSettings(Form):
    """Behaviour cloning of optimal walks, before reinforcement learning."""

    episodes: Amount = 0
    """Optimal walks to plan, over all scenarios together; 0 leaves cloning out."""
    demonstrations: Name | None = None
    """Or a dataset made beforehand (`make_dataset.py`), by its folder."""
    epochs: Count
    batch_size: Count
    learning_rate: Rate
    value_weight: Weight
    """Weight of the value network's squared error beside the policy's cross-entropy."""
    planner_deadline_s: Annotated[Finite, Field(gt=0)]
    """[s] instances that are not proven optimal within this are left out."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.episodes and self.demonstrations is not None:
            raise ValueError("give either episodes or demonstrations")
        return self


class PpoSettings(Form):
    """MaskablePPO (sb3-contrib); names and meanings are its own."""

    total_steps: Amount
    """Environment steps in all; 0 stops after cloning."""
    num_envs: Count
    instances: Count | None = None
    """Drawn beforehand, for walks to begin with again and again in the vector environment, which steps
    several times as fast; by default every walk has an instance of its own in an environment of its own."""
    n_steps: Count
    batch_size: Count
    n_epochs: Count
    learning_rate: Rate
    gamma: Rate
    gae_lambda: Rate
    clip_range: Rate
    ent_coef: Weight
    vf_coef: Weight
    max_grad_norm: Annotated[Finite, Field(gt=0)]
    target_kl: Annotated[Finite, Field(gt=0)] | None = None


class EvaluationSettings(Form):
    """Evaluation against the optimum while training, on instances that training never sees."""

    every_steps: Count
    episodes: Count
    """Per scenario."""
    seed: Amount
    patience: Count | None = None
    """Evaluations without a smaller gap after which training stops; by default it does not."""


class TrainingSettings(Form):
    """A whole training run."""

    name: Name
    seed: Amount
    scenarios: Annotated[tuple[Name, ...], Field(min_length=1)]
    checkpoint_every_steps: Count
    network: NetworkSettings
    cloning: CloningSettings
    ppo: PpoSettings
    evaluation: EvaluationSettings


def load_settings(path: str | Path | None = None) -> TrainingSettings:
    """Read training settings, by default those of the shipped policy.

    Raises:
        InputError: the file cannot be read, is not TOML, or a key breaks the form.
    """
    if path is None:
        return parse_settings(tomllib.loads(DEFAULT.read_text(encoding="utf-8")), "ppo.toml")
    return parse_settings(load_toml(path), str(path))


def load_toml(path: str | Path) -> dict[str, Any]:
    """A TOML file as plain data.

    Raises:
        InputError: it cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise InputError(str(path), "", f"not TOML: {error}") from None


def parse_settings(data: Any, source: str) -> TrainingSettings:
    """Check plain data against the form.

    Raises:
        InputError: one line naming `source` and the first field at fault.
    """
    return parse_as(TrainingSettings, data, source)


AnyForm = TypeVar("AnyForm", bound=Form)


def parse_as(form: type[AnyForm], data: Any, source: str) -> AnyForm:
    """Check plain data against a form.

    Raises:
        InputError: one line naming `source` and the first field at fault.
    """
    try:
        return form.model_validate(data)
    except ValidationError as error:
        raise first_error(error, source) from None
