"""Demonstrations on a scenario whose walks are short, gathered once."""

from pathlib import Path

import pytest

from agents.demonstrations import Demonstrations, collect


@pytest.fixture(scope="session")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Demonstrations:
    """Steps of eight optimal walks."""
    folder: Path = tmp_path_factory.mktemp("demonstrations")
    return collect(folder, ("paper-ground",), episodes=8, seed=0, deadline_s=20.0, jobs=1)
