"""Pages of plans and comparisons: whole, self-contained, escaped, accessible, and saying what is so."""

import itertools
import re
from collections.abc import Callable

import pytest
from jinja2 import UndefinedError

from agents.report_page.render import render, short
from satllm_env.figures.quantities import format_s
from tests.unit.agents.report_page.cases import (
    HOSTILE,
    ORIGIN,
    compared_page,
    hostile_page,
    hostile_problem,
    planless_page,
    ring_page,
    ring_planned,
)
from tests.unit.agents.report_page.reading import read

PAGES = (ring_page, hostile_page, planless_page, compared_page)
every_page = pytest.mark.parametrize("make", PAGES)


@every_page
def test_parses_and_refers_to_itself_alone(make: Callable[[], str]) -> None:
    """Elements nest, ids are unique, every reference leads to a place on the page, none to the network."""
    html = make()
    page = read(html)
    ids = [element.attributes["id"] for element in page.having("id")]
    assert len(set(ids)) == len(ids)
    for attribute in ("href", "src", "xlink:href", "srcset", "action", "data"):
        for element in page.having(attribute):
            target = element.attributes[attribute]
            assert target == "data:," or target.removeprefix("#") in ids
    for element in page.having("aria-labelledby"):
        assert element.attributes["aria-labelledby"] in ids
    assert re.search(r"https?:|//[a-z]|@import|url\(", html.replace("// ", "")) is None
    (policy,) = (e for e in page.of("meta") if e.attributes.get("http-equiv") == "Content-Security-Policy")
    assert policy.attributes["content"].startswith("default-src 'none'")


@every_page
def test_accessible(make: Callable[[], str]) -> None:
    """A language, one h1, headings without gaps, figures with words, buttons with names, a live region."""
    page = read(make())
    assert page.of("html")[0].attributes["lang"] == "en"
    levels = [int(e.tag[1]) for e in page.of("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))
    for figure in page.having("data-walk"):
        assert figure.attributes["tabindex"] == "0"
        assert len(figure.attributes["aria-label"]) > 20
    for svg in page.of("svg"):
        assert "aria-label" in svg.attributes or svg.attributes["aria-hidden"] == "true"
    for button in page.of("button"):
        assert button.attributes["aria-label"]
    assert all("scope" in header.attributes for header in page.of("th"))
    assert page.having("aria-live")


@every_page
def test_deterministic(make: Callable[[], str]) -> None:
    """The same input gives the same bytes."""
    assert make() == make()


def test_names_are_escaped() -> None:
    """Names that hold markup stand on the page as text, and make no element or attribute."""
    html = hostile_page()
    page = read(html)
    assert len(page.of("script")) == len(page.of("style")) == 1
    assert page.of("img", "u", "b", "i") == [e for e in page.of("i") if "alert" not in str(e)]
    assert page.having("onmouseover") == []
    for name in HOSTILE:
        assert name in page.text
        assert any(name in element.attributes["data-tip"] for element in page.having("data-tip"))
    assert "<b>model</b>" in page.text
    assert "<i>level</i>" in page.text
    assert hostile_problem().source in page.text


def test_the_plan_is_told_in_full() -> None:
    """Delay, every step, every stage's memory, versions, command and seed stand on the page."""
    planned = ring_planned()
    plan = planned.result.plan
    assert plan is not None
    page = read(ring_page())
    assert format_s(plan.delay_s) in page.text
    assert "proven optimal" in page.text
    steps = [e for e in page.of("li") if "data-step" in e.attributes]
    assert len(steps) == len(plan.resources)
    for stage in plan.stages:
        assert f"memory of {planned.instance.problem.nodes[stage.node].id}" in page.text
    for part in (ORIGIN.command, ORIGIN.revision, *ORIGIN.versions, str(ORIGIN.seed)):
        assert part in page.text
    marks = [e for e in page.of("g") if "data-tip" in e.attributes]
    assert len(marks) == len(planned.instance.problem.nodes)
    assert sum("holds layer" in e.attributes["data-tip"] for e in marks) == len(plan.stages)


def test_what_helps_is_told_with_its_numbers() -> None:
    """The most helpful resource comes first, with what each factor saves."""
    found = ring_planned().sensitivity
    assert found is not None
    best = found.helpful[0]
    text = read(ring_page()).text
    at = text.rindex("What would help most")
    first = text[at : at + 900]
    assert best.resource.node in first
    assert all(format_s(trial.saved_s) in first for trial in best.trials if trial)


def test_without_a_plan_the_page_says_why() -> None:
    """The reason and the network; no pipeline, no steps."""
    page = read(planless_page())
    assert "no set of nodes <can> hold it" in page.text
    assert "Pipeline" not in page.text
    assert any("sat-0" in e.attributes["data-tip"] for e in page.having("data-tip"))


def test_a_comparison_shows_every_policy_and_request() -> None:
    """A row for each policy, a dot with its seed for each plan, one example, and the notes."""
    page = read(compared_page())
    assert page.text.count("<b>greedy</b>") >= 2 * 3
    tips = [e.attributes["data-tip"] for e in page.of("path") if e.attributes.get("class") == "dot"]
    assert len(tips) == 2 * 2 * (12 + 8)  # two figures of two scenarios
    assert {f"seed {seed}" for seed in range(7, 19)} == {
        tip.split(", ")[1].split(":")[0] for tip in tips if tip.startswith("astar")
    }
    assert "<b>greedy</b>, seed 7:" not in " ".join(tips)  # it has no plan there
    assert "no feasible plan" in page.text
    assert "Seed 9" in page.text
    assert "a footnote with <angles>" in page.text


def test_many_requests_do_not_swell_the_page() -> None:
    """Beyond a few hundred requests quantiles are drawn, and said to be."""
    html = compared_page(2000)
    assert len(html) < 1.5e6
    assert "as many quantiles are drawn" in html


def test_a_missing_value_is_an_error() -> None:
    """No template writes nothing where something should stand."""
    with pytest.raises(UndefinedError):
        render("plan.html.j2", title="x")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-0.001, "0"), (12.0, "12"), (0.126, "0.13"), (100.5, "100.5")],
)
def test_coordinates_are_short(value: float, text: str) -> None:
    """Two decimals at most and no zeros that say nothing."""
    assert short(value) == text
