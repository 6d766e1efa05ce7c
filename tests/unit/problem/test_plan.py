"""Tests of plans: their steps, their evaluation, and what is said of broken ones."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.errors import InputError
from satllm_env.problem import Plan, Walk, evaluate, parse_steps
from tests.unit.problem.cases import AB, AG, BG, NONE, line_data, line_instance, walk_of
from tests.unit.problem.generator import finished_walks
from tests.unit.problem.mutations import VALUES, mutate, places

STEPS = [
    {"action": "compute", "node": "a", "first_layer": 0, "last_layer": 0},
    {"action": "send", "from": "a", "to": "b", "boundary": 1, "level": "half"},
    {"action": "compute", "node": "b", "first_layer": 1, "last_layer": 1},
    {"action": "send", "from": "b", "to": "g", "boundary": 2, "level": "half"},
    {"action": "compute", "node": "g", "first_layer": 2, "last_layer": 2},
]
"""A plan of the hand-made problem with a stage on every node."""


def evaluated(steps, **changes):
    """The plan of steps in plain data, in the hand-made problem."""
    return evaluate(line_instance(**changes), parse_steps(steps, "plan.json"), "plan.json")


def test_costs_of_the_hand_made_plan():
    """The hand-made plan costs what its busy times add up to."""
    plan = evaluated(STEPS)
    assert [r.busy_s for r in plan.resources] == pytest.approx([2, 2, 2.5, 2, 0.625])
    assert plan.sum_s == pytest.approx(9.125 + 0.5)
    assert plan.delay_s == pytest.approx(9.625 + 3 * 2.5)
    assert plan.bottleneck_s == pytest.approx(2.5)
    assert plan.accuracy_loss == pytest.approx(0.3)


def test_bytes():
    """Bytes are those of all micro-batches, between satellites and down to the ground apart."""
    plan = evaluated(STEPS)
    assert (plan.isl_bytes, plan.downlink_bytes) == (4 * 2e6, 4 * 2e6)
    relayed = Plan.from_walk(walk_of(line_instance(), (AB, NONE), (BG, NONE)))
    assert (relayed.isl_bytes, relayed.downlink_bytes) == (4 * 8e6, 4 * 8e6)
    direct = Plan.from_walk(walk_of(line_instance(), 3, (AG, NONE)))
    assert (direct.isl_bytes, direct.downlink_bytes) == (0, 4 * 1e6)


def test_steps_of_a_plan_give_the_plan():
    """Evaluating the steps of 200 random plans gives the very same plans."""
    for walk in finished_walks(200, seed=3):
        plan = Plan.from_walk(walk)
        assert evaluate(walk.instance, plan.steps) == plan
        assert evaluate(walk.instance, parse_steps(plan.steps_as_data())) == plan


def test_steps_as_data():
    """A plan's steps come back in the form of the commands."""
    assert evaluated(STEPS).steps_as_data() == STEPS


def test_resources_add_up():
    """The busy times and latencies of a plan's resources add up to its sum."""
    for walk in finished_walks(100, seed=4):
        plan = Plan.from_walk(walk)
        latency = sum(transfer.latency_s for transfer in plan.transfers)
        assert plan.sum_s == pytest.approx(sum(r.busy_s for r in plan.resources) + latency, rel=1e-12)
        assert plan.bottleneck_s == pytest.approx(max(r.busy_s for r in plan.resources), rel=1e-12)


def test_the_last_stage_may_be_left_out():
    """The layers that the destination computes in any case need no step."""
    assert evaluated(STEPS[:-1]).steps_as_data() == STEPS


def test_a_stage_in_two_steps():
    """Steps that follow each other on one satellite are one stage."""
    first = {"action": "compute", "node": "a", "first_layer": 0, "last_layer": 0}
    second = {"action": "compute", "node": "a", "first_layer": 1, "last_layer": 2}
    send = {"action": "send", "from": "a", "to": "g", "boundary": 3, "level": "none"}
    plan = evaluated([first, second, send])
    assert [(s.first_layer, s.end_layer) for s in plan.stages] == [(0, 3)]


def test_unfinished_walk():
    """A walk that has not arrived makes no plan."""
    with pytest.raises(ValueError, match="not reached the destination"):
        Plan.from_walk(Walk(line_instance()))


def altered(number, **changes):
    """STEPS with fields of one step replaced."""
    steps = copy.deepcopy(STEPS)
    steps[number] |= changes
    return steps


def inserted(number, **step):
    """STEPS with one step put in before another."""
    return [*STEPS[:number], step, *STEPS[number:]]


def compute(node, first, last):
    """A compute step in plain data."""
    return {"action": "compute", "node": node, "first_layer": first, "last_layer": last}


def send(source, target, boundary, level):
    """A send step in plain data."""
    return {"action": "send", "from": source, "to": target, "boundary": boundary, "level": level}


BROKEN = {
    "wrong node": (altered(0, node="b"), {}, "steps[0]: the payload is at 'a', not 'b'"),
    "unknown node": (altered(0, node="z"), {}, "steps[0]: unknown node 'z'"),
    "backwards": (altered(2, last_layer=0), {}, "steps[2]: last_layer 0 is before first_layer 1"),
    "layer skipped": (altered(2, first_layer=2, last_layer=2), {}, "steps[2]: first_layer is 2, but"),
    "layer again": (altered(2, first_layer=0), {}, "steps[2]: first_layer is 0, but the next layer is 1"),
    "layers past the end": (altered(2, last_layer=10**9), {}, "steps[2]: all layers are done"),
    "served twice": (
        [*STEPS[:2], send("b", "a", 1, "half"), compute("a", 1, 1), *STEPS[3:]],
        {},
        "steps[3]: the node's processor has served a stage already (rule 1)",
    ),
    "no link": (altered(3, to="b"), {}, "steps[3]: there is no link from 'b' to 'b'"),
    "unknown end": (altered(3, to="z"), {}, "steps[3]: unknown node 'z'"),
    "link elsewhere": (altered(1, **{"from": "b", "to": "g"}), {}, "steps[1]: the link does not start where"),
    "link twice": (
        [send("a", "b", 0, "none"), send("b", "a", 0, "none"), send("a", "b", 0, "none")],
        {},
        "steps[2]: the link has carried the payload already (rule 1)",
    ),
    "wrong boundary": (altered(3, boundary=1), {}, "steps[3]: boundary is 1, but 2 layers are done"),
    "unknown level": (altered(3, level="third"), {}, "steps[3]: unknown level 'third'"),
    "input coded": ([send("a", "g", 0, "half")], {}, "steps[0]: the input and the result are sent at level"),
    "relay recoded": ([*STEPS[:2], send("b", "g", 1, "none")], {}, "steps[2]: a relayed payload keeps its"),
    "over budget": (
        STEPS,
        {"accuracy_budget": 0.25},
        "steps[3]: the losses exceed the accuracy budget (rule 4)",
    ),
    "ground may not": (STEPS, {"ground_may_compute": False}, "steps[3]: layers are missing at a destination"),
    "wrong last stage": (
        altered(4, first_layer=1),
        {},
        "steps[4]: the destination computes all remaining layers, 2 to 2",
    ),
    "last stage cut": (
        [send("a", "g", 0, "none"), compute("g", 0, 1)],
        {},
        "steps[1]: the destination computes all remaining layers, 0 to 2 (rule 3)",
    ),
    "last stage twice": ([*STEPS, STEPS[-1]], {}, "steps[5]: all layers are done"),
    "nothing left": (
        [compute("a", 0, 2), send("a", "g", 3, "none"), compute("g", 2, 2)],
        {},
        "steps[2]: all layers are done",
    ),
    "last stage elsewhere": (altered(4, node="b"), {}, "steps[4]: the payload is at 'g', not 'b'"),
    "sent after arrival": ([*STEPS, STEPS[3]], {}, "steps[5]: the payload has reached the destination"),
    "too short": (STEPS[:3], {}, "steps: the plan ends before the payload reaches the destination (rule 3)"),
    "empty": ([], {}, "steps: the plan ends before the payload reaches the destination (rule 3)"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_plans(name):
    """Each way to break a plan is told in one line that names the step and the rule."""
    steps, changes, message = BROKEN[name]
    with pytest.raises(InputError) as caught:
        evaluated(steps, **changes)
    assert str(caught.value).startswith(f"plan.json: {message}")
    assert "\n" not in str(caught.value)


def test_plans_that_do_not_fit():
    """A stage past a memory limit is refused, on a satellite and at the destination."""
    for node, number in ((1, 2), (2, 3)):
        nodes = line_data()["nodes"]
        nodes[node]["memory_bytes"] = 15.0
        with pytest.raises(InputError, match=rf"steps\[{number}\]: .* memory \(rule 4\)"):
            evaluated(STEPS, nodes=nodes)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "steps"),
        ("compute", "steps"),
        (None, "steps"),
        ([3], "steps[0]"),
        ([{}], "steps[0]"),
        (altered(1, action="fly"), "steps[1]"),
        (altered(1, action="a\nb"), "steps[1]"),
        (altered(0, first_layer=-1), "steps[0].first_layer"),
        (altered(0, first_layer=0.0), "steps[0].first_layer"),
        (altered(0, last_layer=10**30), "steps[0].last_layer"),
        (altered(1, boundary=10**5000), "steps[1].boundary"),
        (altered(0, last_layer=True), "steps[0].last_layer"),
        (altered(0, last_layer="1"), "steps[0].last_layer"),
        (altered(0, node=""), "steps[0].node"),
        (altered(0, speed=1), "steps[0].speed"),
        (altered(0, compute=1), "steps[0].compute"),
        (altered(1, source="a"), "steps[1].source"),
        (altered(1, boundary=None), "steps[1].boundary"),
        ([{"action": "send", "source": "a", "target": "b", "boundary": 0, "level": "none"}], "steps[0].from"),
        ([{k: v for k, v in STEPS[1].items() if k != "from"}], "steps[0].from"),
    ],
)
def test_steps_out_of_form(data, field):
    """Steps that break the form are refused in one line that names the field."""
    with pytest.raises(InputError) as caught:
        parse_steps(data, "plan.json")
    assert caught.value.field == field
    assert str(caught.value).startswith(f"plan.json: {field}: ")
    assert "\n" not in str(caught.value)


@given(st.data())
def test_fuzzed_steps(data):
    """Steps mutated at random make a plan or are refused in one line."""
    steps = copy.deepcopy(STEPS)
    for _ in range(data.draw(st.integers(1, 3))):
        if list(places(steps)):
            mutate(steps, data.draw)
    try:
        plan = evaluated(steps)
    except InputError as error:
        assert str(error).splitlines() == [f"plan.json: {error.field}: {error.problem}"]
        assert error.field.startswith("steps")
    else:
        assert evaluate(plan.instance, plan.steps) == plan


@given(VALUES)
def test_fuzzed_values(value):
    """Whatever stands in place of the list of steps, it is refused in one line or makes no plan."""
    with pytest.raises(InputError, match=r"^plan\.json: steps"):
        evaluated(value)
