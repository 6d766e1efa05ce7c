"""Tests of the rules: each fault provoked by hand, and all legal moves against the problem's statement."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.problem import IllegalMoveError, Walk, moves
from tests.unit.problem.cases import (
    AB,
    AG,
    BA,
    BG,
    HALF,
    NONE,
    instance_of,
    line_data,
    line_instance,
    walk_of,
)
from tests.unit.problem.generator import random_instance
from tests.unit.problem.reference import Reference, State


def with_nodes(**changes):
    """The hand-made instance with fields of node a replaced."""
    data = line_data()
    data["nodes"][0] |= changes
    return instance_of(data)


def test_every_fault_has_words():
    """Each fault code is told apart and says something to a person."""
    assert moves.LEGAL not in moves.FAULTS
    assert len(set(moves.FAULTS.values())) == len(moves.FAULTS)


COMPUTE_FAULTS = {
    moves.AT_DESTINATION: (line_instance(), [(AG, NONE)]),
    moves.ALL_LAYERS_DONE: (line_instance(), [3]),
    moves.CANNOT_COMPUTE: (with_nodes(flops_per_s=None), []),
    moves.PROCESSOR_SERVED: (line_instance(), [1, (AB, NONE), (BA, NONE)]),
    moves.OUT_OF_MEMORY: (with_nodes(memory_bytes=29.0), [1]),
}


@pytest.mark.parametrize("fault", COMPUTE_FAULTS, ids=moves.FAULTS.get)
def test_compute_faults(fault):
    """Each reason why a layer cannot be computed is found, and the walk stays as it was."""
    instance, before = COMPUTE_FAULTS[fault]
    walk = walk_of(instance, *before)
    state = walk.ints.copy(), walk.reals.copy()
    assert walk.compute_fault() == fault
    with pytest.raises(IllegalMoveError, match=moves.FAULTS[fault].split("(")[0]):
        walk.compute()
    assert all(map(np.array_equal, state, (walk.ints, walk.reals)))


def small_ground():
    """The hand-made instance whose destination has memory for the last layer only."""
    data = line_data()
    data["nodes"][2]["memory_bytes"] = 49.0
    return instance_of(data)


SEND_FAULTS = {
    "at the destination": (moves.AT_DESTINATION, line_instance(), [(AG, NONE)], (AG, NONE)),
    "elsewhere": (moves.NOT_AT_NODE, line_instance(), [], (BG, NONE)),
    "link twice": (moves.LINK_USED, line_instance(), [(AB, NONE), (BA, NONE)], (AB, NONE)),
    "input coded": (moves.ENDS_ARE_PLAIN, line_instance(), [], (AB, HALF)),
    "result coded": (moves.ENDS_ARE_PLAIN, line_instance(), [3], (AG, HALF)),
    "relay coded": (moves.RELAY_KEEPS_LEVEL, line_instance(), [1, (AB, NONE)], (BG, HALF)),
    "relay decoded": (moves.RELAY_KEEPS_LEVEL, line_instance(), [1, (AB, HALF)], (BG, NONE)),
    "over budget": (moves.OVER_BUDGET, line_instance(accuracy_budget=0.05), [1], (AB, HALF)),
    "over budget in sum": (
        moves.OVER_BUDGET,
        line_instance(accuracy_budget=0.299999),
        [1, (AB, HALF), 1],
        (BG, HALF),
    ),
    "unfinished": (
        moves.UNFINISHED_AT_DESTINATION,
        line_instance(ground_may_compute=False),
        [2],
        (AG, NONE),
    ),
    "ground too small": (moves.DESTINATION_OUT_OF_MEMORY, small_ground(), [1], (AG, NONE)),
}


@pytest.mark.parametrize("name", SEND_FAULTS)
def test_send_faults(name):
    """Each reason why the payload cannot be sent is found, and the walk stays as it was."""
    fault, instance, before, send = SEND_FAULTS[name]
    walk = walk_of(instance, *before)
    state = walk.ints.copy(), walk.reals.copy(), walk.used_links.copy(), list(walk.sends)
    assert walk.send_fault(*send) == fault
    with pytest.raises(IllegalMoveError, match=moves.FAULTS[fault].split("(")[0]):
        walk.send(*send)
    after = walk.ints, walk.reals, walk.used_links, walk.sends
    assert all(map(np.array_equal, state, after))


def test_faults_are_all_provoked():
    """The cases above provoke every fault there is."""
    assert set(COMPUTE_FAULTS) | {case[0] for case in SEND_FAULTS.values()} == set(moves.FAULTS)


@pytest.mark.parametrize("send", [(-1, 0), (4, 0), (0, -1), (0, 2)])
def test_links_and_levels_that_do_not_exist(send):
    """An index that names no link or level is refused, not wrapped."""
    walk = walk_of(line_instance(), 1)
    with pytest.raises(IndexError, match="no link"):
        walk.send(*send)


@pytest.mark.parametrize(
    "made",
    [
        [1, (AB, HALF), (BA, HALF), (AG, HALF)],
        [(AB, NONE), (BA, NONE), 2, (AG, HALF)],
        [(AB, NONE), 1, (BA, HALF), 1, (AG, HALF)],
        [3, (AG, NONE)],
        [2, (AB, NONE), 1, (BG, NONE)],
        [(AG, NONE)],
    ],
    ids=["back over served", "later visit", "budget met exactly", "result", "plain cut", "ground only"],
)
def test_legal_walks(made):
    """What the rules allow is legal, such as relaying back over a satellite that has computed."""
    assert walk_of(line_instance(), *made).finished


def test_budget_does_not_hang_on_the_order_of_additions():
    """Losses of 0.1 and 0.2 keep a budget of 0.3, though their floats add up to more, and none below."""
    assert 0.1 + 0.2 > 0.3
    plan = [1, (AB, HALF), 1, (BG, HALF)]
    assert walk_of(line_instance(accuracy_budget=0.3), *plan).accuracy_loss == pytest.approx(0.3, abs=1e-12)
    with pytest.raises(IllegalMoveError, match="accuracy budget"):
        walk_of(line_instance(accuracy_budget=0.3 - 1e-6), *plan)


@given(st.lists(st.integers(0, 3 * 10**6), min_size=2, max_size=2))
def test_budgets_in_decimals(losses):
    """A budget that is the losses' sum in decimals is kept, and one that is a millionth less is not."""
    data = line_data()
    data["compression"][1]["loss"] = [loss / 1e6 for loss in losses]
    plan = [1, (AB, HALF), 1, (BG, HALF)]
    for budget, legal in ((sum(losses), True), (sum(losses) - 1, False)):
        if budget >= 0:
            walk = walk_of(instance_of({**data, "accuracy_budget": budget / 1e6}))
            assert can_make(walk, plan) == legal


def can_make(walk, made):
    """Whether a walk can make these moves."""
    for move in made:
        if (walk.compute_fault() if isinstance(move, int) else walk.send_fault(*move)) != moves.LEGAL:
            return False
        if isinstance(move, int):
            walk.compute()
        else:
            walk.send(*move)
    return True


def test_memory_met_exactly():
    """A satellite whose memory the stage fills exactly computes it; a byte less and it does not."""
    assert with_nodes(memory_bytes=60.0).tables.stage_reach[0, 0] == 3
    assert walk_of(with_nodes(memory_bytes=60.0), 3).boundary == 3
    with pytest.raises(IllegalMoveError, match="memory"):
        walk_of(with_nodes(memory_bytes=59.0), 3)


def test_memory_counts_the_stage_only():
    """A stage starts with empty memory wherever the walk has been before."""
    data = line_data()
    data["nodes"][1]["memory_bytes"] = 30.0
    walk = walk_of(instance_of(data), 2, (AB, NONE), 1, (BG, NONE))
    assert walk.finished


def legal_sends(instance, state, stage_end):
    """(compute legal, sends legal) after computing up to `stage_end` from a state, by the project's moves."""
    walk = walk_at(instance, state)
    for _ in range(state.boundary, stage_end):
        if walk.compute_fault():
            return None
        walk.compute()
    tables = instance.tables
    pairs = [(e, q) for e in range(len(tables.link_source)) for q in range(tables.num_levels)]
    return {pair for pair in pairs if walk.send_fault(*pair) == 0}


def walk_at(instance, state):
    """A walk put into a state of the reference."""
    walk = Walk(instance)
    walk.ints[moves.NODE] = instance.node_index[state.node]
    walk.ints[moves.BOUNDARY] = state.boundary
    walk.ints[moves.LEVEL] = state.level
    walk.ints[moves.LOSS_UNITS] = int(state.loss * 10**12)
    for node in state.served:
        walk.used_nodes[instance.node_index[node]] = True
    for source, target in state.carried:
        walk.used_links[instance.link_index[instance.node_index[source], instance.node_index[target]]] = True
    return walk


@given(st.integers(0, 2**32), st.data())
def test_legal_moves_are_those_of_the_statement(seed, data):
    """In every state of a random walk, exactly the moves that the problem's statement allows are legal."""
    instance = random_instance(seed)
    reference = Reference(instance.problem)
    links = {id(link): e for e, link in enumerate(instance.problem.links)}
    state: State = reference.start()
    while True:
        options = list(reference.moves(state))
        for end in range(state.boundary, reference.last + 1):
            expected = {(links[id(m.link)], m.level) for m in options if m.end == end}
            found = legal_sends(instance, state, end)
            assert expected == (found or set())
        if not options:
            break
        state = reference.after(state, data.draw(st.sampled_from(options)))
