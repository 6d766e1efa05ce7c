"""The codec's torch side: the same values, gradients, and a rate that payloads confirm."""

import numpy as np
import pytest
import torch

from satllm_env.compression.codec.differentiable import laplace_bits, laplace_entropy_bits, quantised
from satllm_env.compression.codec.quantise import bin_numbers, bin_values
from satllm_env.compression.codec.range_coder import RangeCoder
from satllm_env.compression.codec.tables import count_symbols

RNG = np.random.default_rng(0)
VALUES = RNG.laplace(size=(500, 6)).astype(np.float32) * 3
STEP = np.linspace(0.3, 3, 6, dtype=np.float32)
THRESHOLD = np.linspace(0.5, 1.3, 6, dtype=np.float32)
OFFSET = THRESHOLD - np.float32(0.55)


def tensors(*arrays: np.ndarray) -> list[torch.Tensor]:
    """The arrays as torch sees them."""
    return [torch.from_numpy(array.copy()) for array in arrays]


def test_torch_gives_numpy_s_symbols_bit_by_bit() -> None:
    """Training sees exactly the symbols that are sent."""
    values, step, threshold, offset = tensors(VALUES, STEP, THRESHOLD, OFFSET)
    mine = bin_numbers(VALUES, STEP, THRESHOLD)
    theirs = bin_numbers(values, step, threshold, torch)
    np.testing.assert_array_equal(theirs.numpy(), mine)
    np.testing.assert_array_equal(
        bin_values(theirs, step, offset, torch).numpy(), bin_values(mine, STEP, OFFSET)
    )
    through = quantised(values, step, threshold, offset).numpy()
    np.testing.assert_allclose(through, bin_values(mine, STEP, OFFSET), atol=1e-5)


def test_gradients_go_straight_through() -> None:
    """Values get the output's gradient; a step gets what rounding added, in steps."""
    values, step, threshold, offset = tensors(VALUES, STEP, THRESHOLD, OFFSET)
    values.requires_grad_()
    step.requires_grad_()
    quantised(values, step, threshold, offset).sum().backward()
    assert values.grad is not None and step.grad is not None
    assert (values.grad == 1).all()
    numbers = bin_numbers(VALUES, STEP, THRESHOLD)
    added = (bin_values(numbers, np.float32(1), OFFSET) - VALUES / STEP).sum(axis=0)
    np.testing.assert_allclose(step.grad.numpy(), added, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("threshold", [0.5, 0.8, 1.3])
@pytest.mark.parametrize("step", [0.2, 1.0, 4.0])
def test_the_entropy_of_a_quantised_laplace_law_is_exact(step: float, threshold: float) -> None:
    """Against the sum over its symbols' probabilities."""
    edges = step * (threshold + np.arange(2000))
    above = np.exp(-edges / 1.5) / 2
    masses = above[:-1] - above[1:]
    masses = np.concatenate([[1 - 2 * above[0]], masses, masses])
    masses = masses[masses > 0]
    expected = -(masses * np.log2(masses)).sum()
    found = laplace_entropy_bits(*torch.tensor([step, threshold, 1.5], dtype=torch.float64))
    assert float(found) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("step", [0.5, 1.0, 2.0])
def test_payloads_confirm_the_rate(step: float) -> None:
    """Bits of the range coder agree with both estimates on values that follow the law."""
    values = np.random.default_rng(1).laplace(size=(50_000, 1)).astype(np.float32)
    symbols = bin_numbers(values, np.float32(step), np.float32(0.5)).astype(np.int32)[:, 0]
    counts = np.array([len(symbols)])
    bits = 8 * len(RangeCoder(count_symbols(symbols, counts)).encode(symbols, counts)) / len(symbols)
    one = torch.ones(1)
    assert float(laplace_entropy_bits(step * one, 0.5 * one, one)) == pytest.approx(bits, rel=0.02)
    estimate = float(laplace_bits(torch.from_numpy(values), step * one, one).mean())
    assert estimate == pytest.approx(bits, rel=0.1)


def test_rates_fall_with_the_step_and_have_gradients_everywhere() -> None:
    """Finite values and gradients from steps far below to far above the law's width."""
    step = torch.logspace(-2, 3, 40, dtype=torch.float64, requires_grad=True)
    entropy = laplace_entropy_bits(step, torch.full_like(step, 0.5), torch.ones_like(step))
    assert (torch.diff(entropy) <= 0).all()
    bits = laplace_bits(
        torch.linspace(-20, 20, 41, dtype=torch.float64)[:, None], step, torch.ones_like(step)
    )
    (entropy.sum() + bits.sum()).backward()
    assert step.grad is not None
    assert torch.isfinite(step.grad).all() and torch.isfinite(bits).all()
