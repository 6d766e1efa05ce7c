"""A search for hyper-parameters with Optuna (extra `tune`): learning rate, width and blocks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from agents.dataset.extras import optuna
from agents.policies.settings import ScorerTraining
from satllm_env.errors import InputError

STUDY = "study.log"

WIDTHS, BLOCKS, RATES = (32, 64, 128), (1, 3), (1e-4, 1e-2)


def tune(
    settings: ScorerTraining, folder: Path, trials: int, train: Callable[[ScorerTraining, Path], float]
) -> Path:
    """Train with one choice of hyper-parameters after another, by a tree-structured Parzen estimator.

    Args:
        settings: what every trial has in common.
        folder: of the search, which goes on where it was if it holds one; every trial has a folder in it.
        trials: in all, those of before included.
        train: trains with settings in a folder, and returns the gap that is to be made small.

    Returns:
        The folder of the best trial.

    Raises:
        InputError: Optuna is not installed, no trial is asked for, or the folder holds a training run.
    """
    library = optuna()
    if trials < 1:
        raise InputError("--tune", "", f"must be 1 or more (got {trials})")
    if (folder / "settings.json").exists():
        raise InputError(str(folder), "", "holds a training run, not a search")
    folder.mkdir(parents=True, exist_ok=True)
    library.logging.set_verbosity(library.logging.WARNING)
    journal = library.storages.journal
    storage = library.storages.JournalStorage(journal.JournalFileBackend(str(folder / STUDY)))
    study = library.create_study(
        study_name=settings.name,
        storage=storage,
        load_if_exists=True,
    )
    # another seed where a search goes on, or it would begin with the same choices again
    study.sampler = library.samplers.TPESampler(seed=settings.seed + len(study.trials))

    def objective(trial: Any) -> float:
        return train(_with_choice(settings, trial), folder / f"trial-{trial.number}")

    complete = [trial for trial in study.trials if trial.state.is_finished()]
    study.optimize(objective, n_trials=max(0, trials - len(complete)))
    return folder / f"trial-{study.best_trial.number}"


def _with_choice(settings: ScorerTraining, trial: Any) -> ScorerTraining:
    data = settings.model_dump(mode="json", exclude_none=True)
    part = "teaching" if settings.teaching is not None else "q_learning"
    data[part]["learning_rate"] = trial.suggest_float("learning_rate", *RATES, log=True)
    data["network"]["width"] = trial.suggest_categorical("width", WIDTHS)
    data["network"]["blocks"] = trial.suggest_int("blocks", *BLOCKS)
    return ScorerTraining.model_validate(data)
