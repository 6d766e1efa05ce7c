"""Tests of the walk: what it has cost so far, move by move."""

import numpy as np
import pytest

from satllm_env.problem import Walk
from tests.unit.problem.cases import AB, BG, HALF, NONE, line_instance, walk_of
from tests.unit.problem.generator import finished_walks
from tests.unit.problem.reference import Reference


def test_start():
    """A walk begins at the source with nothing done and nothing spent."""
    walk = Walk(line_instance())
    assert (walk.node, walk.boundary, walk.level, walk.stage_start, walk.finished) == (0, 0, 0, -1, False)
    assert walk.sum_s == walk.bottleneck_s == walk.delay_s == walk.accuracy_loss == 0


def test_costs_move_by_move():
    """Each move adds its busy times and latency to the sum; the bottleneck is the longest busy time."""
    walk = Walk(line_instance())
    seen = []
    for move in (1, 1, (AB, HALF), 1, (BG, NONE)):
        if move == 1:
            walk.compute()
        else:
            walk.send(*move)
        seen.append((walk.node, walk.boundary, walk.stage_start, walk.sum_s, walk.bottleneck_s))
    expected = [
        (0, 1, 0, 1, 1),  # layer 0
        (0, 2, 0, 3, 3),  # layer 1, same stage
        (1, 2, -1, 6.25, 4),  # encode 1: the stage takes 4; half cut 2, latency 0.25
        (1, 3, 2, 8.75, 4),  # decode 0.5, layer 2
        (2, 3, -1, 10, 4),  # result 1, latency 0.25
    ]
    assert seen == [pytest.approx(row, rel=1e-14) for row in expected]
    assert walk.finished
    assert walk.delay_s == pytest.approx(10 + 3 * 4, rel=1e-14)
    assert walk.accuracy_loss == 0.2


def test_the_destination_computes_the_rest():
    """Arriving at the destination decodes and computes all that remains, as one stage."""
    walk = walk_of(line_instance(), 1, (AB, HALF), (BG, HALF))
    assert walk.boundary == 3
    assert walk.sum_s == pytest.approx(1 + 1 + 2 * 2.25 + 0.125 + 0.75, rel=1e-14)
    assert walk.bottleneck_s == pytest.approx(2, rel=1e-14)


def test_ground_only():
    """The input relayed to a destination that computes everything costs the links and one stage."""
    walk = walk_of(line_instance(), (AB, NONE), (BG, NONE))
    assert walk.sum_s == pytest.approx(2 * 8.25 + 0.875, rel=1e-14)
    assert walk.bottleneck_s == 8


def test_loss_is_counted_per_cut_not_per_hop():
    """Relaying an encoded payload loses nothing more."""
    one, two = walk_of(line_instance(), 1, (AB, HALF)), walk_of(line_instance(), 1, (AB, HALF), (BG, HALF))
    assert one.accuracy_loss == two.accuracy_loss == 0.1


def test_two_walks_share_nothing():
    """Walks through one instance do not disturb each other."""
    instance = line_instance()
    walk_of(instance, 1, (AB, HALF), 1, (BG, NONE))
    assert not Walk(instance).used_nodes.any()
    assert walk_of(instance, 1, (AB, HALF)).used_links.tolist() == [True, False, False, False]


def test_costs_against_the_statement():
    """Sum, bottleneck, loss and delay of 300 random finished walks are those of the problem's statement."""
    for walk in finished_walks(300):
        reference = Reference(walk.instance.problem)
        state = reference.start()
        for _, end, link, level in walk.sends:
            sent = walk.instance.problem.links[link]
            chosen = [m for m in reference.moves(state) if (m.end, m.link, m.level) == (end, sent, level)]
            state = reference.after(state, chosen[0])
        assert walk.sum_s == pytest.approx(sum(state.busy) + state.latency, rel=1e-12)
        assert walk.bottleneck_s == pytest.approx(max(state.busy), rel=1e-12)
        assert walk.delay_s == pytest.approx(reference.delay_s(state), rel=1e-12)
        assert walk.accuracy_loss == pytest.approx(float(state.loss), abs=1e-12)


@pytest.mark.parametrize("micro_batches", [1, 2, 10**6])
def test_micro_batches(micro_batches):
    """Every further micro-batch costs one bottleneck period, up to a million of them."""
    walk = walk_of(line_instance(micro_batches=micro_batches), 1, (AB, HALF), 1, (BG, NONE))
    assert walk.delay_s == pytest.approx(walk.sum_s + (micro_batches - 1) * walk.bottleneck_s, rel=1e-15)
    assert np.isfinite(walk.delay_s)
