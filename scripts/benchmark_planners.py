"""Measure how fast the exact planner is, next to its targets and to the reference solvers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from planners.benchmark.child import ChildError
from planners.benchmark.families import MIXED, family, family_names
from planners.benchmark.report import Report
from planners.benchmark.rivals import installed_references
from planners.benchmark.run import Plan, run_benchmark
from planners.benchmark.tables import SECTION, markdown, print_report
from planners.references.run import PACKAGES, Name
from satllm_env.cli import notes, print_json, progress, run_command, write_text
from satllm_env.errors import InputError
from satllm_env.problem import dump_problem
from satllm_env.provenance import command_line

REFERENCE_FAMILY = "paper-chain"


@dataclass(frozen=True)
class Arguments:
    """Time the exact planner over families of seeded problems, warm, and its first plan apart.

    Each family runs in a process of its own; CP-SAT and HiGHS plan the same problems where they are
    installed. Exit codes: 0; 1 a reference disagrees with a proven optimum, or planning failed; 2 bad
    input.
    """

    families: tuple[str, ...] = ()
    """Families to measure; by default all, every scenario that comes with the project among them."""
    seeds: int = 20
    """Problems per family, of the seeds from 0."""
    mixed: int = 500
    """Problems of the family `mixed`."""
    deadline: float = 60.0
    """[s] limit of the planner per problem."""
    references: tuple[Name, ...] | None = None
    """Solvers to compare with; by default those that are installed."""
    reference_families: tuple[str, ...] | None = None
    """Families that they plan; by default `paper-chain` if it is measured."""
    reference_seeds: int = 5
    """Problems that they plan: the first of a family that have plans."""
    reference_limit: float = 60.0
    """[s] limit of a reference per problem."""
    skip_cold: bool = False
    """Leave out the first plan of a process, which compiles everything once more."""
    json: bool = False
    """Print one JSON object and nothing else on stdout."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE.md")] = None
    """Write the tables as Markdown; a page that has the markers keeps all that is around them."""
    save_worst: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Write the slowest problem of `mixed` (satllm-split-problem/1)."""


def main(arguments: Arguments) -> int:
    """Run the command."""
    _check(arguments)
    plan = _plan(arguments)
    try:
        report = _run(plan)
    except ChildError as error:
        notes().print(str(error), style="red", markup=False, soft_wrap=True)
        return 1
    if arguments.json:
        print_json(report.as_data())
    else:
        print_report(report)
    _write(arguments, report)
    for fault in report.faults:
        notes().print(fault, style="red", markup=False, soft_wrap=True)
    return 1 if report.faults else 0


def _run(plan: Plan) -> Report:
    with progress() as bar:
        task = bar.add_task("planning", total=plan.steps)
        return run_benchmark(plan, lambda what: bar.update(task, advance=1, description=what))


def _check(arguments: Arguments) -> None:
    for field in ("seeds", "mixed", "deadline", "reference_seeds", "reference_limit"):
        value = getattr(arguments, field)
        if not value > 0:
            raise InputError(f"--{field.replace('_', '-')}", "", f"must be above 0 (got {value})")
    measured = arguments.families or family_names()
    for name in measured:
        family(name)
    for name in arguments.reference_families or ():
        if name not in measured:
            raise InputError("--reference-families", "", f"{name!r} is not among the families measured")
    installed = installed_references()
    for name in arguments.references or ():
        if name not in installed:
            raise InputError(
                "--references", "", f"{name} needs {PACKAGES[name]}: pip install 'satllm[references]'"
            )
    if arguments.save_worst is not None and MIXED not in measured:
        raise InputError("--save-worst", "", f"needs the family {MIXED!r}")
    if arguments.out is not None:
        SECTION.in_page(arguments.out, "")  # an unreadable page is told before the work


def _plan(arguments: Arguments) -> Plan:
    families = arguments.families or family_names()
    compared = arguments.reference_families
    if compared is None:
        compared = (REFERENCE_FAMILY,) if REFERENCE_FAMILY in families else ()
    return Plan(
        families=families,
        seeds=arguments.seeds,
        mixed=arguments.mixed,
        deadline_s=arguments.deadline,
        references=installed_references() if arguments.references is None else arguments.references,
        reference_families=compared,
        reference_seeds=arguments.reference_seeds,
        reference_limit_s=arguments.reference_limit,
        cold=not arguments.skip_cold,
    )


def _write(arguments: Arguments, report: Report) -> None:
    if arguments.out is not None:
        command = command_line()
        write_text(arguments.out, SECTION.in_page(arguments.out, markdown(report, command)))
        notes().print(f"wrote {arguments.out}")
    mixed = report.of(MIXED)
    if arguments.save_worst is not None and mixed is not None:
        write_text(arguments.save_worst, dump_problem(mixed.family.make(mixed.worst.seed)))
        notes().print(f"wrote {arguments.save_worst}")


if __name__ == "__main__":
    run_command(Arguments, main)
