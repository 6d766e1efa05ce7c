"""The form of the benchmark's files."""

from __future__ import annotations

import math
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator

from satllm_env.errors import InputError
from satllm_env.problem import Instance, Plan, Problem, evaluate
from satllm_env.problem.plan import ComputeStep, SendStep
from satllm_env.problem.schema import Count, Finite, Form, Name, NonNegative, Positive, first_error, load_json

FOLDER = Path("benchmarks")
"""Where the sets lie, as seen from the repository's root."""

INDEX = "index.json"
TOLERANCE = 1e-9
"""Relative; delays that differ by less are equal."""

Seed = Annotated[int, Field(ge=0, strict=True)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Step = Annotated[ComputeStep | SendStep, Field(discriminator="action")]


class Optimum(Form):
    """An optimal plan, proven by the exact planner."""

    delay_s: Positive
    lower_bound_s: Positive
    """[s] proven: no legal plan has a smaller delay."""
    steps: tuple[Step, ...]


class Entry(Form):
    """A line of a set: one instance."""

    id: Name
    scenario: Name
    seed: Seed
    """Of the scenario that it was drawn from, as in ``plan.py --seed``."""
    problem: Problem
    slots: tuple[tuple[Annotated[int, Field(ge=-1, strict=True)], ...], ...]
    """By node: index of the link in each out-link slot of the action space, −1 for none."""
    optimum: Optimum

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not math.isclose(self.optimum.delay_s, self.optimum.lower_bound_s, rel_tol=TOLERANCE):
            raise ValueError("the optimum's delay is not its lower bound")
        return self

    @cached_property
    def instance(self) -> Instance:
        """Its arrays.

        Raises:
            InputError: the slots do not fit the problem.
        """
        return Instance.from_problem(self.problem, np.array(self.slots, np.int64))

    def optimal_plan(self) -> Plan:
        """The optimal plan, walked again by the rules."""
        return evaluate(self.instance, self.optimum.steps, self.id)

    @classmethod
    def of(cls, scenario: str, seed: int, plan: Plan, lower_bound_s: float) -> Entry:
        """The entry of a drawn instance and its optimal plan."""
        optimum = Optimum(delay_s=plan.delay_s, lower_bound_s=lower_bound_s, steps=plan.steps)
        return cls(
            id=f"{scenario}-{seed}",
            scenario=scenario,
            seed=seed,
            problem=plan.instance.problem,
            slots=tuple(map(tuple, plan.instance.slots.tolist())),
            optimum=optimum,
        )

    def as_data(self) -> dict[str, Any]:
        """Plain data; fields of the problem that have their default are left out."""
        data = self.model_dump(mode="json", by_alias=True, exclude={"problem"})
        data["problem"] = self.problem.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        data["problem"] = {"format": self.problem.format, **data["problem"]}
        return data


class LeftOut(Form):
    """A drawn instance that is not in its set, and why."""

    scenario: Name
    seed: Seed
    reason: Name


class ScenarioCard(Form):
    """A scenario that instances were drawn from."""

    name: Name
    sha256: Sha256
    """Of what its file said, defaults included."""
    description: Name


class SetCard(Form):
    """What the index says of a set."""

    name: Name
    file: Name
    sha256: Sha256
    """Of the JSON lines, uncompressed."""
    instances: Count
    scenarios: Annotated[tuple[ScenarioCard, ...], Field(min_length=1)]
    seeds: tuple[Seed, Seed]
    """First and last that were drawn."""
    left_out: tuple[LeftOut, ...]
    prove_limit_s: Positive
    command: Name
    revision: Name


class Index(Form):
    """The benchmark's table of contents."""

    format: Literal["satllm-benchmark/1"] = "satllm-benchmark/1"
    sets: tuple[SetCard, ...]

    def card(self, name: str, source: str) -> SetCard:
        """What is said of a set.

        Raises:
            InputError: there is none of that name.
        """
        for card in self.sets:
            if card.name == name:
                return card
        known = ", ".join(card.name for card in self.sets) or "none"
        raise InputError(source, "sets", f"unknown set {name!r}; known are {known}")


class Check(Form):
    """What the independent check found of an instance's optimum."""

    id: Name
    status: Literal["valid", "unverified", "refuted"]
    lower_bound_s: NonNegative
    """[s] shown by the check; 0 where it gave up."""
    limit_s: Annotated[Finite, Field(gt=0)]
    """[s] that the check had."""


def parse_form(form: type[Form], data: Any, source: str) -> Any:
    """Check plain data against a form.

    Raises:
        InputError: one line naming `source` and the first field at fault.
    """
    try:
        return form.model_validate(data, by_alias=True, by_name=False)
    except ValidationError as error:
        raise first_error(error, source) from None


def load_index(folder: Path) -> Index:
    """The table of contents of a benchmark's folder.

    Raises:
        InputError: it is missing or damaged.
    """
    index: Index = parse_form(Index, load_json(folder / INDEX), str(folder / INDEX))
    return index
