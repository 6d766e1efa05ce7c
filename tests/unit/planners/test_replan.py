"""Replanning: against every plan of tiny problems, an event simulation, and by hand."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

from planners import Replan, replan, solve
from satllm_env.errors import InputError
from satllm_env.problem import Instance, Plan, Problem, evaluate, parse_problem
from satllm_env.problem.damage import without_link
from satllm_env.problem.plan import ComputeStep, SendStep, Stage
from tests.strategies import random_problem
from tests.unit.problem.cases import line_data
from tests.unit.problem.reference import Move, Reference, State
from tests.unit.problem.test_delay import simulated_delay_s

Rates = float | dict[str, float]
Held = dict[str, list[int]]


class Case(NamedTuple):
    """A problem that has changed under a plan."""

    problem: Problem
    current: Plan
    resident: Held | None
    rates: Rates

    def replan(self) -> Replan:
        """Plan again."""
        return replan(self.problem, self.current, load_rate_bps=self.rates, resident=self.resident)


class WithLoads(Reference):
    """The rules told again, with weights that must be loaded: a load is so much latency more."""

    def __init__(self, case: Case) -> None:
        super().__init__(case.problem)
        self.held = case.resident
        if self.held is None:
            steps = [step for step in case.current.steps if isinstance(step, ComputeStep)]
            self.held = {step.node: list(range(step.first_layer, step.last_layer + 1)) for step in steps}
        self.rates = case.rates

    def load_s(self, name: str, first: int, end: int) -> float:
        """[s] to load what a stage lacks, inf where it cannot be loaded."""
        assert self.held is not None
        lacking = [k for k in range(first, end) if k not in self.held.get(name, ())]
        bits = 8 * sum(self.layers[k].weight_bytes for k in lacking)
        rate = self.rates.get(name, 0.0) if isinstance(self.rates, dict) else self.rates
        return 0.0 if bits == 0 else math.inf if rate == 0 else bits / rate

    def fits(self, node: Any, first: int, end: int) -> bool:
        """A stage fits if its memory does and its weights can come."""
        return super().fits(node, first, end) and self.load_s(node.id, first, end) < math.inf

    def after(self, state: State, move: Move) -> State:
        """The state after a move, the loads of its stages added."""
        done, end = super().after(state, move), move.end
        load_s = self.load_s(state.node, state.boundary, end)
        if move.link.target == self.problem.destination:
            load_s += self.load_s(move.link.target, end, self.last)
        return done._replace(latency=done.latency + load_s)


def cases(count: int, seed: int = 0) -> Iterator[Case]:
    """Tiny problems whose rates and speeds have drifted under their best plan; some have lost a link."""
    rng = np.random.default_rng(seed)
    while count > 0:
        satellites, layers = int(rng.integers(2, 4)), int(rng.integers(2, 5))
        problem = random_problem(rng, layers=layers, satellites=satellites, levels=int(rng.integers(1, 3)))
        current = solve(problem).plan
        if current is None:
            continue
        changed = drifted(rng, problem, current)
        yield Case(changed, current, drawn_held(rng, changed), drawn_rates(rng, changed))
        count -= 1


def drifted(rng: np.random.Generator, problem: Problem, current: Plan) -> Problem:
    """Other rates and speeds, and now and then one link of the plan less."""
    data = problem.model_dump(by_alias=True)
    for link in data["links"]:
        link["rate_bps"] *= float(rng.uniform(0.2, 2.0))
    for node in data["nodes"]:
        if node["flops_per_s"] is not None:
            node["flops_per_s"] *= float(rng.uniform(0.2, 2.0))
    changed = parse_problem(data)
    sends = [step for step in current.steps if isinstance(step, SendStep)]
    if rng.random() < 0.4:
        lost = sends[rng.integers(len(sends))]
        changed = without_link(changed, lost.source, lost.target)
    return changed


def drawn_held(rng: np.random.Generator, problem: Problem) -> Held | None:
    """What the plan computes, or layers at random."""
    if rng.random() < 0.6:
        return None
    layers = range(len(problem.model.layers))
    return {node.id: [k for k in layers if rng.random() < 0.6] for node in problem.nodes}


def drawn_rates(rng: np.random.Generator, problem: Problem) -> Rates:
    """One rate, or one for each node, of which some are 0 or missing."""
    values = [math.inf, 1e12, 1e11, 2e10, 4e9, 1.0, 1e-3, 0.0]
    if rng.random() < 0.6:
        return float(rng.choice(values[:7]))
    return {node.id: float(rng.choice(values)) for node in problem.nodes if rng.random() < 0.8}


def test_every_plan_of_tiny_problems() -> None:
    """The cost is the least of all legal plans', loads counted, and `infeasible` where there are none."""
    seen: dict[str, int] = {"none": 0, "kept": 0, "loaded": 0, "free": 0}
    for case in cases(120):
        reference, limit = WithLoads(case), [40_000]
        least = min(map(reference.delay_s, reference.finished(reference.start(), limit)), default=math.inf)
        if limit[0] < 0:
            continue  # too many plans to try
        found = case.replan()
        assert found.status == ("optimal" if least < math.inf else "infeasible")
        assert found.cost_s == pytest.approx(least, rel=1e-9)
        assert found.lower_bound_s <= found.cost_s
        kind = "none" if not found.plan else "loaded" if found.load_s else "free" if found.switch else "kept"
        seen[kind] += 1
    assert sum(seen.values()) >= 80
    assert min(seen.values()) >= 5, seen


def test_figures_agree() -> None:
    """Delay, loads, savings and break-even follow from the plans that are returned."""
    for case in cases(60, seed=1):
        found = case.replan()
        instance = Instance.from_problem(case.problem)
        if found.kept is not None:
            assert found.kept_delay_s == evaluate(instance, case.current.steps).delay_s
            assert found.cost_s <= found.kept_cost_s
        assert bool(found.kept_fault) == (found.kept is None)
        if found.plan is None or found.long_run is None:
            assert not found.switch
            continue
        assert evaluate(instance, found.plan.steps).delay_s == pytest.approx(found.delay_s, rel=1e-12)
        assert found.cost_s == found.delay_s + sum(load.load_s for load in found.loads)
        assert found.moved_bytes == sum(load.weight_bytes for load in found.loads)
        assert found.switch == (found.cost_s < found.kept_cost_s)
        assert found.long_run.delay_s <= min(found.delay_s, found.kept_delay_s) * (1 + 1e-9)
        assert found.break_even_batches >= 0.0


def test_cost_against_the_simulated_pipeline() -> None:
    """Loads simulated as set-ups take no longer than predicted; as long if a bottleneck comes after them."""
    tight = loose = 0
    for case in cases(150, seed=2):
        found = case.replan()
        if found.plan is None or not found.load_s:
            continue
        index = found.plan.instance.node_index
        setup_s = {index[load.node]: load.load_s for load in found.loads}
        simulated_s = simulated_delay_s(found.plan, setup_s)
        periods = found.plan.instance.tables.micro_batches - 1
        loaded_s, longest_s, last_load, last_bottleneck = 0.0, 0.0, 0, 0
        for place, resource in enumerate(found.plan.resources):
            load_s = setup_s.get(resource.node, 0.0) if isinstance(resource, Stage) else 0.0
            loaded_s += load_s
            longest_s = max(longest_s, loaded_s + periods * resource.busy_s)
            last_load = place if load_s else last_load
            last_bottleneck = place if resource.busy_s == found.plan.bottleneck_s else last_bottleneck
        assert simulated_s == pytest.approx(found.plan.sum_s + longest_s, rel=1e-9)
        if periods == 0 or last_bottleneck >= last_load:
            tight += 1
            assert simulated_s == pytest.approx(found.cost_s, rel=1e-9)
        else:
            loose += 1
            assert simulated_s <= found.cost_s * (1 + 1e-9)
    assert tight >= 10
    assert loose >= 5


def test_free_loads_plan_as_if_new() -> None:
    """Where weights come in no time, the plan is as good as `solve` finds, and is the long run's."""
    for case in cases(30, seed=3):
        found = case._replace(rates=math.inf).replan()
        assert found.cost_s == pytest.approx(solve(case.problem).delay_s, rel=1e-9)
        assert found.load_s == 0.0
        assert found.plan is None or found.break_even_batches == 0.0


@pytest.mark.parametrize("rate_bps", [0.0, 1e-6, 1.0])
def test_dear_loads_keep_the_placement(rate_bps: float) -> None:
    """Where loads take ages and the plan in force is legal, layers stay and only ways and levels change."""
    changed = 0
    for case in cases(150, seed=4):
        found = case._replace(rates=rate_bps, resident=None).replan()
        if found.kept is None:
            continue
        assert found.plan is not None
        assert found.loads == ()
        placed, before = ([(s.node, s.first_layer) for s in p.stages] for p in (found.plan, found.kept))
        assert placed == before
        changed += found.switch
    assert changed >= 3


ALL_AT_A = (
    ComputeStep(node="a", first_layer=0, last_layer=2),
    SendStep(source="a", target="g", boundary=3, level="none"),
)
"""A plan of the hand-made line."""


def test_hand_made_break_even() -> None:
    """A quicker satellite is worth its weights for many batches, not for one."""
    data = {**line_data(), "micro_batches": 1, "ground_may_compute": False}
    data["nodes"][1]["flops_per_s"] = 7e11
    data["links"][0]["rate_bps"] = 6.4e9
    problem = parse_problem(data)
    # all at a: 7 s and 1.25 s down; all at b: 0.01 s and 0.25 s there, 0.01 s, 1.25 s down
    slow = replan(problem, ALL_AT_A, load_rate_bps=8.0)  # 60 s for the 60 bytes of weights
    assert not slow.switch
    assert slow.plan is slow.kept
    assert slow.cost_s == pytest.approx(8.25)
    assert slow.long_run is not None
    assert slow.long_run.delay_s == pytest.approx(1.52)
    assert slow.break_even_batches == pytest.approx(60 / (8.25 - 1.52))
    assert "from batch 9" in slow.summary()
    quick = replan(problem, ALL_AT_A, load_rate_bps=8e3)
    assert quick.switch
    assert quick.saving_s == pytest.approx(8.25 - 1.52 - 0.06)
    assert [(load.node, load.layers, load.weight_bytes) for load in quick.loads] == [("b", (0, 1, 2), 60.0)]
    assert "b layers 0-2" in quick.summary()


def test_plan_may_leave_out_the_last_stage() -> None:
    """What the destination computes by rule 3 is taken to be there, written down or not."""
    problem = parse_problem(line_data())
    steps = [SendStep(source="a", target="g", boundary=0, level="none")]
    found = replan(problem, steps, load_rate_bps=0.0)
    assert found.plan is found.kept is not None
    assert found.loads == ()


def test_nothing_held_and_no_rate() -> None:
    """Without weights and ways to load them there is a clear none."""
    found = replan(parse_problem(line_data()), [], load_rate_bps=0.0)
    assert (found.status, found.plan, found.switch, found.cost_s) == ("infeasible", None, False, math.inf)
    assert found.summary().startswith("infeasible: ")
    assert found.break_even_batches == math.inf


def test_kept_plan_that_cannot_load() -> None:
    """The plan in force is gone where its own weights are, and says at which node."""
    problem = parse_problem(line_data())
    found = replan(problem, ALL_AT_A, load_rate_bps={"g": 1e3}, resident={})
    assert found.kept is None
    assert "neither holds nor can load all of layers 0-2" in found.kept_fault
    assert [load.node for load in found.loads] == ["g"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"load_rate_bps": {"x": 1.0}}, "load_rate_bps: x: unknown node"),
        ({"load_rate_bps": {"a": -1.0}}, "load_rate_bps: a: must be at least 0"),
        ({"load_rate_bps": math.nan}, "load_rate_bps: must be at least 0"),
        ({"load_rate_bps": 1e-300}, "load_rate_bps: b: layer 0 would take more than"),
        ({"load_rate_bps": 1.0, "resident": {"x": [0]}}, "resident: x: unknown node"),
        ({"load_rate_bps": 1.0, "resident": {"a": [3]}}, "resident: a: no layer 3"),
        ({"load_rate_bps": 1.0, "resident": {"a": [-1]}}, "resident: a: no layer -1"),
        ({"load_rate_bps": 1.0, "resident": {"a": ["0"]}}, "resident: a: '0' is not a layer's number"),
        ({"load_rate_bps": 1.0, "deadline_s": -1.0}, "deadline_s"),
    ],
)
def test_bad_input(arguments: dict[str, Any], words: str) -> None:
    """Every value out of range is refused by name."""
    with pytest.raises(InputError, match=words):
        replan(parse_problem(line_data()), ALL_AT_A, **arguments)
