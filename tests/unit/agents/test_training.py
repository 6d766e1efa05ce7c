"""MaskablePPO's runs: what they log, and when they stop."""

import json
import tomllib
from pathlib import Path

import pytest
from rich.progress import Progress
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from agents.config import TrainingSettings
from agents.contenders import contender
from agents.policy_files import CARD
from agents.runs import train
from agents.yardstick import GAP
from satllm_env.scenarios import load_scenario
from tests.integration.training import tiny_training


def settings(**ppo: int) -> TrainingSettings:
    """A run of seconds, from scratch, stopped by the first evaluation without a gain."""
    data = tomllib.loads(tiny_training(hidden=16, epochs=1, steps=100_000, episodes=1))
    data["cloning"]["episodes"] = 0
    data["ppo"] |= {"learning_rate": 1e-12, **ppo}
    data["evaluation"] |= {"every_steps": 128, "patience": 1}
    return TrainingSettings.model_validate(data)


@pytest.mark.parametrize(
    "ppo", [{}, {"num_envs": 2, "instances": 3, "n_steps": 64}], ids=["single", "vector"]
)
def test_a_run_logs_its_figures_and_stops_where_it_gains_no_more(tmp_path: Path, ppo: dict[str, int]) -> None:
    """Gap, feasibility, entropy, loss, share of masked actions; environments one by one or together."""
    made = settings(**ppo)
    train(made, tmp_path, "python scripts/train.py", 1, False, Progress(disable=True))
    shown = set[str]()
    for events in tmp_path.glob("events.out.tfevents.*"):
        log = EventAccumulator(str(events)).Reload()
        shown |= set(log.Tags()["scalars"])
    assert {GAP, "paper-ground/feasible_rate", "paper-ground/delay_s_mean"} <= shown
    assert {"train/entropy_loss", "train/loss", "train_episodes/masked_share"} <= shown
    best, last = (json.loads((tmp_path / name / CARD).read_text()) for name in ("best", "last"))
    assert 0 < last["steps"] < 1000
    assert best["git_revision"] and GAP in best["figures"]
    policy = contender(str(tmp_path), 0, None)
    assert policy.plan(load_scenario("paper-ground").sample(1)).plan is not None
