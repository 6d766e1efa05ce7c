"""The certified instances: an exact planner returns their optima."""

import json
from pathlib import Path

import pytest

from planners import solve
from satllm_env.problem import load_problem

FOLDERS = (Path(__file__).parents[2] / "data" / "problems", Path(__file__).parents[4] / "shared" / "problems")
CASES = [
    pytest.param(folder / name, optimum, id=f"{folder.parent.name}/{name}")
    for folder in FOLDERS
    if (folder / "optima.json").is_file()
    for name, optimum in json.loads((folder / "optima.json").read_text()).items()
]


@pytest.mark.parametrize(("path", "optimum_s"), CASES)
def test_certified_optimum(path: Path, optimum_s: float | None) -> None:
    """The optimum is returned to 1e-9, or the lack of any plan."""
    result = solve(load_problem(path))
    if optimum_s is None:
        assert result.status == "infeasible"
        assert result.plan is None
    else:
        assert result.status == "optimal"
        assert result.delay_s == pytest.approx(optimum_s, rel=1e-9)


def test_the_certified_instances_are_there() -> None:
    """The copies that come with the tests are found."""
    assert len(CASES) >= 7
