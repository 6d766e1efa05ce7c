"""Stopping early: the best plan so far with a bound that holds, or the proof that there is none."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planners import solve
from planners.limits import Limits
from satllm_env.errors import InputError
from satllm_env.problem import Problem, evaluate, parse_problem, parse_steps
from satllm_env.scenarios import load_scenario, scenario_names
from tests.strategies import problems, random_problem

LIMITS = ({"deadline_s": 0.0}, {"label_limit": 0}, {"epsilon": 0.3}, {"label_limit": 20, "epsilon": 0.05})


@settings(max_examples=120)
@given(problem=problems(), limit=st.sampled_from(LIMITS))
def test_bounds_hold_whenever_it_stops(problem: Problem, limit: dict[str, float]) -> None:
    """Between the bound and the plan lies the optimum, and `optimal` is said only of it."""
    optimum = solve(problem)
    result = solve(problem, **limit)  # type: ignore[arg-type]
    assert result.feasible == optimum.feasible
    if not optimum.feasible:
        assert result.lower_bound_s == np.inf
        return
    assert result.lower_bound_s <= optimum.delay_s * (1 + 1e-12)
    assert result.delay_s >= optimum.delay_s * (1 - 1e-12)
    if result.status == "optimal":
        assert result.delay_s == pytest.approx(optimum.delay_s, rel=1e-9)
    if "epsilon" in limit and "label_limit" not in limit:
        assert result.delay_s <= (1 + limit["epsilon"]) * optimum.delay_s * (1 + 1e-12)


@pytest.mark.parametrize("name", scenario_names())
def test_ten_milliseconds_are_enough_for_a_plan(name: str) -> None:
    """A deadline of 10 ms gives a legal plan on every scenario."""
    for seed in range(5):
        instance = load_scenario(name).sample(seed).instance
        result = solve(instance, deadline_s=0.01)
        assert result.plan is not None
        again = evaluate(instance, parse_steps(result.plan.steps_as_data()))
        assert again.delay_s == pytest.approx(result.delay_s, rel=1e-12)
        assert result.lower_bound_s <= result.delay_s


def test_results_do_not_hang_on_the_clock() -> None:
    """Without a deadline the same work is done, however slow the machine."""
    instance = load_scenario("paper").sample(3).instance
    one, other = solve(instance), solve(instance)
    assert one.counts == other.counts
    assert one.proof == other.proof


def test_too_large_for_memory() -> None:
    """Tables that would not fit are refused with the number of states."""
    problem = random_problem(np.random.default_rng(0), layers=5, satellites=4)
    with pytest.raises(InputError, match=r"states \(6 boundaries x \d levels x 5 nodes\) need about"):
        solve(problem, memory_bytes=1e4)


def test_a_search_stops_where_memory_ends() -> None:
    """A search that has no room for more labels ends with a plan and a bound that holds."""
    instance = load_scenario("walker-dense").sample(8).instance
    result = solve(instance, memory_bytes=2e7, deadline_s=20.0)
    assert result.plan is not None
    assert 0.0 < result.lower_bound_s <= result.delay_s


def test_memory_limit_out_of_range() -> None:
    """A limit of nothing is refused."""
    with pytest.raises(InputError, match="memory_bytes"):
        Limits(memory_bytes=0.0)


def test_interrupt_gets_through(tmp_path: Path) -> None:
    """Ctrl-C ends a search with KeyboardInterrupt, not with a crash of compiled code."""
    script = tmp_path / "search.py"
    script.write_text(
        "import signal\n"
        "from planners import solve\n"
        "from satllm_env.scenarios import load_scenario\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # else ignored in the background\n"
        "instance = load_scenario('paper').sample(0).instance\n"
        "solve(instance)\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    solve(instance)\n"
    )
    command = [sys.executable, str(script)]
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=30)
    assert process.returncode in (1, -signal.SIGINT, 130)
    assert complaint.rstrip().endswith("KeyboardInterrupt")


@pytest.mark.parametrize("speed", [1e-4, 0.1, 1e3])
def test_a_slow_node_off_the_way_changes_nothing(speed: float) -> None:
    """A node that makes the first, coarse time scale very coarse does not hide the optimum."""
    problem = random_problem(np.random.default_rng(0), micro_batches=64)
    data = problem.model_dump(by_alias=True)
    data["nodes"] = [*data["nodes"], {"id": "slow", "kind": "satellite", "flops_per_s": speed}]
    result = solve(parse_problem(data))
    assert result.status == "optimal"
    assert result.delay_s == pytest.approx(solve(problem).delay_s, rel=1e-9)
