"""Where an environment's instances come from: a scenario that is sampled, or one fixed problem."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np

from satllm_env.problem import Instance, Problem, load_problem
from satllm_env.scenarios import Sample, Scenario, load_scenario


class InstanceSource(Protocol):
    """Gives instances that fit a number of slots and levels, and have no more nodes and links than that."""

    num_slots: int
    num_levels: int

    @property
    def max_nodes(self) -> int:
        """Nodes of an instance at most."""

    @property
    def max_links(self) -> int:
        """Links of an instance at most."""

    def sample(self, rng: np.random.Generator) -> Sample:
        """Draw an instance."""


class FixedProblem:
    """One problem, the same at every reset.

    Args:
        problem: the checked problem.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._sample = Sample(Instance.from_problem(problem))
        self.num_slots = self._sample.instance.num_slots
        self.num_levels = self._sample.instance.tables.num_levels
        self.max_nodes = self._sample.instance.tables.num_nodes
        self.max_links = len(self._sample.instance.tables.link_source)

    def sample(self, rng: np.random.Generator) -> Sample:
        """The problem; nothing is drawn."""
        return self._sample


def source_of(scenario: str | Path | Scenario, problem: str | Path | Problem | None) -> InstanceSource:
    """The source that an environment's arguments ask for; a problem goes before the scenario.

    Raises:
        InputError: a file cannot be read or breaks its form.
    """
    if problem is not None:
        return FixedProblem(problem if isinstance(problem, Problem) else load_problem(problem))
    return scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
