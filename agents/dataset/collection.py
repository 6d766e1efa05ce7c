"""Collecting optimal walks into a dataset, shard by shard."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed

from agents.dataset.card import write_card
from agents.dataset.columns import as_numpy
from agents.dataset.description import (
    DESCRIPTION,
    Description,
    ScenarioForm,
    column_forms,
    load_description,
    planner_version,
    shard_form,
)
from agents.dataset.extras import pyarrow
from agents.dataset.request import WalkRequest
from agents.dataset.shards import check_shard, read_shard, shard_name, write_shard
from agents.dataset.walk import OptimalWalk, walk_optimally
from satllm_env.errors import InputError
from satllm_env.provenance import git_revision


def collect(
    folder: Path,
    request: WalkRequest,
    command: str,
    tick: Callable[[], None] = lambda: None,
    jobs: int = -1,
) -> Description:
    """Plan instances and keep their optimal walks, with a data card and a description.

    Shards are written as they come, so that a killed run goes on where it was. The walks are the same
    whatever the number of jobs and however often the run is killed, as long as the deadline stops no
    proof; the description names the episodes that it did stop.

    Args:
        folder: of the dataset.
        request: which walks.
        command: that makes the dataset, for the card.
        tick: called for every instance.
        jobs: processes, −1 for one per core.

    Raises:
        InputError: the folder holds another request's walks, a scenario is wrong, no instance was proven
            optimal in time, or Parquet is not installed.
    """
    pyarrow()  # told before the work
    if (folder / DESCRIPTION).exists():
        return _finished(folder, request, tick)
    numbers = request.shards()
    files = [shard_name(i, len(numbers)) for i in range(len(numbers))]
    for file, shard in zip(files, numbers, strict=True):
        if (folder / file).exists():
            check_shard(folder / file, request)
            for _ in shard:
                tick()
        else:
            write_shard(folder / file, _plan(request, shard, tick, jobs), request)
    made = _describe(folder, request, files, command)
    write_card(folder, made)
    made.save(folder)  # last: it says that all is there
    return made


def _finished(folder: Path, request: WalkRequest, tick: Callable[[], None]) -> Description:
    there = load_description(folder)
    if there.request != request or {s.name: s.sha256 for s in there.scenarios} != request.scenario_hashes():
        raise InputError(str(folder), "", "holds the dataset of another request; choose another folder")
    for _ in range(request.episodes):
        tick()
    return there


def _plan(
    request: WalkRequest, numbers: range, tick: Callable[[], None], jobs: int
) -> dict[int, OptimalWalk]:
    spaces = request.spaces()
    tasks = [
        delayed(walk_optimally)(scenario, spaces, seed, request.deadline_s)
        for scenario, seed in map(request.instance, numbers)
    ]
    walks: Iterable[OptimalWalk | None] = Parallel(n_jobs=jobs, return_as="generator")(tasks)
    kept = {}
    for number, walk in zip(numbers, walks, strict=True):
        if walk is not None:
            kept[number] = walk
        tick()
    return kept


def _describe(folder: Path, request: WalkRequest, files: list[str], command: str) -> Description:
    spaces, pa = request.spaces(), pyarrow()
    tables = [read_shard((folder / file).read_bytes(), str(folder / file), spaces) for file in files]
    table = pa.concat_tables(tables)
    if not table.num_rows:
        raise InputError("deadline", "", f"no instance was proven optimal within {request.deadline_s:g} s")
    there = set(as_numpy(table, "episode").tolist())
    return Description(
        command=command,
        revision=git_revision(),
        planner_version=planner_version(),
        request=request,
        spaces=spaces,
        episodes=len(there),
        steps=table.num_rows,
        left_out=tuple(number for number in range(request.episodes) if number not in there),
        scenarios=_scenarios(table, request),
        columns=column_forms(spaces),
        shards=tuple(shard_form(folder, *pair) for pair in zip(files, tables, strict=True)),
    )


def _scenarios(table: Any, request: WalkRequest) -> tuple[ScenarioForm, ...]:
    of_step = table.column("scenario").to_pylist()
    of_walk = dict(zip(as_numpy(table, "episode").tolist(), of_step, strict=True))
    names = list(of_walk.values())
    return tuple(
        ScenarioForm(name=name, sha256=sha256, episodes=names.count(name), steps=of_step.count(name))
        for name, sha256 in request.scenario_hashes().items()
    )
