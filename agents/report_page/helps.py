"""What limits a plan and what more of a resource would be worth, in words and numbers."""

from __future__ import annotations

from dataclasses import dataclass

from agents.report_page.words import NAME, ends_text, format_bps, memory_text, name_of
from planners.sensitivity import Binding, Help, Resource, Sensitivity, Trial, amount, binding
from satllm_env.figures.quantities import format_bytes, format_s, three_digits
from satllm_env.figures.route import shorten
from satllm_env.problem import Plan, Problem
from satllm_env.problem.plan import Stage

SHOWN, WORTH = 10, 1e-3
"""Resources that are listed at once, and the share of the delay [1] that each of them must save; the others
are folded away."""


@dataclass(frozen=True)
class Limit:
    """One thing that a plan may run up against."""

    name: str
    text: str
    binds: bool
    share: float | None
    """[1] how much is used, None where there is no limit."""


@dataclass(frozen=True)
class Cell:
    """What one factor saves."""

    text: str
    share: float
    """[1] of the largest saving on the page."""


@dataclass(frozen=True)
class HelpRow:
    """One resource."""

    what: str
    now: str
    on_path: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class HelpTable:
    """Resources by what more of them saves."""

    factors: tuple[str, ...]
    first: tuple[HelpRow, ...]
    rest: tuple[HelpRow, ...]
    notes: tuple[str, ...]


def limits(plan: Plan) -> list[Limit]:
    """Bottleneck, memory of every stage, accuracy budget."""
    found = binding(plan)
    memory = [
        Limit(
            f"memory of {name_of(plan.instance, stage.node)}",
            memory_text(plan.instance, stage) + _room(plan, number, found),
            found.memory[number].binds,
            _share(found.memory[number].used_bytes, found.memory[number].limit_bytes),
        )
        for number, stage in enumerate(plan.stages)
    ]
    return [_bottleneck(plan, found), _budget(found), *memory]


def _share(used: float, limit: float | None) -> float | None:
    return used / limit if limit else None


def _room(plan: Plan, number: int, found: Binding) -> str:
    if found.memory[number].binds:
        return ": a layer more would not fit"
    return "" if found.memory[number].limit_bytes is None else ": a layer more would fit"


def _bottleneck(plan: Plan, found: Binding) -> Limit:
    busiest, instance = found.bottleneck, plan.instance
    where = (
        name_of(instance, busiest.node) if isinstance(busiest, Stage) else ends_text(instance, busiest.link)
    )
    waits = instance.tables.micro_batches - 1
    if waits == 0:
        text = f"{where}, busy {format_s(busiest.busy_s)}; with one micro-batch nothing waits for it"
        return Limit("bottleneck", text, False, None)
    text = (
        f"{where}, busy {format_s(busiest.busy_s)} per micro-batch: the other {waits:,} wait for it, "
        f"{three_digits(100 * found.bottleneck_share)} % of the delay"
    )
    return Limit("bottleneck", text, found.bottleneck_share >= 0.5, found.bottleneck_share)


def _budget(found: Binding) -> Limit:
    text = f"{three_digits(found.loss)} of {three_digits(found.budget)} percentage points spent"
    text += ": the rest pays for no smaller payload at any cut" if found.budget_binds else ""
    return Limit("accuracy budget", text, found.budget_binds, _share(found.loss, found.budget))


def help_table(found: Sensitivity) -> HelpTable:
    """The resources that help, the most helpful first, and what is known of the others."""
    assert found.base.plan is not None
    problem, delay_s = found.base.plan.instance.problem, found.base.delay_s
    most_s = max((entry.most_saved_s for entry in found.helps), default=0.0)
    rows = [_row(problem, entry, delay_s, most_s) for entry in found.helpful]
    worth = sum(entry.most_saved_s >= WORTH * delay_s for entry in found.helpful)
    shown = min(SHOWN, max(worth, 3))
    factors = tuple(factor_text(factor) for factor in found.factors)
    return HelpTable(factors, tuple(rows[:shown]), tuple(rows[shown:]), tuple(_notes(found)))


def factor_text(factor: float) -> str:
    """``+25 %`` or ``2×``."""
    return (
        f"{three_digits(factor).rstrip('0').rstrip('.')}×" if factor >= 2 else f"+{100 * (factor - 1):.3g} %"
    )


def _row(problem: Problem, entry: Help, delay_s: float, most_s: float) -> HelpRow:
    cells = tuple(_cell(trial, delay_s, most_s) for trial in entry.trials)
    return HelpRow(resource_text(entry.resource), _now(problem, entry.resource), entry.on_path, cells)


def _cell(trial: Trial | None, delay_s: float, most_s: float) -> Cell:
    if trial is None:
        return Cell("not measured", 0.0)
    if trial.saved_s == 0:
        return Cell("nothing" if trial.status == "optimal" else "nothing found", 0.0)
    least = "" if trial.status == "optimal" else "at least "
    share_pct = 100 * trial.saved_s / delay_s
    percent = f"{three_digits(share_pct)} %" if share_pct >= 0.01 else "under 0.01 %"
    return Cell(f"{least}{format_s(trial.saved_s)} ({percent})", trial.saved_s / most_s)


def resource_text(resource: Resource) -> str:
    """``rate of sat-3 → sat-4``."""
    node, target = shorten(resource.node, NAME), shorten(resource.target, NAME)
    return {
        "link": f"rate of {node} → {target}",
        "processor": f"processor of {node}",
        "codec": f"codec speed of {node}",
        "memory": f"memory of {node}",
        "accuracy budget": "accuracy budget",
    }[resource.kind]


def _now(problem: Problem, resource: Resource) -> str:
    value = amount(problem, resource)
    if value is None:
        return "measured per layer" if resource.kind == "processor" else "unlimited"
    return {
        "link": lambda: format_bps(value),
        "processor": lambda: f"{three_digits(value / 1e12)} TFLOP/s",
        "codec": lambda: f"{three_digits(value)}×",
        "memory": lambda: format_bytes(value),
        "accuracy budget": lambda: f"{three_digits(value)} points",
    }[resource.kind]()


def _notes(found: Sensitivity) -> list[str]:
    idle = [entry for entry in found.helps if entry.most_saved_s == 0]
    proven = sum(all(trial and trial.status == "optimal" for trial in entry.trials) for entry in idle)
    notes = []
    if proven:
        notes.append(
            f"{_count(proven)} on or near the path would save nothing at any of these factors: proven."
        )
    if len(idle) > proven:
        notes.append(f"For {_count(len(idle) - proven)} no saving was found in the time given.")
    if found.unmeasured:
        notes.append(f"{_count(len(found.unmeasured))} further off could not be measured in the time given.")
    return notes


def _count(number: int) -> str:
    return f"{number:,} resource" + ("s" if number != 1 else "")
