"""Collecting optimal walks into Parquet."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from agents.dataset import Description, WalkRequest, collect, load_dataset, load_description
from agents.dataset import collection as module
from agents.dataset import request as requests
from agents.environment import TRAINING_SEEDS_FROM, make_env
from planners import solve
from satllm_env.errors import InputError
from satllm_env.scenarios import load_scenario
from satllm_env.scenarios.form import LIBRARY

PLAIN = WalkRequest(scenarios=("paper-ground",), episodes=4, seed=3, deadline_s=20.0, observation="plain")


def rows_of(folder: Path) -> dict[str, list]:
    """Every column of a dataset, by any reader's eyes."""
    return pq.read_table(folder / "data").to_pydict()


def bytes_of(folder: Path) -> dict[str, bytes]:
    """The Parquet files of a dataset."""
    return {path.name: path.read_bytes() for path in sorted((folder / "data").glob("*.parquet"))}


def made(folder: Path, jobs: int = 1, request: WalkRequest = PLAIN) -> Description:
    """A dataset in a folder."""
    return collect(folder, request, "python scripts/make_dataset.py", jobs=jobs)


def test_walks_are_those_of_the_environment(dataset: Path) -> None:
    """Seed and actions replayed in a fresh environment give every stored entry again."""
    rows, env = rows_of(dataset), make_env("paper-ground")
    at = 0
    for seed in dict.fromkeys(rows["seed"]):
        observation, info = env.reset(seed=seed)
        terminated = False
        while not terminated:
            assert np.array_equal(observation, np.array(rows["observation"][at], np.float32))
            assert np.array_equal(info["action_mask"], rows["action_mask"][at])
            observation, reward, terminated, _, info = env.step(rows["action"][at])
            assert reward == rows["reward"][at]
            assert terminated == rows["terminated"][at]
            at += 1
        assert info["delay_s"] == rows["delay_s"][at - 1]
    assert at == len(rows["seed"])


def test_delays_are_the_optimum_and_returns_say_so(dataset: Path) -> None:
    """The planner finds the same delay again, and the first return of a walk is minus that delay."""
    rows, scenario = rows_of(dataset), load_scenario("paper-ground")
    firsts = [row for row, step in enumerate(rows["step"]) if step == 0]
    assert len(firsts) == 8
    for row in firsts:
        optimum_s = solve(scenario.sample(rows["seed"][row]).instance).delay_s
        assert rows["delay_s"][row] == pytest.approx(optimum_s, rel=1e-12)
        assert -rows["return_to_go"][row] * rows["reference_s"][row] == pytest.approx(optimum_s, rel=1e-9)
    assert max(rows["gap_pct"]) < 1e-9


def test_instances_lie_outside_those_of_evaluation(dataset: Path) -> None:
    """Nobody evaluates on what was trained on by counting seeds from zero."""
    assert min(rows_of(dataset)["seed"]) >= TRAINING_SEEDS_FROM >= 10**9
    with pytest.raises(ValueError, match="seed and episodes"):
        WalkRequest(scenarios=("paper",), episodes=10**6, seed=1000, deadline_s=1.0)


def test_a_killed_run_goes_on_and_ends_in_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shards that are there are kept, the others planned; nothing tells the datasets apart."""
    monkeypatch.setattr(requests, "SHARD_EPISODES", 2)
    made(tmp_path / "whole")
    shutil.copytree(tmp_path / "whole" / "data", tmp_path / "killed" / "data")
    (tmp_path / "killed" / "data" / "train-00001-of-00002.parquet").unlink()
    ticks = []
    planned = []
    plan = module.walk_optimally
    monkeypatch.setattr(module, "walk_optimally", lambda *given: planned.append(given) or plan(*given))
    collect(tmp_path / "killed", PLAIN, "again", tick=lambda: ticks.append(1), jobs=1)
    assert (len(ticks), len(planned)) == (4, 2)
    assert bytes_of(tmp_path / "killed") == bytes_of(tmp_path / "whole")


def test_several_processes_make_the_same_bytes(tmp_path: Path) -> None:
    """The number of jobs decides nothing."""
    for jobs in (1, 2):
        made(tmp_path / str(jobs), jobs)
    assert bytes_of(tmp_path / "1") == bytes_of(tmp_path / "2") != {}


def test_another_request_is_refused(tmp_path: Path) -> None:
    """Neither a finished dataset nor the shards of an unfinished one are mixed with others."""
    made(tmp_path)
    other = PLAIN.model_copy(update={"seed": 4})
    with pytest.raises(InputError, match="another request"):
        made(tmp_path, request=other)
    (tmp_path / "dataset.json").unlink()
    with pytest.raises(InputError, match=r"parquet: holds walks of another request"):
        made(tmp_path, request=other)


def test_a_finished_dataset_is_left_alone(tmp_path: Path) -> None:
    """The same command again plans nothing and changes nothing."""
    first = made(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert made(tmp_path) == first == load_description(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_what_is_not_proven_is_left_out_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only proven optima are kept; the description lists the others, and none at all is an error."""
    plan = module.walk_optimally
    monkeypatch.setattr(
        module, "walk_optimally", lambda s, spaces, seed, d: plan(s, spaces, seed, d) if seed % 2 else None
    )
    description = made(tmp_path / "some")
    assert description.left_out == (0, 2)
    assert sorted(set(rows_of(tmp_path / "some")["episode"])) == [1, 3]
    assert "2 of 4 instances are left out" in (tmp_path / "some" / "README.md").read_text()
    monkeypatch.setattr(module, "walk_optimally", lambda *given: None)
    with pytest.raises(InputError, match=r"no instance was proven optimal within 20 s"):
        made(tmp_path / "none")


def test_the_plain_observation_is_the_environments_own(tmp_path: Path) -> None:
    """Without estimates the observation is shorter and the walks are the same."""
    made(tmp_path)
    steps = load_dataset(tmp_path)
    assert steps.spaces.observation == "plain"
    assert steps.observations.shape[1] == make_env("paper-ground").unwrapped.layout.size


def test_a_scenario_file_takes_part_under_its_name(tmp_path: Path) -> None:
    """The steps name the scenario; its hash hangs on what the file says, and two of one name are refused."""
    library = Path(str(LIBRARY))
    text = (library / "paper-ground.toml").read_text()
    path = tmp_path / "mine.toml"
    path.write_text(text.replace("batch = 64", "batch = 32"))
    given = PLAIN.model_copy(update={"scenarios": (str(path), "paper-ground")})
    with pytest.raises(InputError, match="'paper-ground' is another scenario's name too"):
        made(tmp_path / "walks", request=given)
    path.write_text(path.read_text().replace('name = "paper-ground"', 'name = "mine"'))
    description = made(tmp_path / "walks", request=given)
    assert [(s.name, s.episodes) for s in description.scenarios] == [("mine", 2), ("paper-ground", 2)]
    assert len({s.sha256 for s in description.scenarios}) == 2
    assert set(rows_of(tmp_path / "walks")["scenario"]) == {"mine", "paper-ground"}
