"""The data card: a README in the form of Hugging Face's dataset cards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from agents.environment import TRAINING_SEEDS_FROM
from satllm_env.cli import write_text
from satllm_env.tables import Grid, markdown_table

if TYPE_CHECKING:
    from agents.dataset.description import Description

CARD = "README.md"
TAGS = ["reinforcement-learning", "offline-rl", "imitation-learning", "gymnasium", "satellites"]
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))

_PAGE = """{head}
# Optimal walks of `SatLLMSplit-v0`: {scenarios}

{episodes} requests to split a large model over LEO satellites, each planned to the proven optimum and walked
in the environment: {steps} steps with what an agent sees, what the optimal plan does, and what is still to
come. The gap to the optimum is 0 throughout; a policy that copies every move reaches it.

## Contents

{contents}

{left_out}

## Columns

One row per step; rows of a walk follow each other. Rewards are in units of the instance's reference delay
(`reward_unit="reference"`), undiscounted: the first `return_to_go` of a walk is −`delay_s` / `reference_s`.
The action space has {slots} out-link slots and {levels} levels of compression; the observation is
{observation}.

{columns}

Where an optimum is not unique, one optimal walk is kept.

## How it was made

{made}

{instances}

```console
$ {command}
```

## How to read it

```python
from agents.dataset import load_dataset

steps = load_dataset("FOLDER")  # checks every file against its SHA-256
```

or `pandas.read_parquet("FOLDER/data")`, or
`datasets.load_dataset("parquet", data_files="FOLDER/data/*.parquet")`.
`dataset.json` holds what is said here for programs, with the SHA-256 of every file.

## Licence

{licence}
"""

_OBSERVATIONS = {
    "plain": "the environment's own",
    "lookahead": "the environment's own and `LookaheadObservation`'s three entries per action",
}


def write_card(folder: Path, made: Description) -> None:
    """Write the card of a dataset."""
    write_text(folder / CARD, card(made))


def card(made: Description) -> str:
    """The card's text."""
    return _PAGE.format(
        head=_head(made),
        scenarios=", ".join(s.name for s in made.scenarios),
        episodes=f"{made.episodes:,}",
        steps=f"{made.steps:,}",
        contents=_contents(made),
        left_out=_left_out(made),
        slots=made.spaces.num_slots,
        levels=made.spaces.num_levels,
        observation=_OBSERVATIONS[made.spaces.observation],
        columns=_columns(made),
        made=_made(made),
        instances=_instances(made),
        command=made.command,
        licence=made.licence,
    )


def _head(made: Description) -> str:
    size = next((name for limit, name in SIZES if made.steps < limit), "n>1M")
    fields = {
        "license": made.licence.lower(),
        "pretty_name": "SatLLM optimal walks",
        "task_categories": ["reinforcement-learning"],
        "tags": TAGS,
        "size_categories": [size],
        "configs": [
            {"config_name": "default", "data_files": [{"split": "train", "path": "data/train-*.parquet"}]}
        ],
    }
    # JSON is YAML
    return "\n".join(["---", *(f"{name}: {json.dumps(value)}" for name, value in fields.items()), "---"])


def _contents(made: Description) -> str:
    rows = [(f"`{s.name}`", f"{s.episodes:,}", f"{s.steps:,}", f"`{s.sha256[:16]}…`") for s in made.scenarios]
    return markdown_table(Grid(("scenario", "walks", "steps", "SHA-256 of its settings"), rows))


def _left_out(made: Description) -> str:
    if not made.left_out:
        return f"All {made.request.episodes:,} instances that were drawn are here."
    return (
        f"{len(made.left_out):,} of {made.request.episodes:,} instances are left out: their optimum was not "
        f"proven within {made.request.deadline_s:g} s and the planner's memory. `dataset.json` lists them."
    )


def _columns(made: Description) -> str:
    rows = [(f"`{c.name}`", c.type, c.shape, c.unit or "–", c.meaning) for c in made.columns]
    lines = ["| column | type | shape | unit | meaning |", "|---|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _made(made: Description) -> str:
    return (
        f"Planner `{made.planner}` of SatLLM {made.planner_version} (code: {made.revision}), at most "
        f"{made.request.deadline_s:g} s per instance; every plan is proven optimal and replayed in the "
        "environment."
    )


def _instances(made: Description) -> str:
    return (
        f"Instances are drawn with seeds from {made.request.instance(0)[1]:,} on, one per walk, the "
        f"scenarios taking turns; seeds below {TRAINING_SEEDS_FROM:,} are kept for evaluation."
    )
