"""The copy for Minari, read by Minari."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from agents.dataset import WalkRequest, collect, load_dataset, load_description, minari_copy
from agents.dataset.minari_copy import write_minari
from satllm_env.errors import InputError

pytest.importorskip("minari")


@pytest.fixture
def folder(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The dataset again, where it may be written to and where Minari looks."""
    shutil.copytree(dataset, tmp_path / "walks")
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "walks" / "minari"))
    return tmp_path / "walks"


def test_minari_reads_the_same_steps(folder: Path) -> None:
    """Observations, masks and actions are those of the Parquet files; each walk has its last observation."""
    import minari

    (name,) = write_minari(folder, load_description(folder))
    copy, steps = minari.load_dataset(name), load_dataset(folder)
    walks = list(copy)
    assert (copy.total_episodes, copy.total_steps) == (8, len(steps))
    assert np.array_equal(np.concatenate([w.observations[:-1] for w in walks]), steps.observations)
    assert np.array_equal(np.concatenate([w.infos["action_mask"][:-1] for w in walks]) == 1, steps.masks)
    assert np.array_equal(np.concatenate([w.actions for w in walks]), steps.actions)
    assert all(w.terminations[-1] and not w.terminations[:-1].any() for w in walks)
    firsts = np.cumsum([0, *(len(w.actions) for w in walks[:-1])])
    assert np.allclose([w.rewards.sum() for w in walks], steps.returns[firsts], rtol=1e-6)


def test_the_environment_comes_back_from_the_copy(folder: Path) -> None:
    """The recorded environment, its wrapper included, walks an episode again to the same reward."""
    import minari

    (name,) = write_minari(folder, load_description(folder))
    copy = minari.load_dataset(name)
    env, walk = copy.recover_environment(), copy[3]
    (metadata,) = copy.storage.get_episode_metadata([3])
    observation, _ = env.reset(seed=metadata["seed"])
    assert np.array_equal(observation, walk.observations[0])
    rewards = [env.step(action)[1] for action in walk.actions]
    assert np.allclose(rewards, walk.rewards, rtol=1e-9)


def test_every_scenario_has_a_copy_and_a_second_run_leaves_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One environment per Minari dataset; nothing is left beside them."""
    import minari

    request = WalkRequest(
        scenarios=("paper-ground", "paper"), episodes=2, deadline_s=20.0, observation="plain"
    )
    made = collect(tmp_path, request, "python scripts/make_dataset.py", jobs=1)
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "minari"))
    names = write_minari(tmp_path, made)
    assert names == ("satllm/paper-ground/optimal-v0", "satllm/paper/optimal-v0")
    assert {minari.load_dataset(name).env_spec.kwargs["scenario"] for name in names} == set(request.scenarios)
    assert write_minari(tmp_path, made) == names
    assert {path.name for path in tmp_path.iterdir()} == {"README.md", "data", "dataset.json", "minari"}


@pytest.mark.parametrize("fault", ["reward", "masked", "too short", "too long"])
def test_a_dataset_that_the_environment_contradicts_is_not_copied(
    folder: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """Replaying the walks is a check of the dataset; nothing half-written stays."""

    def wrong(seed: int, actions: list[int], rewards: list[float]) -> tuple[int, list[int], list[float]]:
        if fault == "reward":
            return seed, actions, [rewards[0] + 1e-3, *rewards[1:]]
        if fault == "masked":
            return seed, [actions[-1] + 1, *actions[1:]], rewards
        kept = slice(None, -1) if fault == "too short" else slice(None)
        return seed, [*actions[kept], *([0] * (fault == "too long"))], rewards

    walks = minari_copy._walks
    monkeypatch.setattr(minari_copy, "_walks", lambda *given: (wrong(*walk) for walk in walks(*given)))
    with pytest.raises(InputError, match=r"walk of seed \d+: is not what this environment gives"):
        write_minari(folder, load_description(folder))
    assert {path.name for path in folder.iterdir()} == {"README.md", "data", "dataset.json"}
