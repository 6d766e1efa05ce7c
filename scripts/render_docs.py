"""Render the environments' class docstrings as a page of the documentation."""

from __future__ import annotations

import inspect
import re
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import gymnasium as gym
from gymnasium.envs.registration import EnvSpec

import satllm_env  # noqa: F401  registers the environments
from satllm_env.cli import notes, run_command, write_text
from satllm_env.text import read_text

PAGE = Path(__file__).parents[1] / "docs" / "environment-reference.md"
HEAD = """<!-- Rendered from the docstrings by scripts/render_docs.py: change those, not this page. -->

# Reference of the environments

What the classes say of themselves; their examples are run by the tests. The guide is
[the environment](environment.md).
"""


@dataclass(frozen=True)
class Arguments:
    """Write docs/environment-reference.md from the docstrings of the environments that are registered.

    Exit codes: 0; 1 with --check where the page is not what the docstrings say.
    """

    out: Path = PAGE
    """Page to write."""
    check: bool = False
    """Write nothing, and say whether the page is up to date."""


def main(arguments: Arguments) -> int:
    """Run the command."""
    text = page()
    if not arguments.check:
        write_text(arguments.out, text)
        notes().print(f"wrote {arguments.out}", markup=False)
        return 0
    if read_text(arguments.out) == text:
        return 0
    sys.stderr.write(f"{arguments.out}: is out of date: run python scripts/render_docs.py\n")
    return 1


def page() -> str:
    """The page's text."""
    return "\n".join([HEAD, *map(_section, environments())])


def environments() -> list[EnvSpec]:
    """What the project registers, each class once, under its first name."""
    own = [spec for spec in gym.registry.values() if str(spec.entry_point).startswith("satllm_env.")]
    return list({spec.entry_point: spec for spec in reversed(own)}.values())[::-1]


def _section(spec: EnvSpec) -> str:
    """An environment, and its vector form where it has one."""
    points = [point for point in (spec.entry_point, spec.vector_entry_point) if isinstance(point, str)]
    return "\n".join([f"## {spec.id}\n", *(_class(_load(point)) for point in points)])


def _load(entry_point: str) -> type:
    module, name = entry_point.split(":")
    loaded: type = getattr(import_module(module), name)
    return loaded


def _class(cls: type) -> str:
    text = inspect.getdoc(cls) or ""
    text = re.sub(r"^## ", "#### ", text, flags=re.MULTILINE)
    text = re.sub(r"^Raises:\n((?: {4}.*\n?)+)", _raises, text, flags=re.MULTILINE)
    text = re.sub(r"(?:^>>>.*\n(?:(?!\n).*\n?)*)", _fenced, text, flags=re.MULTILINE)
    return f"### {cls.__name__}\n\n`{cls.__module__}.{cls.__name__}`\n\n{text.strip()}\n"


def _raises(found: re.Match[str]) -> str:
    lines = inspect.cleandoc(found[1]).splitlines()
    items = "\n".join(f"  {line.strip()}" if line.startswith(" ") else f"* {line}" for line in lines)
    return f"#### Raises\n\n{items}\n"


def _fenced(found: re.Match[str]) -> str:
    return f"```pycon\n{found[0].rstrip()}\n```\n"


if __name__ == "__main__":
    run_command(Arguments, main)
