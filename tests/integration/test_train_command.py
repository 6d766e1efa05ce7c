"""train.py: runs that can be killed, resumed, repeated and compared."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from rich.progress import Progress
from safetensors.torch import load_file

from agents.contenders import contender
from agents.policies.settings import ScorerTraining
from agents.runs import load_any, train
from satllm_env.scenarios import load_scenario
from tests.integration.command import command
from tests.integration.training import TINY_SCORER, tiny_training

ROOT = Path(__file__).parents[2]
TRAIN = command("train.py")


def _command(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "scripts" / "train.py"), *arguments, "--jobs", "1"]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(_command(*arguments), capture_output=True, text=True, timeout=300, check=False)


def _kill_after_a_checkpoint(folder: Path, *arguments: str) -> int:
    """Start a training, kill it after a checkpoint, and tell how many steps that holds."""
    process = subprocess.Popen(_command(*arguments), stderr=subprocess.DEVNULL)
    progress, deadline = folder / "progress.json", time.monotonic() + 240
    while time.monotonic() < deadline and process.poll() is None:
        if progress.exists() and json.loads(progress.read_text())["steps"] > 0:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return int(json.loads(progress.read_text())["steps"])


@pytest.mark.slow
def test_a_killed_run_goes_on_from_its_checkpoint_and_its_policy_can_be_compared(tmp_path: Path) -> None:
    """SIGKILL loses what came after the last checkpoint and nothing else."""
    config, folder = tmp_path / "tiny.toml", tmp_path / "run"
    config.write_text(tiny_training(hidden=32, epochs=3, steps=2048, episodes=2))
    kept = _kill_after_a_checkpoint(folder, "--config", str(config), "--out", str(folder))
    assert 0 < kept < 2048
    resumed = _run("--resume", str(folder))
    assert resumed.returncode == 0, resumed.stderr
    assert json.loads((folder / "progress.json").read_text())["steps"] >= 2048
    assert list(folder.glob("events.out.tfevents.*"))
    header = (folder / "progress.csv").read_text().splitlines()[0]
    assert "paper-ground/gap_mean_pct" in header
    assert "rollout/ep_rew_mean" in header
    policy = contender(str(folder), seed=0, deadline_s=None)
    assert policy.kind == "learned"
    assert policy.plan(load_scenario("paper-ground").sample(0)).plan is not None


def test_a_killed_round_is_made_again_with_the_same_weights(tmp_path: Path) -> None:
    """An action scorer's run that SIGKILL stopped ends as one that nobody stopped."""
    config, folder = tmp_path / "tiny.toml", tmp_path / "killed"
    config.write_text(TINY_SCORER)
    process = subprocess.Popen(
        _command("--config", str(config), "--out", str(folder)), stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 240
    while not (folder / "checkpoint.pt").exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    kept = len((folder / "rounds.csv").read_text().splitlines()) - 1
    settings = load_any(config)
    assert isinstance(settings, ScorerTraining)
    assert 0 < kept < settings.rounds
    resumed = _run("--resume", str(folder))
    assert resumed.returncode == 0, resumed.stderr
    train(settings, tmp_path / "whole", "none", 1, False, Progress(disable=True))
    one, other = (load_file(place / "last" / "policy.safetensors") for place in (folder, tmp_path / "whole"))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_several_seeds_have_a_folder_each(tmp_path: Path) -> None:
    """And policies of their own."""
    config = tmp_path / "tiny.toml"
    config.write_text(TINY_SCORER.replace("rounds = 8", "rounds = 1"))
    run = TRAIN("--config", config, "--out", tmp_path / "runs", "--seeds", "4", "9", "--jobs", "1")
    assert run.returncode == 0, run.stderr
    weights = [tmp_path / "runs" / f"seed-{seed}" / "best" / "policy.safetensors" for seed in (4, 9)]
    assert weights[0].read_bytes() != weights[1].read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--seeds", "1", "2", "--seed", "3"), "--seeds: cannot be given together with --seed"),
        (("--tune", "3"), "--tune: is for settings that name an algorithm"),
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments: tuple[str, ...], message: str) -> None:
    """One line, exit 2."""
    run = TRAIN(*arguments)
    assert run.returncode == 2
    assert message in run.stderr


def test_a_folder_in_use_and_a_folder_without_a_run_are_refused(tmp_path: Path) -> None:
    """Nothing is overwritten and nothing is resumed by mistake; one line, exit 2."""
    (tmp_path / "settings.json").write_text("{}")
    for arguments in (("--out", str(tmp_path)), ("--resume", str(tmp_path / "empty"))):
        run = _run(*arguments)
        assert run.returncode == 2
        assert run.stderr.strip().splitlines()[-1].startswith(str(tmp_path))
        assert "Traceback" not in run.stderr
