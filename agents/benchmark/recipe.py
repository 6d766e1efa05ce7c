"""Which instances the benchmark is made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agents.benchmark.form import ScenarioCard
from satllm_env.errors import InputError
from satllm_env.scenarios import load_scenario

SEEDS = range(5 * 10**8, 6 * 10**8)
"""Of the benchmark alone: training draws from 10⁹ on, comparisons and evaluation from far less."""

INSTANCES = 200
"""Of each set."""

UNSEEN = "unseen"
SCENARIOS = "scenarios"
"""Folder, inside the benchmark's, of the scenarios of the set `UNSEEN`."""

_LIBRARY_SETS = ("paper", "walker-dense", "starlink-shell1", "kuiper-630")


@dataclass(frozen=True)
class Recipe:
    """A set to make: instances of its scenarios in turn, each from its own seeds."""

    name: str
    scenarios: tuple[str, ...]
    """Names or TOML files."""
    instances: int = INSTANCES

    def cards(self) -> tuple[ScenarioCard, ...]:
        """Its scenarios as the index names them."""
        return tuple(_card(name) for name in self.scenarios)

    def share(self, number: int) -> int:
        """Instances of the scenario of that number."""
        return len(range(number, self.instances, len(self.scenarios)))


def recipe(name: str, folder: Path, instances: int = INSTANCES) -> Recipe:
    """A set's recipe.

    Raises:
        InputError: there is none of that name.
    """
    if name in _LIBRARY_SETS:
        return Recipe(name, (name,), instances)
    if name == UNSEEN:
        return Recipe(name, unseen_scenarios(folder), instances)
    raise InputError("--sets", name, f"unknown set; known are {', '.join(recipe_names())}")


def recipe_names() -> tuple[str, ...]:
    """Names of the sets."""
    return (*_LIBRARY_SETS, UNSEEN)


def unseen_scenarios(folder: Path) -> tuple[str, ...]:
    """Files of the scenarios that no training has seen.

    Raises:
        InputError: there are none in the folder.
    """
    files = tuple(sorted(str(path) for path in (folder / SCENARIOS).glob("*.toml")))
    if not files:
        raise InputError(str(folder / SCENARIOS), "", "holds no scenario")
    return files


def _card(name: str) -> ScenarioCard:
    scenario = load_scenario(name)
    return ScenarioCard(name=scenario.name, sha256=scenario.sha256, description=scenario.form.description)
