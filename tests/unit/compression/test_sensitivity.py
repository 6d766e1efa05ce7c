"""The Fisher information of the output about the activations between blocks."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from satllm_env.compression import sensitivity
from satllm_env.compression.divergence import kl_nat
from satllm_env.compression.sensitivity import output_sensitivities
from satllm_env.nets.split_net import SplitNet
from tests.unit.compression.net_cases import BOUNDARIES, inputs_of, lively

KINDS = ("vit", "lm")


def exact(net: SplitNet, inputs: Tensor, boundary: int) -> NDArray[np.float64]:
    """Mean over tokens of sum p(y)·g·gᵀ over all outputs y, one input, one output and one y at a time."""
    total, tokens = np.zeros((net.width, net.width)), 0
    for one in inputs:
        activation = net.run_blocks(net.embed(one[None]), 0, boundary).detach().requires_grad_()
        logs = net.head(net.run_blocks(activation, boundary)).log_softmax(-1).flatten(0, -2)
        for output in logs:
            for log in output:
                (gradient,) = torch.autograd.grad(log, activation, retain_graph=True)
                rows = gradient[0].double().numpy()
                total += log.detach().exp().item() * rows.T @ rows
        tokens += activation.shape[1]
    return total / tokens


@pytest.mark.parametrize("kind", KINDS)
def test_drawn_outputs_give_the_exact_fisher_information(kind: str) -> None:
    """Over many draws the estimate nears the sum over all outputs, computed one by one."""
    net = lively(kind)
    inputs = inputs_of(net, 8) if kind == "vit" else inputs_of(net, 1)[:, :3]
    wanted = exact(net, inputs, 2)
    repeated = inputs.repeat(3000 // len(inputs), *[1] * (inputs.ndim - 1))
    found = output_sensitivities(net, repeated, [2])[2]
    assert np.linalg.norm(found - wanted) < 0.08 * np.linalg.norm(wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_half_of_e_fisher_e_is_the_divergence_of_a_small_error(kind: str) -> None:
    """Random errors of one token at a time make half the trace of Fisher times covariance."""
    net, boundary = lively(kind), 2
    inputs = inputs_of(net, 25)
    repeated = inputs.repeat(120 if kind == "vit" else 6, *[1] * (inputs.ndim - 1))
    fisher = output_sensitivities(net, repeated, [boundary])[boundary]
    spread = np.geomspace(1, 0.1, net.width) * 3e-3
    rng = np.random.default_rng(0)
    activation = net.run_blocks(net.embed(inputs), 0, boundary).double()
    exact_net = net.double()
    try:
        whole = exact_net.head(exact_net.run_blocks(activation, boundary))
        divergences = []
        for _ in range(12 if kind == "vit" else 4):
            for token in range(activation.shape[1]):
                changed = activation.clone()
                error = rng.normal(size=(len(inputs), net.width)) * spread
                changed[:, token] += torch.from_numpy(error)
                after = exact_net.head(exact_net.run_blocks(changed, boundary))
                each = kl_nat(whole, after)  # (B,) or (B, tokens): outputs' divergences add up
                divergences.append(each.flatten(1).sum(1).mean() if each.ndim > 1 else each.mean())
    finally:
        net.float()
    predicted = np.trace(fisher * spread**2) / 2
    assert float(torch.stack(divergences).mean()) == pytest.approx(predicted, rel=0.1)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_symmetric_and_positive_semidefinite(kind: str) -> None:
    """At every boundary, and not zero."""
    net = lively(kind)
    found = output_sensitivities(net, inputs_of(net, 20), BOUNDARIES)
    assert tuple(found) == BOUNDARIES
    for matrix in found.values():
        assert matrix.shape == (net.width, net.width)
        np.testing.assert_array_equal(matrix, matrix.T)
        values = np.linalg.eigvalsh(matrix)
        assert values[0] >= -1e-12 * values[-1]
        assert values[-1] > 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_seed_makes_it(kind: str) -> None:
    """The same seed gives the same numbers, another one others; boundaries do not change each other's."""
    net = lively(kind)
    inputs = inputs_of(net, 30)
    first, again = (output_sensitivities(net, inputs, BOUNDARIES, seed=3) for _ in range(2))
    other, alone = (output_sensitivities(net, inputs, [2], seed=seed)[2] for seed in (4, 3))
    for boundary in BOUNDARIES:
        np.testing.assert_array_equal(first[boundary], again[boundary])
    np.testing.assert_allclose(alone, first[2], rtol=1e-5, atol=1e-6 * alone.max())
    assert np.abs(other - first[2]).max() > 1e-3 * first[2].max()


@pytest.mark.parametrize("kind", KINDS)
def test_batches_do_not_matter(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any number of inputs at once gives the same, and the progress adds up to all of them."""
    net, told = lively(kind), []
    inputs = inputs_of(net, 23)
    whole = output_sensitivities(net, inputs, BOUNDARIES)
    monkeypatch.setattr(sensitivity, "BATCH", 5)
    parts = output_sensitivities(net, inputs, BOUNDARIES, step=told.append)
    assert told == [5, 5, 5, 5, 3]
    for boundary in BOUNDARIES:
        np.testing.assert_allclose(
            parts[boundary], whole[boundary], rtol=1e-4, atol=1e-6 * whole[boundary].max()
        )


def test_parameters_get_no_gradients() -> None:
    """Neither those of a network that is frozen nor of one that is not."""
    net = lively("vit")
    net.requires_grad_(True)
    try:
        output_sensitivities(net, inputs_of(net, 3), BOUNDARIES)
        assert all(parameter.grad is None for parameter in net.parameters())
    finally:
        net.requires_grad_(False)
