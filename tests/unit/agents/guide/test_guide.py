"""A guide from its lessons to its plans: it learns, resumes, and plans alike alone and in a batch."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.progress import Progress
from safetensors.numpy import load_file

from agents.contenders import contender
from agents.guide.fitting import fixed_pct, regrets_of
from agents.guide.lessons import collect_lessons
from agents.guide.policy import GuidePolicy, load_guide
from agents.guide.settings import FitSettings, GuideTraining, parse_guide_settings
from agents.guide.stream import GuideStreamPolicy
from agents.guide.training import GuideRun
from planners import solve
from planners.sweeps.cells import NUM_CELLS
from satllm_env.envs import SatLLMStreamEnv
from satllm_env.errors import InputError
from satllm_env.scenarios import Sample, load_scenario

SETTINGS = {
    "algorithm": "guide",
    "name": "tiny",
    "seed": 0,
    "scenarios": ["paper"],
    "sweeps": 4,
    "network": {"width": 8, "heads": 2, "hidden": 16},
    "lessons": {"instances": 30, "held_out": 0.25},
    "fit": {
        "draws": 4,
        "regret_cap": 0.2,
        "entropy": 0.01,
        "epochs": 8,
        "batch_size": 10,
        "learning_rate": 3e-3,
        "weight_decay": 0.01,
        "patience": 8,
    },
}


def settings() -> GuideTraining:
    """Of a run that takes a second or two."""
    return parse_guide_settings(SETTINGS, "test")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run."""
    folder = tmp_path_factory.mktemp("guide") / "run"
    GuideRun(settings(), folder, "python train").run(Progress(disable=True))
    return folder


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    """Requests that training has not seen."""
    scenario = load_scenario("paper")
    return [scenario.sample(seed) for seed in range(6)]


def test_it_learns(run: Path) -> None:
    """Fitting makes the loss smaller, and the card tells the best epoch's figures."""
    rows = np.genfromtxt(run / "epochs.csv", delimiter=",", names=True)
    assert rows["loss"][-1] < rows["loss"][0]
    figures = load_guide(run / "best").card.figures
    assert figures["guide/expected_pct"] == pytest.approx(rows["expected_pct"].min())


def test_resumed_alike(run: Path, tmp_path: Path) -> None:
    """A run that lost its fitting goes on from its lessons to the same weights, under its own command."""
    for name in ("settings.json", "lessons-0.npz"):
        (tmp_path / name).write_bytes((run / name).read_bytes())
    GuideRun(settings(), tmp_path, "another").run(Progress(disable=True), resume=True)
    one, other = (load_file(folder / "best" / "policy.safetensors") for folder in (run, tmp_path))
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert load_guide(tmp_path / "best").card.command == "python train"


def test_plans(run: Path, samples: list[Sample]) -> None:
    """Plans are legal and close to the optimum, more sweeps are no worse, and a batch plans alike."""
    policy = load_guide(run / "best")
    together = policy.plan_batch(samples, num_threads=2)
    for sample, batched in zip(samples, together, strict=True):
        alone, more = policy.plan(sample), policy.plan_best(sample, NUM_CELLS)
        assert alone.plan is not None
        assert batched.plan is not None
        assert alone.plan.steps == batched.plan.steps
        optimum_s = solve(sample.instance).delay_s
        assert optimum_s * (1.0 - 1e-9) <= more.delay_s <= alone.delay_s * 1.002
        assert alone.delay_s < 1.2 * optimum_s


def test_contender(run: Path) -> None:
    """A run's folder is a policy's name, and the number of sweeps may stand behind it."""
    assert contender(str(run), 0, None).kind == "learned"
    assert contender(f"{run}@16", 0, None).name == f"{run}@16"
    with pytest.raises(InputError, match="one at the least"):
        contender(f"{run}@0", 0, None)
    with pytest.raises(InputError, match="only guides"):
        contender("ppo@16", 0, None)


def test_damaged(run: Path, tmp_path: Path) -> None:
    """Weights that are not the card's, and lessons that are no lessons, are refused in one line."""
    for name in ("card.json", "policy.safetensors"):
        (tmp_path / name).write_bytes((run / "best" / name).read_bytes())
    card = json.loads((tmp_path / "card.json").read_text())
    (tmp_path / "card.json").write_text(json.dumps(card | {"sha256": "0"}))
    with pytest.raises(InputError, match="not the file that its card describes"):
        load_guide(tmp_path)
    (tmp_path / "settings.json").write_bytes((run / "settings.json").read_bytes())
    (tmp_path / "lessons-0.npz").write_bytes(b"no lessons")
    with pytest.raises(InputError, match=r"lessons-0\.npz.*cannot be read"):
        GuideRun(settings(), tmp_path, "x").run(Progress(disable=True), resume=True)


def test_lessons() -> None:
    """The same seeds give the same lessons, in one process or two; the best sweep has no regret."""
    one, other = (collect_lessons(["paper", "paper-ground"], 7, 34, jobs) for jobs in (1, 2))
    assert np.array_equal(one.delays_s, other.delays_s)
    assert np.array_equal(one.features, other.features)
    regrets = regrets_of(one, 0.2)
    assert (regrets.amin(1) == 0.0).all()
    assert regrets.max() <= 0.2


def test_fixed_sweeps() -> None:
    """All sweeps have no regret, one fixed sweep has that of the column which does best on average."""
    lessons = collect_lessons(["paper"], 11, 12)
    one, every = (FitSettings.model_validate(SETTINGS["fit"] | {"draws": n}) for n in (1, NUM_CELLS))  # type: ignore[operator]
    regrets = regrets_of(lessons, 0.2)
    assert fixed_pct(lessons, lessons, one) == pytest.approx(100.0 * regrets.mean(0).min().item(), rel=1e-5)
    assert fixed_pct(lessons, lessons, every) == 0.0


def test_fields() -> None:
    """A field at fault is named."""
    with pytest.raises(InputError, match=r"x\.toml: fit\.draws"):
        parse_guide_settings(SETTINGS | {"fit": SETTINGS["fit"] | {"draws": 0}}, "x.toml")  # type: ignore[operator]


def test_a_guide_without_sweeps_that_find_anything(run: Path) -> None:
    """A request that no satellite can serve has no plan, and the reason is told."""
    policy: GuidePolicy = load_guide(run / "best")
    sample = load_scenario("paper").sample(0)
    tables = sample.instance.tables
    cut = tables._replace(transfer_s=np.full_like(tables.transfer_s, np.inf))
    result = policy.plan(replace(sample, instance=replace(sample.instance, tables=cut)))
    assert result.status == "infeasible"
    assert result.reason


def test_in_a_stream(run: Path) -> None:
    """A request that meets busy servers is done no later than by the guide's own plan of the snapshot."""
    guide = load_guide(run / "best")
    env = SatLLMStreamEnv(scenario="paper", num_requests=6, rate_per_min=300.0)
    env.reset(seed=2)
    policy = GuideStreamPolicy("guide", guide)
    policy.begin(env)
    waited = 0
    while True:
        plan, servers = policy.plan(env), env.stream.servers.as_known()
        snapshot = guide.plan(Sample(env.instance)).plan
        assert plan is not None
        assert snapshot is not None
        delay_s = servers.try_out(plan).delay_s
        assert delay_s <= servers.try_out(snapshot).delay_s * (1.0 + 1e-9)
        waited += servers.try_out(plan).wait_s > 0.0
        env.stream.admit(plan)
        if env.stream.next() is None:
            break
    assert waited
