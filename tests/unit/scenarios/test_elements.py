"""Tests of scenarios over files of element sets."""

import pytest

from satllm_env.errors import InputError
from satllm_env.network import Walker, walker_constellation
from satllm_env.scenarios import load_scenario
from satllm_env.scenarios.form import LIBRARY
from tests.unit.network.element_text import text_of


@pytest.fixture(scope="module")
def elements(tmp_path_factory):
    """A generated shell as a file."""
    path = tmp_path_factory.mktemp("elements") / "shell.tle"
    path.write_text(text_of(walker_constellation(Walker(550, 53, 240, 12, 1))))
    return path


def test_any_file_of_element_sets_is_a_scenario(elements):
    """Nodes are named as in the file, satellites within the hop limit of the source."""
    problem = load_scenario(f"tle:{elements}").sample(3).problem
    names = {f"sat-{n}" for n in range(240)}
    assert {node.id for node in problem.nodes if node.kind == "satellite"} <= names
    assert len(problem.nodes) > 10


@pytest.mark.parametrize("topology", ["plus-grid", "nearest"])
def test_a_file_may_name_element_sets_beside_it(elements, topology):
    """The path is seen from the scenario's folder; both kinds of links give problems with slots for all."""
    text = (LIBRARY / "starlink-shell1.toml").read_text(encoding="utf-8")
    begin, end = text.index("[orbits]"), text.index("[isl]")
    orbits = f'[orbits]\nelements = "shell.tle"\ntopology = "{topology}"\n\n'
    path = elements.parent / f"{topology}.toml"
    path.write_text(text[:begin] + orbits + text[end:], encoding="utf-8")
    instance = load_scenario(path).sample(0).instance
    assert sorted(instance.slots[instance.slots >= 0].tolist()) == list(range(len(instance.problem.links)))


def test_a_missing_file_is_one_line():
    """The error names the scenario and the file."""
    with pytest.raises(InputError, match=r"tle:none\.tle: orbits: none\.tle: cannot be read"):
        load_scenario("tle:none.tle")
