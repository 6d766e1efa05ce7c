"""Tests of the action masks and of what the actions mean."""

import numpy as np
import pytest

from satllm_env.envs.actions import link_and_level, pad_slots, write_mask
from satllm_env.envs.leftover import empty_leftover, find_leftover, make_room, reach_of
from satllm_env.problem import Instance, Walk
from satllm_env.scenarios import load_scenario
from tests.strategies import SHAPES, random_problem
from tests.unit.envs.cases import SCENARIOS, SOURCES, at_random, make, source_id, walk

DOWNLINK = 4
LEVELS = load_scenario("paper").num_levels


@pytest.mark.parametrize("source", SOURCES, ids=source_id)
def test_mask_holds_legal_moves_only(source):
    """In every state the info's mask is int8, equals the method's, and each unmasked action is legal."""
    env = make(**source)
    chooser = at_random(1)

    def choose(info):
        mask = info["action_mask"]
        assert mask.dtype == np.int8
        assert mask.shape == (env.action_space.n,)
        assert np.array_equal(mask, env.action_masks())
        assert mask.any()
        for action in np.flatnonzero(mask).tolist():
            if action == 0:
                assert env.walk.compute_fault() == 0
            else:
                link, level = link_and_level(env.slots, env.walk.node, env.layout.num_levels, action)
                assert env.walk.send_fault(link, level) == 0
        return chooser(info)

    for seed in range(5):
        episode = walk(env, choose, seed=seed)
        assert np.flatnonzero(episode.end["action_mask"]).tolist() == [0]
        assert np.flatnonzero(env.action_masks()).tolist() == [0]


def test_masks_are_fresh_objects():
    """What a caller does to a mask leaves the environment alone."""
    env = make()
    _, info = env.reset(seed=0)
    before = env.action_masks()
    info["action_mask"][:] = 0
    env.action_masks()[:] = False
    assert np.array_equal(env.action_masks(), before)


@pytest.mark.parametrize("seed", range(60))
def test_mask_rules_out_nothing_that_can_be_finished(seed):
    """Exhaustively on small problems: after a legal action that is masked, the walk has no finish."""
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, shape=SHAPES[seed % len(SHAPES)], layers=3, satellites=3, levels=1)
    instance = Instance.from_problem(problem)
    known = {}
    _check_masks(Walk(instance), pad_slots(instance, instance.num_slots), known)
    assert len(known) > 1


def _check_masks(state, slots, known):
    """Whether a walk can be finished, by trying everything; masks are compared on the way."""
    if state.finished:
        return True
    key = (*state.ints[:4].tolist(), state.used_nodes.tobytes(), state.used_links.tobytes())
    if key not in known:
        mask = _mask(state, slots)
        known[key] = False
        for action, after in _legal_moves(state, slots):
            finishes = _check_masks(after, slots, known)
            assert mask[action] or not finishes
            known[key] |= finishes
    return known[key]


def _mask(state, slots):
    """The mask of any state, with one level."""
    tables, used = state.instance.tables, (state.used_nodes, state.used_links)
    left = empty_leftover(slots.shape[1], tables.num_layers)
    room, node = make_room(tables.num_nodes, tables.num_layers), state.node
    find_leftover(tables, reach_of(tables), slots[node], node, state.boundary, *used, room, left)
    mask = np.zeros(1 + slots.shape[1], np.int8)
    write_mask(tables, slots, 1, state.ints, *used, left, mask)
    return mask


def _legal_moves(state, slots):
    if state.compute_fault() == 0:
        after = _copy(state)
        after.compute()
        yield 0, after
    for slot, link in enumerate(slots[state.node].tolist()):
        if link >= 0 and state.send_fault(link, 0) == 0:
            after = _copy(state)
            after.send(link, 0)
            yield 1 + slot, after


def _copy(state):
    copy = Walk(state.instance)
    for name in ("ints", "reals", "used_nodes", "used_links"):
        getattr(copy, name)[:] = getattr(state, name)
    return copy


@pytest.mark.parametrize("name", SCENARIOS)
def test_slots_of_a_constellation(name):
    """Slots are fore, aft, left, right and the downlink; opposite slots lead back where they came from."""
    for seed in range(10):
        instance = load_scenario(name).sample(seed).instance
        tables, slots = instance.tables, instance.slots
        assert slots.shape == (tables.num_nodes, DOWNLINK + 1)
        target = np.where(slots >= 0, tables.link_target[slots], -1)
        down = np.unique(np.nonzero(target == tables.destination)[1]).tolist()
        assert down == [DOWNLINK]
        assert np.all((target[:, DOWNLINK] == tables.destination) | (target[:, DOWNLINK] == -1))
        for there, back in ((0, 1), (1, 0), (2, 3), (3, 2)):
            for node in np.flatnonzero(target[:, there] >= 0).tolist():
                assert target[target[node, there], back] == node


@pytest.mark.parametrize(
    ("name", "planes", "per_plane"), [("paper", 1, 12), ("paper-ground", 1, 12), ("walker-dense", 12, 12)]
)
def test_slots_lead_along_and_across_planes(name, planes, per_plane):
    """Fore and aft stay in the plane, one place on or back; left and right change the plane by one."""
    for seed in range(5):
        instance = load_scenario(name).sample(seed).instance
        number = [int(node.id.split("-")[1]) for node in instance.problem.nodes[:-1]]
        seen = set()
        for row, here in enumerate(number):
            plane, place = divmod(here, per_plane)
            for slot, link in enumerate(instance.slots[row, :DOWNLINK].tolist()):
                if link < 0:
                    continue
                other_plane, other_place = divmod(number[instance.tables.link_target[link]], per_plane)
                if slot < 2:
                    step = 1 if slot == 0 else -1
                    assert (other_plane, other_place) == (plane, (place + step) % per_plane)
                else:
                    assert (other_plane - plane) % planes in (1, planes - 1)
                seen.add(slot)
        assert seen >= ({0, 1} if planes == 1 else {0, 1, 2, 3})


@pytest.mark.parametrize(
    ("action", "says"),
    [
        (-1, "no action"),
        (10_000, "no action"),
        (1 + 2 * LEVELS, "empty"),
        (2, "'none'"),
        (0, "cannot compute"),
    ],
)
def test_illegal_action_ends_the_walk(action, says):
    """At a price, an illegal action ends the walk, says why, and brings the return to −fallback."""
    env = make(scenario="walker-dense" if action == 0 else "paper", on_illegal="penalty")
    env.reset(seed=next(seed for seed in range(50) if action != 0 or _relays_only(env, seed)))
    _, reward, terminated, truncated, info = env.step(action)
    assert (terminated, truncated) == (True, False)
    assert reward == -env.fallback_s == -info["fallback_s"]
    assert says in info["illegal_move"]
    assert info["is_success"] is info["dead_end"] is False
    assert info["delay_s"] == float("inf")
    assert info["plan"] == []
    assert np.flatnonzero(info["action_mask"]).tolist() == [0]


def _relays_only(env, seed):
    env.reset(seed=seed)
    return not env.instance.can_compute[env.walk.node]


def test_illegal_action_late_in_a_walk():
    """What the walk has cost before an illegal action is part of the fallback, not on top of it."""
    env = make(on_illegal="penalty")
    env.reset(seed=5)
    total = 0.0
    for _ in range(4):
        _, reward, terminated, _, _ = env.step(int(np.flatnonzero(env.action_masks())[-1]))
        assert not terminated
        total += reward
    _, reward, terminated, _, info = env.step(env.action_space.n)
    assert terminated
    assert total + reward == pytest.approx(-info["fallback_s"], rel=1e-12)
