"""Tests that a problem holds enough of the constellation for its optimum."""

import itertools

import pytest

from planners import solve
from satllm_env.scenarios import Scenario, load_form

CONSTELLATIONS = ("starlink-shell1", "kuiper-630", "oneweb", "iridium")
LIMITS = (6, 7, 8)
"""The scenarios' own, and beyond."""


def scenarios(name):
    """The scenario with each limit."""
    form = load_form(name)
    assert form.requests.reach_hops == LIMITS[0]
    for limit in LIMITS:
        requests = form.requests.model_copy(update={"reach_hops": limit})
        yield Scenario(form.model_copy(update={"requests": requests}), name)


@pytest.mark.parametrize("name", CONSTELLATIONS)
def test_satellites_farther_away_do_not_change_the_optimum(name):
    """With the limit raised a problem holds the same satellites and more, and its optimum stays."""
    drawn = list(scenarios(name))
    for seed in range(8):
        problems = [scenario.sample(seed).problem for scenario in drawn]
        for small, large in itertools.pairwise(problems):
            assert set(small.nodes) <= set(large.nodes)
            assert set(small.links) <= set(large.links)
        results = [solve(problem) for problem in problems]
        assert {result.status for result in results} == {"optimal"}
        assert len({round(result.delay_s, 9) for result in results}) == 1
