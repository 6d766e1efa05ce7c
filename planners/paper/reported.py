"""The reported results as data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

from satllm_env.problem.schema import Finite, Form, Name

PartName = Literal["delay", "models", "bytes", "splits", "compression", "sensitivity", "beyond"]


class Reported(Form):
    """One reported result."""

    id: Name
    part: PartName
    """The part of ours that it is beside."""
    what: Name
    text: Name
    """As reported."""
    why: Name
    """Why ours may differ."""
    values: Mapping[str, Finite] = {}
    """The numbers in it, by name, with their unit at the end of the name."""


class ReportedResults(Form):
    """All of them."""

    source: Name
    results: tuple[Reported, ...]


@cache
def reported_results() -> ReportedResults:
    """Read them."""
    text = (files("planners.paper") / "reported.toml").read_text(encoding="utf-8")
    return ReportedResults.model_validate(tomllib.loads(text))


def reported(result_id: str) -> Reported:
    """One of them.

    Raises:
        KeyError: none is called so.
    """
    found = {result.id: result for result in reported_results().results}
    return found[result_id]
