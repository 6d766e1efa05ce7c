"""The class docstrings are the environments' documentation: headings, tables and examples."""

import doctest
import re
import sys

import gymnasium as gym
import pytest
from gymnasium.envs.registration import load_env_creator

from satllm_env.envs import SatLLMSplitEnv
from satllm_env.envs.observation import LEVEL_FEATURES, REQUEST_FEATURES, SLOT_FEATURES

POINTS = [
    point
    for spec in gym.registry.values()
    for point in (spec.entry_point, spec.vector_entry_point)
    if isinstance(point, str) and point.startswith("satllm_env.")
]
CLASSES = [load_env_creator(point) for point in dict.fromkeys(POINTS)]
HEADINGS = (
    "Description",
    "Action Space",
    "Observation Space",
    "Rewards",
    "Starting State",
    "Episode End",
    "Arguments",
    "Example",
)


@pytest.mark.parametrize("cls", CLASSES)
def test_it_has_gymnasiums_headings_in_their_order(cls: type) -> None:
    """Readers of Gymnasium's pages find everything where they look for it."""
    headings = re.findall(r"^ {4}## (.*)$", cls.__doc__, flags=re.MULTILINE)
    assert [heading for heading in headings if heading in HEADINGS] == list(HEADINGS)


@pytest.mark.parametrize("cls", CLASSES)
def test_its_examples_run(cls: type) -> None:
    """What the docstring shows is what comes out."""
    names = vars(sys.modules[cls.__module__])
    (found,) = doctest.DocTestFinder(recurse=False).find(cls, cls.__name__, globs=dict(names))
    assert len(found.examples) >= 5
    assert doctest.DocTestRunner(verbose=False).run(found).failed == 0


def test_the_observation_table_counts_every_entry_once() -> None:
    """Entries of the request, of a slot and of a level are those that the code writes."""
    entries = re.findall(r"^ {4}\| ([\d, ]+(?: \+ [^|]*?)?) \| ", SatLLMSplitEnv.__doc__, flags=re.MULTILINE)
    request = [int(number) for entry in entries if "+" not in entry for number in entry.split(",")]
    slots = [int(entry.split(" + ")[0]) for entry in entries if entry.endswith("+ 8·d")]
    levels = [int(entry.split(" + ")[0]) for entry in entries if entry.endswith("+ 8·D + 4·q")]
    request = request[1:]  # the table of actions comes first
    assert request == list(range(REQUEST_FEATURES))
    assert slots == list(range(REQUEST_FEATURES, REQUEST_FEATURES + SLOT_FEATURES))
    assert levels == list(range(REQUEST_FEATURES, REQUEST_FEATURES + LEVEL_FEATURES))
