"""The reference solvers against exhaustive search and the exact planner; each runs in its own process."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from planners import Result, solve
from planners.references import NoAnswerError, model, run, solve_all_by_reference, solve_by_reference
from planners.references.run import PACKAGES, Name
from satllm_env.errors import InputError
from satllm_env.problem import Problem, dump_problem, load_problem, parse_problem
from tests.strategies import SHAPES, random_problem

PROBLEMS = Path(__file__).parents[3] / "data" / "problems"
CERTIFIED = ("tiny-ring", "no-plan", "tiny-full-ground", "relay-only-node", "ring-12x5")
"""The certified instances that both references solve within about a second each."""


@pytest.fixture(params=PACKAGES)
def name(request: pytest.FixtureRequest) -> Name:
    """Each reference whose package is installed."""
    reference: Name = request.param
    package = PACKAGES[reference]
    if importlib.util.find_spec(package) is None:  # it must not be imported here
        pytest.skip(f"{package} is not installed: pip install 'satllm[references]'")
    return reference


@pytest.fixture
def problem() -> Problem:
    """A small ring with a plan."""
    return load_problem(PROBLEMS / "tiny-ring.json")


def check(found: Result, expected: Result, name: Name) -> None:
    """Both have the same delay, or prove that there is no plan."""
    assert found.planner == name
    assert found.status == expected.status
    if expected.plan is not None:
        assert found.delay_s == pytest.approx(expected.delay_s, rel=1e-9)
        assert found.lower_bound_s <= expected.delay_s * (1 + 1e-12)
        assert found.gap <= (1e-9 if name == "cp-sat" else 3e-6)


def test_small_problems(name: Name) -> None:
    """Agreement with exhaustive search on each topology, with M = 1, with ties and without any plan."""
    seeds = (0, 1, 2, 3, 44, 61, 67, 8)  # 44, 61 and 67 have no plan
    drawn = [random_problem(np.random.default_rng(seed), SHAPES[seed % 5]) for seed in seeds]
    drawn += [random_problem(np.random.default_rng(seed), micro_batches=1) for seed in (20, 21)]
    drawn += [random_problem(np.random.default_rng(seed), ties=True) for seed in (30, 31)]
    expected = [solve(problem, "exhaustive") for problem in drawn]
    assert {result.status for result in expected} == {"optimal", "infeasible"}
    for found, wanted in zip(solve_all_by_reference(drawn, name, 60.0), expected, strict=True):
        check(found, wanted, name)


def test_certified_problems(name: Name) -> None:
    """Agreement with the exact planner and the certified optima."""
    problems = [load_problem(PROBLEMS / f"{stem}.json") for stem in CERTIFIED]
    optima = json.loads((PROBLEMS / "optima.json").read_text())
    found = solve_all_by_reference(problems, name, 60.0)
    for stem, problem, result in zip(CERTIFIED, problems, found, strict=True):
        check(result, solve(problem), name)
        optimum_s = optima[f"{stem}.json"]
        assert result.delay_s == pytest.approx(float("inf") if optimum_s is None else optimum_s, rel=1e-9)


def test_counts(name: Name, problem: Problem) -> None:
    """The result tells the size of the model and the time of the process, which includes its start."""
    result = solve_by_reference(problem, name, None, workers=1)
    assert result.counts["arcs"] == len(model.build_graph(problem).arcs)
    assert 0.0 < 1e3 * result.plan_time_s < result.counts["process_ms"]


def test_many_micro_batches(name: Name) -> None:
    """A million micro-batches, whose rounding errors add up, do not cost the proof."""
    problem = random_problem(np.random.default_rng(3), "full", satellites=3, micro_batches=10**6)
    check(solve_by_reference(problem, name, 60.0), solve(problem, "exhaustive"), name)


def free_sends() -> Problem:
    """A ring whose sends cost nothing, so that cycles beside the way are free."""
    drawn = random_problem(np.random.default_rng(5), "ring", satellites=4, levels=1)
    data = json.loads(dump_problem(drawn))
    for layer in data["model"]["layers"]:
        layer["activation_bytes"] = 0.0
    data["model"]["input_bytes"] = data["model"]["result_bytes"] = 0.0
    data["links"] = [{**link, "latency_s": 0.0} for link in data["links"]]
    return parse_problem(data)


def test_free_cycles(name: Name) -> None:
    """Sends that cost nothing do not put cycles into the plan."""
    problem = free_sends()
    check(solve_by_reference(problem, name, 60.0), solve(problem, "exhaustive"), name)


def test_budget_within_tolerance(name: Name) -> None:
    """Two cuts that lose 2e-12 points too much are refused, though HiGHS's tolerances would take them."""
    problems = []
    for seed in range(6):
        drawn = random_problem(np.random.default_rng(seed), "full", satellites=4, layers=5, levels=2)
        levels = (drawn.compression[0], drawn.compression[1].model_copy(update={"loss": 0.12 + 1e-12}))
        problems.append(drawn.model_copy(update={"compression": levels, "accuracy_budget": 0.24}))
    found = solve_all_by_reference(problems, name, 60.0)
    for problem, result in zip(problems, found, strict=True):
        check(result, solve(problem), name)


def test_no_time(name: Name, problem: Problem) -> None:
    """Without time for a plan there is no answer."""
    with pytest.raises(NoAnswerError, match=r"no plan and no proof.* within 0\.0 s"):
        solve_by_reference(problem, name, 0.0)


def test_overrun(name: Name, problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that overruns its limit and the grace is killed."""
    monkeypatch.setattr(run, "GRACE_S", 0.0)
    with pytest.raises(NoAnswerError, match="killed"):
        solve_by_reference(problem, name, 0.01)


def test_any_folder(name: Name, problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process finds the project, and no module of the folder in which it is started."""
    (tmp_path / "planners.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    assert solve_by_reference(problem, name, 60.0).status == "optimal"


def test_too_large(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model above the limit is refused with the number of its arcs."""
    monkeypatch.setattr(model, "MAX_ARCS", 100)
    with pytest.raises(InputError, match="more than 100 arcs"):
        model.build_graph(problem)


def test_missing_package(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its package a reference says which extra to install."""
    monkeypatch.setitem(run.PACKAGES, "highs", "no_such_package")
    with pytest.raises(InputError, match=r"pip install 'satllm\[references\]'"):
        solve_by_reference(problem, "highs", 1.0)


@pytest.mark.parametrize(
    ("name", "deadline_s", "workers", "message"),
    [
        ("gurobi", 1.0, 2, "known are cp-sat, highs"),
        ("highs", -1.0, 2, "deadline_s"),
        ("highs", float("nan"), 2, "deadline_s"),
        ("cp-sat", None, 0, "workers"),
    ],
)
def test_bad_arguments(
    problem: Problem, name: Name, deadline_s: float | None, workers: int, message: str
) -> None:
    """Unknown names and limits out of range are refused before a process starts."""
    with pytest.raises(InputError, match=message):
        solve_by_reference(problem, name, deadline_s, workers)


def test_imports_neither_solver() -> None:
    """The package comes without the solvers: they are imported in their own processes only."""
    code = "import planners.references, sys; print({'ortools', 'highspy'} & set(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": str(Path(run.__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
