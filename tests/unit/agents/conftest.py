"""A dataset of a scenario whose walks are short, made once."""

from pathlib import Path

import pytest

from agents.dataset import Demonstrations, WalkRequest, collect, load_dataset

REQUEST = WalkRequest(scenarios=("paper-ground",), episodes=8, deadline_s=20.0)


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of eight optimal walks; nobody writes into it."""
    folder: Path = tmp_path_factory.mktemp("dataset")
    collect(folder, REQUEST, "python scripts/make_dataset.py --out walks", jobs=1)
    return folder


@pytest.fixture(scope="session")
def steps(dataset: Path) -> Demonstrations:
    """Its steps."""
    return load_dataset(dataset)
