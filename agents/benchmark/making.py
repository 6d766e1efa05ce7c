"""Making a set: instances drawn, planned to proof, and kept as they are."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from joblib import Parallel, delayed

from agents.benchmark.form import INDEX, Entry, Index, LeftOut, ScenarioCard, SetCard, load_index
from agents.benchmark.recipe import SEEDS, Recipe
from agents.benchmark.sets import as_lines, write_set
from agents.benchmark.unfinished import Journal, Outcome
from planners import solve
from satllm_env.cli import write_text
from satllm_env.errors import InputError
from satllm_env.provenance import git_revision
from satllm_env.scenarios import load_scenario

UNFINISHED = ".unfinished"
"""Folder of what is kept of a set under way."""

Tick = Callable[[], None]


def make_set(
    folder: Path, recipe: Recipe, prove_limit_s: float, command: str, jobs: int = 1, tick: Tick = lambda: None
) -> SetCard:
    """Make a set and enter it in the index.

    Seeds are drawn in ascending order; an instance without a plan, or whose optimum is not proven within
    the limit, is left out and named in the index. What has been proven is kept beside the set, so that a
    killed run goes on where it was. The set does not depend on the number of jobs, as long as the limit
    stops no proof.

    Args:
        folder: of the benchmark.
        recipe: what to make.
        prove_limit_s: [s] for the exact planner, per instance.
        command: that makes the set, for the index.
        jobs: processes, −1 for one per core.
        tick: called for every instance kept.

    Raises:
        InputError: a scenario is wrong, or what is kept of a set under way belongs to another one.
    """
    drawn: list[list[Outcome]] = []
    files = []
    cards = recipe.cards()
    for number, (given, card) in enumerate(zip(recipe.scenarios, cards, strict=True)):
        files.append(folder / UNFINISHED / recipe.name / f"{card.name}.jsonl")
        identity = {"scenario": card.model_dump(mode="json"), "prove_limit_s": prove_limit_s}
        with Journal(files[-1], identity) as journal:
            _draw(journal, recipe.share(number), partial(_prove, given, prove_limit_s), jobs, tick)
            drawn.append(journal.outcomes)
    made = _write(folder, recipe, cards, drawn, prove_limit_s, command)
    for file in files:
        file.unlink()
    for place in (folder / UNFINISHED / recipe.name, folder / UNFINISHED):
        with contextlib.suppress(OSError):  # another set is under way
            place.rmdir()
    return made


def enter(folder: Path, card: SetCard) -> None:
    """Put a set into the index, in the place of an earlier one of its name."""
    path = folder / INDEX
    others = [known for known in load_index(folder).sets if known.name != card.name] if path.exists() else []
    index = Index(sets=tuple(sorted([*others, card], key=lambda entry: entry.name)))
    write_text(path, json.dumps(index.model_dump(mode="json"), indent=1) + "\n")


def _draw(journal: Journal, instances: int, work: Callable[[int], Outcome], jobs: int, tick: Tick) -> None:
    """Draw until there are enough instances."""
    for _ in journal.entries[:instances]:
        tick()
    while (wanted := instances - len(journal.entries)) > 0:
        first = SEEDS.start + len(journal.outcomes)
        # as many as are wanted in any case: nothing is proven in vain
        seeds = range(first, first + wanted)
        if seeds.stop > SEEDS.stop:
            raise InputError(str(journal.path), "", f"fewer than {instances} instances have proven optima")
        outcomes: Iterable[Outcome] = Parallel(n_jobs=jobs, return_as="generator", max_nbytes=None)(
            delayed(work)(seed) for seed in seeds
        )
        for outcome in outcomes:
            journal.add(outcome)
            if isinstance(outcome, Entry):
                tick()


def _prove(given: str, limit_s: float, seed: int) -> Outcome:
    """Draw an instance and plan it to proof."""
    scenario = load_scenario(given)
    instance = scenario.sample(seed).instance
    try:
        result = solve(instance, deadline_s=limit_s)
    except InputError as error:  # no plan was found and none was ruled out within the memory limit
        return LeftOut(scenario=scenario.name, seed=seed, reason=error.problem)
    if result.status == "optimal" and result.plan is not None:
        return Entry.of(scenario.name, seed, result.plan, result.lower_bound_s)
    reason = f"not proven within {limit_s:g} s" if result.status == "feasible" else "no plan exists"
    return LeftOut(scenario=scenario.name, seed=seed, reason=reason)


def _write(
    folder: Path,
    recipe: Recipe,
    cards: tuple[ScenarioCard, ...],
    drawn: list[list[Outcome]],
    prove_limit_s: float,
    command: str,
) -> SetCard:
    kept = [[outcome for outcome in outcomes if isinstance(outcome, Entry)] for outcomes in drawn]
    turns = len(kept)
    # scenarios take turns, so that the first instances of a set hold all of them
    entries = [kept[i % turns][i // turns] for i in range(recipe.instances)]
    file = f"{recipe.name}.jsonl.xz"
    card = SetCard(
        name=recipe.name,
        file=file,
        sha256=write_set(folder / file, as_lines(entries)),
        instances=len(entries),
        scenarios=cards,
        seeds=(SEEDS.start, max(entry.seed for entry in entries)),
        left_out=tuple(outcome for outcomes in drawn for outcome in outcomes if isinstance(outcome, LeftOut)),
        prove_limit_s=prove_limit_s,
        command=command,
        revision=git_revision(),
    )
    enter(folder, card)
    return card
