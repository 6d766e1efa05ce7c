"""A plan as a table for people."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from satllm_env.problem import Plan
from satllm_env.problem.plan import Stage, Transfer


def print_result(summary: str, plan: Plan | None) -> None:
    """Print what a planner found, and the plan if there is one."""
    console = Console(highlight=False)
    console.print(summary, soft_wrap=True, markup=False)
    if plan is not None:
        console.print(plan_table(plan))


def plan_table(plan: Plan) -> Table:
    """One row for each processor and link, in the order in which a micro-batch meets them."""
    headings = ("", "where", "what", "busy [s]", "latency [s]", "bytes")
    # escaped, since "[s]" is markup for striking out
    table = Table(*map(escape, headings), caption="* the bottleneck")
    longest_s = max(resource.busy_s for resource in plan.resources)
    for number, resource in enumerate(plan.resources, start=1):
        where, what, latency, size = _row(plan, resource)
        mark = " *" if resource.busy_s == longest_s else ""
        table.add_row(str(number), Text(where), Text(what), f"{resource.busy_s:.6g}{mark}", latency, size)
    return table


def _row(plan: Plan, resource: Stage | Transfer) -> tuple[str, str, str, str]:
    problem, tables = plan.instance.problem, plan.instance.tables
    if isinstance(resource, Stage):
        layers = f"layers {resource.first_layer}-{resource.end_layer - 1}"
        return problem.nodes[resource.node].id, layers, "", ""
    ends = (tables.link_source[resource.link], tables.link_target[resource.link])
    where = " -> ".join(problem.nodes[int(v)].id for v in ends)
    what = f"boundary {resource.boundary} as {problem.compression[resource.level].name}"
    size = f"{resource.payload_bytes:.4g}"
    return where, what, f"{resource.latency_s:.6g}", size
