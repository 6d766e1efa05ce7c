"""All that a page tells of one plan."""

from __future__ import annotations

import json
from dataclasses import dataclass

from agents.report_page.helps import HelpTable, Limit, help_table, limits
from agents.report_page.network_scene import network_scene
from agents.report_page.pipeline import Pipeline, pipeline
from agents.report_page.scene import Scene
from agents.report_page.words import NAME, step_text
from planners import Result
from planners.sensitivity import Sensitivity
from satllm_env.figures import MapLayout
from satllm_env.figures.quantities import format_bytes, format_s, three_digits
from satllm_env.figures.route import shorten
from satllm_env.problem import Instance, Plan
from satllm_env.problem.plan import Stage


@dataclass(frozen=True, eq=False)
class Planned:
    """A request and what a planner found for it."""

    instance: Instance
    result: Result
    layout: MapLayout | None = None
    """Where the nodes stand, None where that is not known."""
    sensitivity: Sensitivity | None = None
    """What more of a resource would save, None where it was not asked."""


@dataclass(frozen=True)
class Fact:
    """A number with its name."""

    name: str
    value: str


@dataclass(frozen=True)
class Step:
    """A step in words."""

    text: str
    colour: int | None
    bottleneck: bool


@dataclass(frozen=True)
class PlanSection:
    """What the template of a plan fills in; without a plan all but facts and scene is empty."""

    request: str
    verdict: str
    facts: tuple[Fact, ...]
    scene: Scene
    steps: tuple[Step, ...]
    pipeline: Pipeline | None
    limits: tuple[Limit, ...]
    helps: HelpTable | None
    base: str
    """What the savings are measured against."""
    plan_json: str


def plan_section(planned: Planned) -> PlanSection:
    """Put a plan in words and pictures."""
    instance, result = planned.instance, planned.result
    plan = result.plan
    scene = network_scene(instance, plan, planned.layout)
    if plan is None:
        return PlanSection(_request(instance), _verdict(result), (), scene, (), None, (), None, "", "")
    found = planned.sensitivity
    measured = found is not None and found.base.plan is not None
    return PlanSection(
        request=_request(instance),
        verdict=_verdict(result),
        facts=tuple(_facts(result, plan)),
        scene=scene,
        steps=tuple(_steps(plan)),
        pipeline=pipeline(plan),
        limits=tuple(limits(plan)),
        helps=help_table(found) if found is not None and measured else None,
        base=_base(found, result) if found is not None and measured else "",
        plan_json=json.dumps(plan.steps_as_data(), indent=1, ensure_ascii=False),
    )


def _request(instance: Instance) -> str:
    problem = instance.problem
    layers = _count(len(problem.model.layers), "layer")
    batches = _count(problem.micro_batches, "micro-batch", "micro-batches")
    model, source, target = (
        shorten(name, NAME) for name in (problem.model.name, problem.source, problem.destination)
    )
    return f"{model}, {layers}, {batches}, from {source} to {target}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _verdict(result: Result) -> str:
    if result.plan is None:
        return f"{result.planner}: no plan. {result.reason}".rstrip()
    if result.status == "optimal":
        return f"{result.planner}: proven optimal"
    if result.gap < float("inf"):
        return f"{result.planner}: proven within {three_digits(100 * result.gap)} % of the optimum"
    return f"{result.planner}: nothing proven about the optimum"


def _facts(result: Result, plan: Plan) -> list[Fact]:
    batches = plan.instance.tables.micro_batches
    waits = f" + {batches - 1:,} × {format_s(plan.bottleneck_s)}" if batches > 1 else ""
    return [
        Fact("delay", format_s(plan.delay_s)),
        Fact("= one micro-batch + waiting for the bottleneck", format_s(plan.sum_s) + waits),
        Fact("satellites and sites that compute", str(len(plan.stages))),
        Fact("links used", str(len(plan.transfers))),
        Fact("accuracy lost", f"{three_digits(plan.accuracy_loss)} percentage points"),
        Fact("between satellites", format_bytes(plan.isl_bytes)),
        Fact("to the ground", format_bytes(plan.downlink_bytes)),
        Fact("planned in", format_s(result.plan_time_s)),
    ]


def _steps(plan: Plan) -> list[Step]:
    stages = plan.stages
    return [
        Step(
            step_text(plan.instance, resource),
            stages.index(resource) if isinstance(resource, Stage) else None,
            resource.busy_s == plan.bottleneck_s,
        )
        for resource in plan.resources
    ]


def _base(found: Sensitivity, result: Result) -> str:
    """The delay that savings are counted from, and how this plan stands to it."""
    text = f"{format_s(found.base.delay_s)}, the delay of the best plan for the request as it is"
    if result.delay_s > found.base.delay_s * (1 + 1e-9):
        saved_s = result.delay_s - found.base.delay_s
        return f"{text}; that plan itself is {format_s(saved_s)} shorter than the one on this page"
    return text
