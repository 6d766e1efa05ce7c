"""The independent check of a planner's result."""

import itertools
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planners import Result
from planners.certificate import Verdict, check_result
from planners.certificate.bound import BoundCheck
from planners.certificate.effort import Effort
from planners.certificate.labels import LabelSearch
from planners.certificate.network import Network
from planners.certificate.passes import Prices
from planners.certificate.settle import repeated_resources
from planners.certificate.survivors import Question, survivors
from planners.exhaustive import search_exhaustively
from planners.proof import IntervalProof, Proof
from satllm_env.errors import InputError
from satllm_env.problem import Instance, Plan, Problem, evaluate, load_problem
from tests.strategies import problems, random_problem

NO_HINTS: tuple[float, dict, dict, tuple, tuple] = (0.0, {}, {}, (), ())


def proven(result: Result, proof: Proof | None) -> Result:
    """The result with a proof, and the proof's bound."""
    return replace(result, proof=proof, lower_bound_s=proof.lower_bound_s if proof else result.lower_bound_s)


def plain_proof(bound_s: float, *cuts_s: float) -> Proof:
    """A bound with no hints, its intervals cut at some bottlenecks."""
    ends = (0.0, *cuts_s, math.inf)
    pairs = itertools.pairwise(ends)
    return Proof(bound_s, 0.0, tuple(IntervalProof(a, b, bound_s, *NO_HINTS) for a, b in pairs))


def overclaim(result: Result, proof: Proof) -> Result:
    """The optimum with a proof of more than its delay; only the proof is wrong."""
    return replace(proven(result, proof), lower_bound_s=result.delay_s)


def solved(problem: Problem) -> tuple[Instance, Result]:
    """An instance and its optimum by exhaustive search; instances too large for it are skipped."""
    instance = Instance.from_problem(problem)
    try:
        return instance, search_exhaustively(instance)
    except InputError:
        assume(False)
        raise


def check_bound(instance: Instance, result: Result, proof: Proof) -> Verdict:
    """The verdict on a result whose plan is the optimum, with a proof of its own."""
    return check_result(instance, proven(result, proof))


def feasible_case() -> tuple[Instance, Result]:
    """A fixed instance with several intervals' worth of bottlenecks."""
    instance = Instance.from_problem(
        random_problem(np.random.default_rng(5), "full", 4, 3, 2, micro_batches=16)
    )
    result = search_exhaustively(instance)
    assert result.feasible
    return instance, result


@settings(max_examples=60)
@given(problem=problems())
def test_the_optimum_is_valid(problem: Problem) -> None:
    """The optimum with a proof that has no hints is valid, and so is "no plan" where there is none."""
    instance, result = solved(problem)
    verdict = check_bound(instance, result, plain_proof(result.delay_s))
    assert verdict.status == "valid", verdict.summary()
    assert verdict.delay_s == pytest.approx(result.delay_s, rel=1e-9)
    assert verdict.lower_bound_s == pytest.approx(result.delay_s, rel=1e-9)


@settings(max_examples=60)
@given(problem=problems())
def test_claiming_too_much_is_refuted(problem: Problem) -> None:
    """A bound above the optimum is refuted by a legal plan below it that the check finds itself."""
    instance, result = solved(problem)
    assume(result.feasible)
    proof = plain_proof(1.01 * result.delay_s)
    verdict = check_result(instance, overclaim(result, proof))
    assert verdict.status == "refuted"
    better = verdict.counter_example
    assert better is not None
    assert evaluate(instance, better.steps).delay_s == better.delay_s < proof.lower_bound_s


@settings(max_examples=40)
@given(problem=problems())
def test_an_existing_plan_refutes_infeasibility(problem: Problem) -> None:
    """ "No plan exists" is refuted by a plan."""
    instance, result = solved(problem)
    assume(result.feasible)
    claim = replace(proven(result, plain_proof(math.inf)), status="infeasible", plan=None)
    verdict = check_result(instance, claim)
    assert verdict.status == "refuted"
    assert verdict.counter_example is not None


PRICE = st.one_of(
    st.just(0.0), st.floats(0.0, 0.1), st.floats(0.0, 1e12), st.sampled_from([math.inf, math.nan])
)


@st.composite
def hints(draw: st.DrawFn, problem: Problem, bound_s: float) -> Proof:
    """A proof of some bound with prices and watched resources that mean nothing."""
    names = [node.id for node in problem.nodes]
    pairs = [(link.source, link.target) for link in problem.links]
    cut_s = draw(st.floats(1e-4, 0.2))
    intervals = [
        IntervalProof(
            above_s=above_s,
            upto_s=upto_s,
            bound_s=bound_s,
            loss_price=draw(PRICE),
            stage_price={name: draw(PRICE) for name in names},
            link_price={pair: draw(PRICE) for pair in pairs},
            watched_nodes=tuple(draw(st.sets(st.sampled_from(names)))),
            watched_links=tuple(draw(st.sets(st.sampled_from(pairs)))) if pairs else (),
        )
        for above_s, upto_s in ((0.0, cut_s), (cut_s, math.inf))
    ]
    return Proof(bound_s, draw(st.sampled_from([0.0, 1e-3, 1.0])), tuple(intervals))


@settings(max_examples=120)
@given(problem=problems(), data=st.data())
def test_no_hints_make_a_wrong_bound_valid(problem: Problem, data: st.DataObject) -> None:
    """Whatever the prices and the claimed least bottleneck, a bound above the optimum is never valid."""
    instance, result = solved(problem)
    assume(result.feasible)
    proof = data.draw(hints(problem, 1.01 * result.delay_s))
    verdict = check_result(instance, overclaim(result, proof))
    assert verdict.status == "refuted"
    assert verdict.counter_example is not None


@settings(max_examples=60)
@given(problem=problems(), data=st.data())
def test_no_hints_spoil_a_right_bound(problem: Problem, data: st.DataObject) -> None:
    """Whatever the prices and the claimed least bottleneck, the optimum is valid."""
    instance, result = solved(problem)
    assume(result.feasible)
    proof = data.draw(hints(problem, result.delay_s))
    verdict = check_bound(instance, result, proof)
    assert verdict.status == "valid", verdict.summary()


@settings(max_examples=60)
@given(problem=problems(), wide=st.booleans())
def test_label_search_alone(problem: Problem, wide: bool) -> None:
    """Without elimination, multipliers or cuts the label search finds a plan just above the optimum's
    delay and none at it, once no resource may serve twice."""
    instance, result = solved(problem)
    assume(result.feasible)
    below_s = result.delay_s * (1.01 if wide else 1.0 - 1e-9)
    network = Network.of(instance)
    prices = Prices(0.0, np.full(len(network.nodes), 1e-3), np.zeros(len(network.links)))
    graph = survivors(network, prices, Question(below_s, 0.0, math.inf), 10**6)
    question = Question(below_s, 0.0, math.inf)
    while graph is not None:
        bounds = graph.to_goal(graph.priced_s), graph.to_goal(graph.loss_units)
        walk = LabelSearch(graph, question, *bounds, Effort(10**6), math.inf).find()
        repeated = repeated_resources(graph, walk) if walk else []
        if not repeated:
            assert (walk is not None) == wide
            return
        graph = graph.watch(repeated[0])
    assert not wide


def test_tampered_costs_are_refuted() -> None:
    """A plan that says to be quicker than it is is refuted."""
    instance, result = feasible_case()
    assert result.plan is not None
    for name in ("delay_s", "sum_s", "bottleneck_s"):
        value = 0.9 * getattr(result.plan, name)
        liar = replace(result, plan=replace(result.plan, **{name: value}))
        assert check_bound(instance, liar, plain_proof(result.delay_s)).status == "refuted"


def test_an_illegal_step_is_refuted() -> None:
    """A plan with a step left out is refuted, with the rule that it breaks."""
    instance, result = feasible_case()
    assert result.plan is not None
    broken: Plan = replace(result.plan, resources=result.plan.resources[1:])
    verdict = check_bound(instance, replace(result, plan=broken), plain_proof(result.delay_s))
    assert verdict.status == "refuted"
    assert "not legal" in verdict.summary()


def test_contradictions_are_refuted() -> None:
    """A status without the plan or the bound that belongs to it is refuted."""
    instance, result = feasible_case()
    claim = proven(result, plain_proof(result.delay_s))
    for wrong in (
        replace(claim, plan=None),
        replace(claim, status="infeasible"),
        replace(claim, lower_bound_s=0.99 * result.delay_s),
        replace(claim, lower_bound_s=1.01 * result.delay_s),
    ):
        assert check_result(instance, wrong).status == "refuted"


def test_a_weaker_bound_is_valid_for_a_feasible_plan() -> None:
    """A plan that is only said to be within a gap is valid with a proof of that bound."""
    instance, result = feasible_case()
    claim = replace(proven(result, plain_proof(0.9 * result.delay_s)), status="feasible")
    verdict = check_result(instance.problem, claim)
    assert verdict.status == "valid"
    assert verdict.lower_bound_s == pytest.approx(0.9 * result.delay_s)
    assert check_result(instance, replace(claim, proof=None, lower_bound_s=0.0)).status == "valid"


def test_intervals_must_cover_every_bottleneck() -> None:
    """A hole, a missing end, a proof of less and no proof at all prove nothing."""
    instance, result = feasible_case()
    whole = plain_proof(result.delay_s, 0.5 * result.bottleneck_s, 0.9 * result.bottleneck_s)
    assert check_bound(instance, result, whole).status == "valid"
    first, middle, last = whole.intervals
    assert check_bound(instance, result, replace(whole, intervals=(first, last))).status == "unverified"
    assert check_bound(instance, result, replace(whole, intervals=(first, middle))).status == "unverified"
    assert check_bound(instance, result, replace(whole, intervals=())).status == "unverified"
    weak = replace(middle, bound_s=0.5 * result.delay_s)
    assert check_bound(instance, result, replace(whole, intervals=(first, weak, last))).status == "unverified"
    less = replace(proven(result, plain_proof(0.9 * result.delay_s)), lower_bound_s=result.delay_s)
    assert check_result(instance, less).status == "unverified"
    assert check_result(instance, proven(result, None)).status == "unverified"


def test_the_least_bottleneck_is_shown_again() -> None:
    """Intervals may start at a least bottleneck if it is one; otherwise a better plan refutes it, or the
    part below is settled as an interval of its own."""
    instance, result = feasible_case()
    whole = plain_proof(result.delay_s, 0.5 * result.bottleneck_s)
    late = replace(whole, intervals=whole.intervals[1:])
    assert check_bound(instance, result, late).status == "unverified"
    shown = replace(late, least_bottleneck_s=0.5 * result.bottleneck_s)
    assert check_bound(instance, result, shown).status == "valid"


def test_limits_leave_it_unverified() -> None:
    """With no labels or no time a bound that needs a search is neither valid nor refuted."""
    instance, result = feasible_case()
    claim = proven(result, plain_proof(result.delay_s))
    for limits in ({"label_limit": 0}, {"deadline_s": -1.0}):
        verdict = check_result(instance, claim, **limits)
        assert verdict.status == "unverified"
        assert "given up" in verdict.summary()
        assert verdict.lower_bound_s == 0.0


CERTIFIED = Path(__file__).parents[3] / "data" / "problems"
OPTIMA = json.loads((CERTIFIED / "optima.json").read_text())


@pytest.mark.parametrize(("name", "optimum_s"), OPTIMA.items())
def test_certified_instances(name: str, optimum_s: float | None) -> None:
    """The certified optima are shown again, and bounds a little above them refuted, all without hints."""
    instance = Instance.from_problem(load_problem(CERTIFIED / name))
    check = BoundCheck(instance, plain_proof(math.inf if optimum_s is None else optimum_s), Effort(10**5))
    check.run()
    assert check.holds, check.lines
    if optimum_s is not None:
        check = BoundCheck(instance, plain_proof(1.001 * optimum_s), Effort(10**5))
        check.run()
        assert not check.holds
        assert check.counter_example is not None
        assert check.counter_example.delay_s < 1.001 * optimum_s


def test_summary_says_what_was_found() -> None:
    """The summary names the status, the plan's delay and how each interval was settled."""
    instance, result = feasible_case()
    verdict = check_bound(instance, result, plain_proof(result.delay_s, 0.5 * result.bottleneck_s))
    text = verdict.summary()
    assert text.startswith("valid: delay")
    assert "interval 2 of 2" in text
    assert str(verdict.counts["intervals"]) in text
