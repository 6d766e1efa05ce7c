"""Real element sets, where they are at hand."""

from pathlib import Path

import pytest

ELEMENT_SETS = Path(__file__).parents[4] / "shared" / "data" / "tle"


@pytest.fixture(scope="session")
def real_sets() -> Path:
    """Folder of published element sets; the test is skipped where it is absent."""
    if not ELEMENT_SETS.is_dir():
        pytest.skip("the real element sets are not at hand")
    return ELEMENT_SETS
