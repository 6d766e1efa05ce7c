"""Make the frozen benchmark: draw its instances, prove their optima, and check the proofs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agents.benchmark.checking import check_set, confirmed, load_checks, open_entries
from agents.benchmark.form import FOLDER, INDEX, load_index
from agents.benchmark.making import make_set
from agents.benchmark.pages import MAKE_SECTION, sets_markdown
from agents.benchmark.recipe import INSTANCES, Recipe, recipe, recipe_names
from agents.benchmark.sets import BenchmarkSet, load_benchmark, load_set
from satllm_env.cli import notes, progress, run_command, write_text
from satllm_env.errors import InputError
from satllm_env.provenance import command_line


@dataclass(frozen=True)
class Arguments:
    """Make the sets of the benchmark that are missing, then check the optima not confirmed yet.

    A run that is stopped goes on where it was. Sets that are there are never changed: remove a set's file
    and its entry in the index to make it anew.
    """

    folder: Path = FOLDER
    """Of the benchmark; the scenarios of the set `unseen` lie in its folder `scenarios`."""
    sets: tuple[str, ...] = ()
    """Sets to make, all by default."""
    instances: int = INSTANCES
    """Of each set."""
    prove_limit: float = 60.0
    """[s] of the exact planner per instance; those not proven by then are left out and named."""
    check_limit: float = 30.0
    """[s] of the independent check per optimum; 0 checks none."""
    jobs: int = 1
    """Instances at a time, -1 for one per core; the sets are the same."""
    page: Path | None = None
    """Markdown page whose section of the sets is rewritten."""


def main(arguments: Arguments) -> None:
    """Run the command."""
    _check(arguments)
    names = arguments.sets or recipe_names()
    recipes = [recipe(name, arguments.folder, arguments.instances) for name in names]
    there = _names_there(arguments.folder)
    _make(arguments, [entry for entry in recipes if entry.name not in there])
    if arguments.check_limit:
        _certify(arguments, [load_set(name, folder=arguments.folder) for name in names])
    _report(arguments)


def _check(arguments: Arguments) -> None:
    for field in ("instances", "prove_limit"):
        if not getattr(arguments, field) > 0:
            flag = f"--{field.replace('_', '-')}"
            raise InputError(flag, "", f"must be above 0 (got {getattr(arguments, field)})")
    if not arguments.check_limit >= 0:
        raise InputError("--check-limit", "", f"must be 0 or more (got {arguments.check_limit})")
    if arguments.jobs != -1 and arguments.jobs < 1:
        raise InputError("--jobs", "", f"must be at least 1, or -1 (got {arguments.jobs})")


def _names_there(folder: Path) -> set[str]:
    return {card.name for card in load_index(folder).sets} if (folder / INDEX).exists() else set()


def _make(arguments: Arguments, recipes: list[Recipe]) -> None:
    with progress() as bar:
        for entry in recipes:
            task = bar.add_task(f"proving {entry.name}", total=entry.instances)
            make_set(
                arguments.folder,
                entry,
                arguments.prove_limit,
                command_line(),
                arguments.jobs,
                lambda: bar.advance(task),  # noqa: B023 - called within this turn alone
            )


def _certify(arguments: Arguments, sets: list[BenchmarkSet]) -> None:
    checks = load_checks(arguments.folder)
    with progress() as bar:
        for made in sets:
            left = len(open_entries(made, checks, arguments.check_limit))
            task = bar.add_task(f"checking {made.name}", total=left)
            check_set(
                arguments.folder,
                made,
                arguments.check_limit,
                arguments.jobs,
                lambda: bar.advance(task),  # noqa: B023
            )


def _report(arguments: Arguments) -> None:
    checks, sets = load_checks(arguments.folder), load_benchmark(folder=arguments.folder)
    for made in sets:
        count = confirmed(made.entries, checks)
        notes().print(
            f"{made.name}: {len(made.entries)} instances, {count} optima confirmed by the independent check, "
            f"{len(made.card.left_out)} draws left out"
        )
    if arguments.page is not None:
        text = sets_markdown(sets, checks)
        write_text(arguments.page, MAKE_SECTION.in_page(arguments.page, text))


if __name__ == "__main__":
    run_command(Arguments, main)
