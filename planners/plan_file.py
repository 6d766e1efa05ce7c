"""Plan files: what ``plan.py --json`` prints, or its bare list of steps."""

from __future__ import annotations

from pathlib import Path

from satllm_env.errors import InputError
from satllm_env.problem import parse_steps
from satllm_env.problem.plan import Step
from satllm_env.problem.schema import load_json


def load_steps(path: str | Path) -> tuple[Step, ...]:
    """Read a plan's steps; whether they keep the rules is another question.

    Raises:
        InputError: the file cannot be read, or holds no plan.
    """
    data = load_json(path)
    if isinstance(data, dict):
        if "steps" not in data:
            raise InputError(str(path), "steps", "missing; a plan is a list of steps or an object with one")
        data = data["steps"]
    return parse_steps(data, str(path))
