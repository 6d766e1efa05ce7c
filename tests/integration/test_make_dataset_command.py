"""make_dataset.py: optimal walks as files, and train.py that clones them."""

import json
import shlex
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file

from tests.integration.command import Done, command
from tests.integration.training import tiny_training

make_dataset = command("make_dataset.py")
train = command("train.py")

SETTINGS = tiny_training(hidden=16, epochs=2, steps=0, episodes=1)
WALKS = ("--scenarios", "paper-ground", "--episodes", "3", "--seed", "3", "--jobs", "1")


def refused(done: Done, *words: str) -> None:
    """One line on stderr that holds some words, and exit 2."""
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    line = done.stderr.strip().splitlines()[-1]
    assert [word for word in words if word not in line] == []


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of three walks."""
    folder: Path = tmp_path_factory.mktemp("made") / "walks"
    done = make_dataset("--out", folder, *WALKS)
    assert done.returncode == 0, done.stderr
    assert "paper-ground" in done.stdout
    return folder


def test_json_is_the_description_and_nothing_else(walks: Path) -> None:
    """A program reads from stdout what dataset.json holds; the same command again changes nothing."""
    done = make_dataset("--out", walks, *WALKS, "--json")
    assert json.loads(done.stdout) == json.loads((walks / "dataset.json").read_text())
    assert json.loads(done.stdout)["steps"] == len(pq.read_table(walks / "data"))


def test_the_command_on_the_card_makes_the_same_bytes(walks: Path, tmp_path: Path) -> None:
    """Whoever types what the card says gets the same files."""
    _, script, *arguments = shlex.split(json.loads((walks / "dataset.json").read_text())["command"])
    assert script == "scripts/make_dataset.py"
    again = tmp_path / "again"
    make_dataset(*(str(again) if word == str(walks) else word for word in arguments))
    shard = "data/train-00000-of-00001.parquet"
    assert (again / shard).read_bytes() == (walks / shard).read_bytes()


def test_cloning_a_dataset_is_cloning_the_same_walks_planned(walks: Path, tmp_path: Path) -> None:
    """train.py comes to the same weights whether it plans the walks or reads them."""
    config = tmp_path / "tiny.toml"
    config.write_text(SETTINGS)
    ways = {"planned": (), "read": ("--demonstrations", walks)}
    for name, arguments in ways.items():
        done = train("--config", config, "--out", tmp_path / name, *arguments, "--jobs", "1")
        assert done.returncode == 0, done.stderr
    planned, read = (load_file(tmp_path / name / "last" / "policy.safetensors") for name in ways)
    assert all((planned[key] == read[key]).all() for key in planned)
    assert not (tmp_path / "read" / "demonstrations").exists()
    settings = json.loads((tmp_path / "read" / "settings.json").read_text())["settings"]
    assert settings["cloning"]["demonstrations"] == str(walks)
    assert settings["cloning"]["episodes"] == 0


def test_a_dataset_of_other_spaces_is_refused(tmp_path: Path) -> None:
    """A policy does not learn from what it will not see."""
    make_dataset("--out", tmp_path / "plain", *WALKS, "--observation", "plain")
    config = tmp_path / "tiny.toml"
    config.write_text(SETTINGS)
    given = ("--config", config, "--out", tmp_path / "run", "--jobs", "1")
    done = train(*given, "--demonstrations", tmp_path / "plain")
    refused(done, str(tmp_path / "plain"), "plain observation", "lookahead observation")


def test_bad_arguments_are_one_line_and_leave_nothing(tmp_path: Path, walks: Path) -> None:
    """Each names what is wrong."""
    out = tmp_path / "walks"
    refused(make_dataset("--out", out, "--episodes", "0"), "episodes")
    refused(make_dataset("--out", out, "--deadline", "0"), "deadline_s")
    refused(make_dataset("--out", out, "--seed", "-1"), "seed")
    refused(make_dataset("--out", out, "--jobs", "0"), "--jobs")
    refused(make_dataset("--out", out, "--scenarios", "nowhere"), "nowhere")
    refused(make_dataset("--out", out, "--observation", "other"), "observation")
    refused(
        make_dataset("--out", walks, *WALKS[:-2], "--observation", "plain"), str(walks), "another request"
    )
    refused(train("--demonstrations", walks, "--episodes", "3"), "--demonstrations", "--episodes")
    refused(train("--demonstrations", out, "--out", tmp_path / "run"), "dataset.json")
    assert not out.exists()


@pytest.mark.parametrize(("missing", "extra"), [("pyarrow.parquet", "data"), ("minari", "minari")])
def test_a_missing_library_names_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, extra: str
) -> None:
    """Told before the work, not after."""
    monkeypatch.setitem(sys.modules, missing, None)
    done = make_dataset("--out", tmp_path / "walks", *WALKS, "--minari")
    refused(done, f"pip install 'satllm[{extra}]'")
    if extra == "data":
        refused(train("--out", tmp_path / "run", "--jobs", "1"), "pip install 'satllm[data]'")
    assert list(tmp_path.iterdir()) == []
