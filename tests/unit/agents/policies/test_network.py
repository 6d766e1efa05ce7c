"""The network that scores actions."""

import numpy as np
import pytest
import torch

from agents.policies.network import FEATURES, ScorerShape
from satllm_env.envs import InstancePool, SatLLMSplitVectorEnv
from satllm_env.envs.lookahead import ACTION_FEATURES
from satllm_env.envs.observation import LEVEL_FEATURES, REQUEST_FEATURES, SLOT_FEATURES
from satllm_env.scenarios import load_scenario
from tests.unit.agents.policies.cases import LAYOUT, scorer


@pytest.fixture(scope="module")
def seen() -> tuple[torch.Tensor, torch.Tensor]:
    """Observations and masks on the way of some walks."""
    pool = InstancePool.draw(load_scenario("paper-ground"), LAYOUT, 3, 0)
    envs = SatLLMSplitVectorEnv(3, pool=pool, observation="lookahead")
    observations, _ = envs.reset(seed=0)
    observations = [observations]
    masks = [envs.action_masks()]
    for _ in range(4):
        step = envs.step(envs.action_masks().argmax(axis=1))
        observations.append(step[0])
        masks.append(envs.action_masks())
    return torch.as_tensor(np.concatenate(observations)), torch.as_tensor(np.concatenate(masks))


@pytest.mark.parametrize("encoder", ["attention", "mlp"])
def test_masked_actions_have_no_chance_and_others_have(
    encoder: str, seen: tuple[torch.Tensor, torch.Tensor]
) -> None:
    """Scores are finite where the mask allows, −inf elsewhere, and gradients are finite."""
    network = scorer(encoder)
    scores = network(*seen)
    assert (torch.isfinite(scores) == seen[1]).all()
    torch.log_softmax(scores, dim=1).masked_fill(~seen[1], 0.0).sum().backward()
    assert all(torch.isfinite(weight.grad).all() for weight in network.parameters())


def test_a_token_is_an_action(seen: tuple[torch.Tensor, torch.Tensor]) -> None:
    """Each holds the request and its own slot, level and bounds, where the observation has them."""
    tokens = scorer().tokens(seen[0])
    assert tokens.shape == (len(seen[0]), LAYOUT.num_actions, FEATURES)
    slot, level = 2, 4
    action = 1 + slot * LAYOUT.num_levels + level
    token, flat = tokens[5, action], seen[0][5]
    expected = [
        flat[:REQUEST_FEATURES],
        torch.zeros(1),
        flat[LAYOUT.slots_at + slot * SLOT_FEATURES :][:SLOT_FEATURES],
        flat[LAYOUT.levels_at + level * LEVEL_FEATURES :][:LEVEL_FEATURES],
        flat[LAYOUT.size + action * ACTION_FEATURES :][:ACTION_FEATURES],
    ]
    assert torch.equal(token, torch.cat(expected))
    assert tokens[5, 0, REQUEST_FEATURES] == 1.0


def test_the_order_of_slots_does_not_matter_to_attention(seen: tuple[torch.Tensor, torch.Tensor]) -> None:
    """Slots that change places take their scores with them."""
    network, order = scorer().eval(), [3, 0, 4, 1, 2]
    observations, masks = seen
    plain, bounds = observations[:, : LAYOUT.size].clone(), observations[:, LAYOUT.size :]
    by_slot = plain[:, LAYOUT.slots_at : LAYOUT.levels_at].reshape(len(plain), -1, SLOT_FEATURES)
    plain[:, LAYOUT.slots_at : LAYOUT.levels_at] = by_slot[:, order].flatten(1)
    sends = np.arange(1, LAYOUT.num_actions).reshape(LAYOUT.num_slots, -1)
    moved = torch.as_tensor(np.concatenate([[0], sends[order].ravel()]))
    bounds = bounds.reshape(len(plain), -1, ACTION_FEATURES)[:, moved].flatten(1)
    with torch.no_grad():
        before, after = network(observations, masks), network(torch.cat([plain, bounds], 1), masks[:, moved])
    assert torch.allclose(before[:, moved], after, atol=1e-5)


def test_heads_that_cannot_share_the_width_are_refused() -> None:
    """Before anything is built."""
    with pytest.raises(ValueError, match="width of 30 cannot be shared out among 4 heads"):
        ScorerShape(width=30, heads=4)
