"""Problems with a link or a node gone."""

import pytest

from satllm_env.errors import InputError
from satllm_env.problem import Problem, parse_problem
from satllm_env.problem.damage import without_link, without_node
from tests.unit.problem.cases import line_data


@pytest.fixture
def problem() -> Problem:
    """Satellites a and b, linked both ways, with a downlink each to g."""
    return parse_problem(line_data())


def ends(problem: Problem) -> list[str]:
    """The links in short."""
    return [link.source + link.target for link in problem.links]


def test_without_link(problem: Problem) -> None:
    """One direction goes, all else stays, and the problem given is left alone."""
    damaged = without_link(problem, "a", "b")
    assert ends(damaged) == ["ba", "ag", "bg"]
    assert damaged.nodes == problem.nodes
    assert ends(problem) == ["ab", "ba", "ag", "bg"]


def test_without_node(problem: Problem) -> None:
    """A node goes with every link that it has, and what is left is a problem still."""
    damaged = without_node(problem, "b")
    assert [node.id for node in damaged.nodes] == ["a", "g"]
    assert ends(damaged) == ["ag"]
    assert parse_problem(damaged.model_dump(by_alias=True)) == damaged


@pytest.mark.parametrize(("node", "role"), [("a", "source"), ("g", "destination")])
def test_ends_stay(problem: Problem, node: str, role: str) -> None:
    """The source and the destination cannot go."""
    with pytest.raises(InputError, match=f"'{node}' is the {role}"):
        without_node(problem, node)


def test_unknown(problem: Problem) -> None:
    """What is not there cannot go."""
    with pytest.raises(InputError, match="no link from 'g' to 'a'"):
        without_link(problem, "g", "a")
    with pytest.raises(InputError, match="unknown node 'c'"):
        without_node(problem, "c")
