"""Labelled walks, and a network fitted to them."""

import numpy as np
import pytest
import torch

from agents.policies.lessons import Lessons, collect_lessons, draw_pool
from agents.policies.teaching import Teacher, losses
from satllm_env.errors import InputError
from tests.unit.agents.policies.cases import LAYOUT, TEACHING, scorer, tiny_settings

LABELS = 100_000


def lessons(own: bool = False, episodes: int = 5) -> Lessons:
    """Of the planner's walks, or an untrained network's own."""
    torch.manual_seed(1)
    pool = draw_pool(["paper-ground"], LAYOUT, episodes, 50)
    return collect_lessons(pool, scorer() if own else None, LABELS, 0.1, np.random.default_rng(0))


@pytest.mark.parametrize("own", [False, True])
def test_labels_are_unmasked_actions_and_every_instance_is_walked(own: bool) -> None:
    """On the planner's way and off it; the same again with the same seeds."""
    made, again = lessons(own), lessons(own)
    assert made.observations.shape == (len(made.masks), LAYOUT.size + 3 * LAYOUT.num_actions)
    assert (made.optimal & ~made.masks).sum() == 0
    assert (made.optimal.sum(axis=1) >= 1).all() and (made.masks.sum(axis=1) > 1).all()
    at_source = (made.observations[:, 0] == 0.0) & (made.observations[:, 7] == 0.0)
    assert at_source.sum() >= 5
    assert all((one == other).all() for one, other in zip(made, again, strict=True))


def test_a_network_comes_off_the_planners_way() -> None:
    """Else aggregation would add nothing: its own walks hold states that cloning never sees."""
    cloned, own = lessons(), lessons(own=True)
    there = {row.tobytes() for row in cloned.observations}
    assert sum(row.tobytes() not in there for row in own.observations) > len(own.masks) // 3


def test_labels_that_the_limit_leaves_unproven_are_left_out() -> None:
    """Nothing is learned from a guess."""
    pool = draw_pool(["walker-dense"], LAYOUT, 1, 0)
    with pytest.raises(InputError, match="label_limit"):
        collect_lessons(pool, None, 1, 0.0, np.random.default_rng(0))


def test_the_loss_is_the_cross_entropy_to_all_optimal_actions() -> None:
    """Two actions that are as good may share the probability as they like."""
    made, network = lessons(), scorer().eval()
    rows = [torch.as_tensor(column[:6]) for column in made]
    chances = torch.softmax(network(*rows[:2]), dim=1)
    found = losses(network, *rows)
    expected = -(chances * rows[2]).sum(dim=1).log().mean()
    assert found.loss.item() == pytest.approx(expected.item(), rel=1e-5)
    everything = losses(network, rows[0], rows[1], rows[1])
    assert everything.loss.item() == pytest.approx(0.0, abs=1e-6)
    assert everything.agreement == 1.0


@pytest.mark.parametrize("encoder", ["attention", "mlp"])
def test_a_fitted_network_agrees_with_the_planner(encoder: str) -> None:
    """Far better than an untrained one, on the states that it learned from."""
    torch.manual_seed(0)
    settings = tiny_settings("bc", rounds=1, teaching=TEACHING | {"epochs": 40, "learning_rate": 1e-2})
    teacher = Teacher(scorer(encoder), settings)
    figures = teacher.learn(0, lambda done: None)
    assert figures["agreement"] > 0.75
    assert figures["loss"] < 0.7
