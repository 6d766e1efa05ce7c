"""The codec as training sees it: the same quantiser with a gradient, and its rate as a smooth function.

Formulas are `quantise`'s own, run by torch.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from satllm_env.compression.codec.quantise import bin_numbers, bin_values
from satllm_env.compression.codec.transform import Transform


class TorchTransform:
    """A transform on tensors, with gradients to the activation.

    Args:
        transform: as fitted.
    """

    def __init__(self, transform: Transform) -> None:
        self._arrays = {name: torch.from_numpy(array) for name, array in transform.arrays().items()}

    def forward(self, activation: Tensor) -> Tensor:
        """Components, shape (rows, components), of an activation of shape (…, W)."""
        found = self._arrays
        if "basis" in found:
            components = (activation - found["mean"]) @ found["basis"]
            if "tokens" in found:
                components = (found["tokens"].T @ components).flatten(-2)
        elif found:
            components = (activation - found["mean"]) / found["deviation"]
        else:
            components = activation
        return components.reshape(-1, components.shape[-1])

    def undo(self, components: Tensor) -> Tensor:
        """Activations from components; any shape of the right size."""
        found = self._arrays
        if "tokens" in found:
            components = found["tokens"] @ components.reshape(-1, *found["mean"].shape)
        if "basis" in found:
            return components @ found["inverse"] + found["mean"]
        return components * found["deviation"] + found["mean"] if found else components


_LEAST_PROBABILITY = 2.0**-24  # what the range coder gives the rarest symbol


def quantised(values: Tensor, step: Tensor, threshold: Tensor, offset: Tensor) -> Tensor:
    """Values after quantising, with the gradient straight through to `values`.

    The steps get the gradient of the value that a symbol stands for (as in learned step sizes, Esser et
    al. 2020, arXiv 1902.08153): what rounding adds, in steps, is taken as fixed.

    Args:
        values: components, shape (…, W).
        step: per component, above 0, shape (W,).
        threshold: [steps] as in `quantise.Steps`.
        offset: [steps] as in `quantise.Steps`.
    """
    numbers = bin_numbers(values, step, threshold, torch)
    added = bin_values(numbers, torch.ones_like(step), offset, torch) - values / step  # [steps]
    straight: Tensor = values + added.detach() * step
    return straight


def laplace_bits(values: Tensor, step: Tensor, scale: Tensor) -> Tensor:
    """[bit] that each value costs at a step, under a Laplace law of mean magnitude `scale`.

    The law's mass of a bin of one step around the value, not around the bin's middle: smooth in values
    and steps (as in Ballé et al. 2018, arXiv 1802.01436, in place of the noise). At least 2^-24 in
    probability.

    Args:
        values: components, shape (…, W).
        step: per component, above 0, shape (W,).
        scale: per component, above 0, shape (W,).
    """
    near = torch.abs(values)
    mass = _laplace_cdf((near + step / 2) / scale) - _laplace_cdf((near - step / 2) / scale)
    return -torch.log2(torch.clamp(mass, min=_LEAST_PROBABILITY))


def laplace_entropy_bits(step: Tensor, threshold: Tensor, scale: Tensor) -> Tensor:
    """[bit] per symbol of a Laplace law of mean magnitude `scale` after the quantiser, exactly.

    A symbol is 0 with probability ``1 - exp(-threshold · step / scale)``; otherwise its sign is even and
    its magnitude, less 1, geometric with ratio ``exp(-step / scale)``.
    """
    width, reach = step / scale, threshold * step / scale
    zero, coded = -torch.expm1(-reach), torch.exp(-reach)
    whether = coded * reach - zero * torch.log(zero)  # [nat], as is the next
    magnitude = width * torch.exp(-width) / -torch.expm1(-width) - torch.log(-torch.expm1(-width))
    return (whether + coded * magnitude) / math.log(2) + coded


def _laplace_cdf(x: Tensor) -> Tensor:
    tail = torch.exp(-torch.abs(x)) / 2
    return torch.where(x < 0, tail, 1 - tail)
