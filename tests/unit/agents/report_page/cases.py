"""Pages to look at: plans of every shape, hostile names, and a comparison without a run."""

from __future__ import annotations

from functools import cache

import numpy as np

from agents.comparison import Comparison, Showcase
from agents.evaluation import Score
from agents.report_page import Origin, Planned, plan_page
from agents.report_page.comparison_page import comparison_page
from planners import Result, solve
from planners.sensitivity import sensitivity
from satllm_env.problem import Instance, Problem, parse_problem
from satllm_env.scenarios import Sample
from tests.unit.figures.places import chain, network_data, ring, ring_layout

ORIGIN = Origin("python scripts/plan.py --scenario ring", "0123abc", ("Python 3.11", "satllm 0.1"), 7)
HOSTILE = ("<script>alert(1)</script>", '"onmouseover="x', "a&b<img src=x>", "</style>{{ 7*7 }}")
"""Ids that would break out of a page which does not escape them."""


@cache
def ring_planned() -> Planned:
    """A plan on a map, with what would help."""
    instance = ring()
    result = solve(instance)
    return Planned(instance, result, ring_layout(), sensitivity(instance, result, deadline_s=None))


def ring_page() -> str:
    """Its page."""
    return plan_page(ring_planned(), ORIGIN)


def hostile_problem() -> Problem:
    """A chain whose nodes, model and level have names that would break out of a page."""
    a, b, c, d = HOSTILE
    data = network_data([a, b, c, d], [(a, b), (b, c), (c, d)])
    data["model"]["name"] = "<b>model</b>"
    data["compression"][1]["name"] = "<i>level</i>"
    return parse_problem(data)


@cache
def hostile_planned() -> Planned:
    """Its plan, with what would help."""
    instance = Instance.from_problem(hostile_problem())
    result = solve(instance)
    return Planned(instance, result, None, sensitivity(instance, result, deadline_s=None))


def hostile_page() -> str:
    """A page of that, as a graph, with a command line to match."""
    return plan_page(hostile_planned(), Origin("python x.py '<script>'", "<u>", ("<a>",), None))


def planless_page() -> str:
    """A page of a request without a plan, whose reason and planner come from outside too."""
    result = Result("<planner>", "infeasible", None, float("inf"), 0.0, "no set of nodes <can> hold it")
    return plan_page(Planned(chain(), result), ORIGIN)


def scores(scenario: str, episodes: int) -> tuple[Score, ...]:
    """An optimum, a baseline with a few plans missing, and a policy without any."""
    rng = np.random.default_rng(1)
    delay_s = rng.uniform(1.0, 3.0, episodes)
    some = np.arange(episodes) % 3 > 0
    gap_pct = rng.uniform(0.0, 300.0, some.sum())
    every, none = np.ones(episodes, np.bool_), np.zeros(episodes, np.bool_)
    nothing = np.zeros(0)
    rows = (
        ("astar", "planner", every, delay_s, np.zeros(episodes)),
        ("<b>greedy</b>", "baseline", some, delay_s[some] * (1 + gap_pct / 100), gap_pct),
        ("ppo", "learned", none, nothing, nothing),
    )
    return tuple(
        Score(scenario, policy, kind, feasible, delay, gap, delay * 1e6, delay * 1e5, delay * 0, every * 0.01)
        for policy, kind, feasible, delay, gap in rows
    )


def comparison(episodes: int = 12) -> Comparison:
    """Two scenarios, one with an example on a map, one without."""
    planned = ring_planned()
    shown = Showcase("ring", Sample(planned.instance), planned.result, 9)
    return Comparison(
        scenarios=("ring", "no <plans>"),
        episodes=episodes,
        seed=7,
        scores=(*scores("ring", episodes), *scores("no <plans>", episodes)),
        showcases=(shown,),
        unproven=0,
        footnotes=("a footnote with <angles>",),
    )


def compared_page(episodes: int = 12) -> str:
    """Its page."""
    found = ring_planned().sensitivity
    assert found is not None
    return comparison_page(comparison(episodes), {"ring": found}, ORIGIN)
