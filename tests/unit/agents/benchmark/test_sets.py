"""The benchmark's sets: what is frozen in them, and what is refused."""

import json
import lzma
import shutil
from pathlib import Path

import numpy as np
import pytest

from agents.benchmark import load_benchmark, load_set
from agents.benchmark.form import INDEX, TOLERANCE, Entry, load_index
from agents.benchmark.making import make_set
from agents.benchmark.recipe import SEEDS, Recipe, recipe_names
from agents.config import load_settings
from agents.environment import TRAINING_SEEDS_FROM
from planners import solve
from satllm_env.errors import InputError
from satllm_env.scenarios import load_scenario

FOLDER = Path(__file__).parents[4] / "benchmarks"
NAMES = [card.name for card in load_index(FOLDER).sets]


def test_every_set_is_there() -> None:
    """As many as there are recipes, of 200 instances each, from the benchmark's own seeds."""
    index = load_index(FOLDER)
    assert sorted(NAMES) == sorted(recipe_names())
    for card in index.sets:
        assert card.instances == 200
        assert SEEDS.start <= card.seeds[0] <= card.seeds[1] < SEEDS.stop <= TRAINING_SEEDS_FROM
        assert all(out.reason for out in card.left_out)


@pytest.mark.parametrize("name", NAMES)
def test_optima_hold(name: str) -> None:
    """The stored plans keep the rules and have the stored delay, and the planner finds no better one."""
    for entry in load_set(name, 2, FOLDER).entries:
        assert entry.optimal_plan().delay_s == pytest.approx(entry.optimum.delay_s, rel=TOLERANCE)
        assert solve(entry.instance).delay_s == pytest.approx(entry.optimum.delay_s, rel=TOLERANCE)


@pytest.mark.parametrize("name", ["paper", "walker-dense"])
def test_an_entry_is_the_draw_of_its_seed(name: str) -> None:
    """Stored and read again, problem and slots are those of the scenario's sample."""
    scenario = load_scenario(name)
    sample = scenario.sample(SEEDS.start + 7)
    result = solve(sample.instance)
    assert result.plan is not None
    entry = Entry.of(name, SEEDS.start + 7, result.plan, result.lower_bound_s)
    again = Entry.model_validate(json.loads(json.dumps(entry.as_data())), by_alias=True, by_name=False)
    assert again.problem == sample.problem
    assert np.array_equal(again.instance.slots, sample.instance.slots)
    assert again.optimal_plan().delay_s == result.plan.delay_s


def test_nothing_of_the_unseen_set_was_trained_on() -> None:
    """Neither its scenarios nor its models' names are among those of training."""
    training = load_settings().scenarios
    (unseen,) = load_benchmark(["unseen"], 1, FOLDER)
    drawn = {card.name for card in unseen.card.scenarios}
    assert not drawn & set(training)
    seen = {model.name for name in training for model in load_scenario(name).form.requests.models}
    for path in (FOLDER / "scenarios").glob("*.toml"):
        assert not {model.name for model in load_scenario(str(path)).form.requests.models} & seen


def test_a_run_makes_the_same_set_again(tmp_path: Path) -> None:
    """Killed after some instances or not, and entries are of the seeds in order."""
    made = make_set(tmp_path / "a", Recipe("few", ("paper-ground",), 3), 60.0, "command")
    again = make_set(tmp_path / "b", Recipe("few", ("paper-ground",), 3), 60.0, "command")
    assert made.sha256 == again.sha256
    entries = load_set("few", folder=tmp_path / "a").entries
    left = {out.seed for out in made.left_out}
    kept = [seed for seed in range(made.seeds[0], made.seeds[1] + 1) if seed not in left]
    assert [entry.seed for entry in entries] == kept


def test_changed_sets_are_refused(tmp_path: Path) -> None:
    """A line that was changed, and a file that is no xz file."""
    shutil.copy(FOLDER / INDEX, tmp_path / INDEX)
    text = lzma.decompress((FOLDER / "paper.jsonl.xz").read_bytes())
    (tmp_path / "paper.jsonl.xz").write_bytes(lzma.compress(text.replace(b"0", b"1", 1)))
    with pytest.raises(
        InputError, match=r"paper\.jsonl\.xz: sha256: is not the set that the index describes"
    ):
        load_set("paper", folder=tmp_path)
    (tmp_path / "paper.jsonl.xz").write_bytes(b"no")
    with pytest.raises(InputError, match=r"paper\.jsonl\.xz: is damaged: not an xz file"):
        load_set("paper", folder=tmp_path)
    with pytest.raises(InputError, match="unknown set 'nope'; known are kuiper-630"):
        load_set("nope", folder=tmp_path)
    with pytest.raises(InputError, match=r"index\.json"):
        load_benchmark(folder=tmp_path / "none")
