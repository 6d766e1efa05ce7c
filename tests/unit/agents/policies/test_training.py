"""Runs of action scorers: resumed, stopped early, searched."""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.progress import Progress
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from agents.checkpoint import STATE
from agents.contenders import contender
from agents.policies.learner import Tick
from agents.policies.network import ActionScorer
from agents.policies.training import ScorerRun
from agents.policies.tuning import tune
from agents.policy_files import CARD, WEIGHTS
from agents.yardstick import GAP
from satllm_env.errors import InputError
from satllm_env.problem import evaluate
from satllm_env.scenarios import load_scenario
from tests.unit.agents.policies.cases import tiny_settings


def trained(folder: Path, algorithm: str, **changes: Any) -> ScorerRun:
    """A run that has ended."""
    made = ScorerRun(tiny_settings(algorithm, **changes), folder, "python scripts/train.py")
    made.run(Progress(disable=True))
    return made


class StoppedError(Exception):
    """Stands for a kill."""


@pytest.mark.parametrize("algorithm", ["bc", "dagger", "dqn"])
def test_a_run_stopped_between_rounds_ends_with_the_same_weights(
    tmp_path: Path, algorithm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Network, optimizer, lessons or memory and random numbers go on where they were."""
    whole = trained(tmp_path / "whole", algorithm)
    stopped = ScorerRun(whole.settings, tmp_path / "stopped", "python scripts/train.py")
    keep = ScorerRun._keep

    def keep_and_stop(run: ScorerRun, learner: Any) -> None:
        keep(run, learner)
        raise StoppedError

    with monkeypatch.context() as patch, pytest.raises(StoppedError):
        patch.setattr(ScorerRun, "_keep", keep_and_stop)
        stopped.run(Progress(disable=True))
    again = ScorerRun(whole.settings, tmp_path / "stopped", "python scripts/train.py")
    again.run(Progress(disable=True), resume=True)
    one, other = (load_file(tmp_path / name / "last" / WEIGHTS) for name in ("whole", "stopped"))
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert [row[GAP] for row in again.rows] == [row[GAP] for row in whole.rows]


def test_a_run_leaves_a_policy_with_its_card_figures_and_events(tmp_path: Path) -> None:
    """What made it stands beside it, TensorBoard shows it, and it plans under the name of its folder."""
    made = trained(tmp_path / "run", "dagger")
    card = json.loads((tmp_path / "run" / "best" / CARD).read_text())
    assert card["command"] == "python scripts/train.py"
    assert card["algorithm"] == "dagger" and card["states"] > 0 and card["git_revision"]
    assert card["figures"][GAP] == min(row[GAP] for row in made.rows)
    shown = set[str]()
    for events in (tmp_path / "run").glob("events.out.tfevents.*"):
        shown |= set(EventAccumulator(str(events)).Reload().Tags()["scalars"])
    wanted = {"loss", "entropy", "agreement", "masked_share", "states"}
    assert {GAP, "paper-ground/feasible_rate", "paper-ground/delay_s_mean"} <= shown
    assert {f"train/{name}" for name in wanted} <= shown
    header = (tmp_path / "run" / "rounds.csv").read_text().splitlines()[0]
    assert "train/entropy" in header and "time/cpu_s" in header
    sample = load_scenario("paper-ground").sample(1)
    plan = contender(str(tmp_path / "run"), 0, None).plan(sample).plan
    assert plan is not None
    assert evaluate(sample.instance, plan.steps).delay_s == pytest.approx(plan.delay_s, rel=1e-12)


@dataclass
class Idle:
    """Learns nothing."""

    network: ActionScorer
    work: int = 1
    learned: list[int] = field(default_factory=list)

    def learn(self, number: int, tick: Tick) -> dict[str, float]:
        """Note the round."""
        self.learned.append(number)
        return {}

    def state(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Nothing."""


def test_a_run_that_gains_no_more_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After as many rounds without a smaller gap as the settings say; the first round stays the best."""
    run = ScorerRun(
        tiny_settings(
            "bc",
            rounds=9,
            evaluation={"episodes": 1, "seed": 600_000, "planner_deadline_s": 20.0, "patience": 2},
        ),
        tmp_path,
        "python scripts/train.py",
    )
    idle = Idle(run._learner().network)
    monkeypatch.setattr(run, "_learner", lambda: idle)
    run.run(Progress(disable=True))
    assert idle.learned == [0, 1, 2]
    assert json.loads((tmp_path / "best" / CARD).read_text())["figures"]["round"] == 0.0


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    """One line with the file."""
    run = trained(tmp_path, "bc", rounds=1)
    (tmp_path / STATE).write_bytes((tmp_path / STATE).read_bytes()[:1000])
    with pytest.raises(InputError, match=STATE):
        ScorerRun(run.settings, tmp_path, "none").run(Progress(disable=True), resume=True)


def test_a_search_finds_the_least_gap_and_goes_on(tmp_path: Path) -> None:
    """Optuna's trials differ, the best one's folder comes back, and trials of before count."""
    pytest.importorskip("optuna")
    tried: dict[str, float] = {}

    def train(settings: Any, folder: Path) -> float:
        assert folder.name not in tried
        tried[folder.name] = float(abs(settings.network.width - 64) + settings.teaching.learning_rate)
        return tried[folder.name]

    tune(tiny_settings("bc"), tmp_path, 3, train)
    assert len(tried) == 3
    best = tune(tiny_settings("bc"), tmp_path, 5, train)
    assert len(tried) == len(set(tried.values())) == 5
    assert best.name == min(tried, key=tried.__getitem__)


def test_without_optuna_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says what to install."""
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError, match=r"pip install 'satllm\[tune\]'"):
        tune(tiny_settings("bc"), tmp_path, 1, lambda settings, folder: 0.0)
