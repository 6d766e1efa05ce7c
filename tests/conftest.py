"""What all tests share: reproducible examples and, where they are at hand, the certified instances."""

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("satllm", deadline=None, derandomize=True)
settings.load_profile("satllm")

CERTIFIED = Path(__file__).parents[2] / "shared" / "problems"


@pytest.fixture(scope="session")
def certified_dir() -> Path:
    """Folder of the instances with certified optima; the test is skipped where it is absent."""
    if not CERTIFIED.is_dir():
        pytest.skip("the certified instances are not at hand")
    return CERTIFIED


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the random walks through the environment be as many as wished."""
    parser.addoption("--episodes", type=int, default=300, help="random episodes of the environment, in all")
