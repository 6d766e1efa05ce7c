"""The network that a plan is run with, measured on this machine, and the inputs that are sent through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import torch

from satllm_env.compression.probing.data import ProbeData
from satllm_env.errors import InputError
from satllm_env.nets.huggingface_nets import HuggingFaceDecoder, HuggingFaceNet
from satllm_env.nets.split_net import SplitNet
from satllm_env.nets.store import NetCard, load_card
from satllm_env.testbed.codecs import CodecMaker, pattern_for, profile_of
from satllm_env.testbed.job import NetSource
from satllm_env.testbed.measure import Measured, measure_network
from satllm_env.testbed.network import load_network

CALIBRATION_ITEMS = 400
"""Inputs that codecs are calibrated from."""
RANDOM_CALIBRATION_ITEMS = 64
"""The same, where inputs are random: their activations differ little."""


@dataclass(frozen=True)
class Batch:
    """What is sent through the pipeline: micro-batches of a network's inputs, and the right outputs."""

    inputs: torch.Tensor
    """(items, B, …)"""
    targets: torch.Tensor | None
    """(items · B, …)"""


@dataclass(frozen=True)
class Network:
    """The network that is run.

    Args:
        source: where processes get it from.
        net: the network, unsplit.
        measured: on this machine.
        codecs: of its activations.
    """

    source: NetSource
    net: SplitNet
    measured: Measured
    codecs: CodecMaker


def open_network(
    source: NetSource, size: int, items: int, note: Callable[[str], None], codec_folder: Path | None = None
) -> tuple[Network, torch.Tensor, torch.Tensor | None]:
    """Load a network and measure it on this machine.

    Args:
        source: of the network.
        size: inputs in a micro-batch.
        items: how many inputs are wanted.
        note: told what goes on.
        codec_folder: where calibrated codecs are kept from run to run.

    Returns:
        The network; inputs of its test split with the right outputs, or random inputs without.

    Raises:
        InputError: it cannot be loaded, or its data cannot be read.
    """
    net = load_network(source)
    count = max(items, size)
    if isinstance(net, HuggingFaceNet):
        inputs, targets = net.random_inputs(count, source.seed), None
        codecs = _unprofiled(net, source.seed, codec_folder)
    else:
        card = load_card(source.net)
        inputs, targets = ProbeData(card).split("test", count)
        codecs = _of_card(net, card, codec_folder)
    note(f"measuring {net.name} on one core")
    return Network(source, net, measure_network(net, inputs[:size]), codecs), inputs, targets


def _unprofiled(net: HuggingFaceNet, seed: int, folder: Path | None) -> CodecMaker:
    @cache
    def calibration() -> torch.Tensor:
        return net.random_inputs(RANDOM_CALIBRATION_ITEMS, seed + 1)

    takes: Literal["images", "text"] = "text" if isinstance(net, HuggingFaceDecoder) else "images"
    return CodecMaker(net, calibration, pattern_for(takes), own=False, folder=folder)


def _of_card(net: SplitNet, card: NetCard, folder: Path | None) -> CodecMaker:
    @cache
    def calibration() -> torch.Tensor:
        return ProbeData(card).split("calibration", CALIBRATION_ITEMS).inputs

    profile = profile_of(card)
    takes: Literal["images", "text"] = "images" if card.config.kind == "vit" else "text"
    pattern = profile or pattern_for(takes)
    return CodecMaker(net, calibration, pattern, own=profile is not None, folder=folder)


def batch_of(inputs: torch.Tensor, targets: torch.Tensor | None, size: int, least: int) -> Batch:
    """Inputs in micro-batches of one size; what does not fill a last one is left out.

    Raises:
        InputError: they do not fill the least number of micro-batches.
    """
    count = len(inputs) // size
    if count < least:
        words = f"{len(inputs)} inputs do not fill {least} micro-batches of {size}"
        raise InputError("--items", "", words)
    kept = inputs[: count * size].reshape(count, size, *inputs.shape[1:])
    return Batch(kept, None if targets is None else targets[: count * size])
