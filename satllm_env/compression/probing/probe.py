"""Runs of a network over sets of cuts; sets that begin alike share the work."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from satllm_env.compression.codec import Codec
from satllm_env.compression.divergence import kl_nat
from satllm_env.compression.probing.outcome import Array, Crossing, Cut, CutSet, Outcome
from satllm_env.errors import InputError
from satllm_env.nets.split_net import SplitNet

PAYLOAD_INPUTS = 8
"""Inputs whose activations go into one payload, as a micro-batch of a few images would."""


@dataclass(frozen=True)
class Probe:
    """A network, its codecs, and inputs whose right outputs are known.

    Args:
        net: the network.
        codecs: levels; a `Cut` names one by its place.
        inputs: as `net.embed` takes them.
        targets: (B,) classes, or (B, tokens) next tokens.
        payload_inputs: inputs whose activations go into one payload.
    """

    net: SplitNet
    codecs: Sequence[Codec]
    inputs: Tensor
    targets: Tensor
    payload_inputs: int = PAYLOAD_INPUTS

    @torch.inference_mode()
    def run(self, sets: Iterable[CutSet]) -> dict[CutSet, Outcome]:
        """Run the network over each set of cuts.

        Raises:
            InputError: a set's boundaries do not ascend, a codec knows nothing of one, or an activation is
                out of its reach.
        """
        tree = _Tree()
        for cuts in sets:
            boundaries = [cut.boundary for cut in cuts]
            if boundaries != sorted(set(boundaries)):
                raise InputError("cuts", "boundary", f"must ascend (got {boundaries})")
            tree.add(cuts)
        # room for all results first: small arrays made among large ones would keep the heap from shrinking
        room = iter(np.empty((tree.sets, 4, len(self.inputs))))
        outcomes: dict[CutSet, Outcome] = {}
        whole = self.net.head(self.net.run_blocks(self.net.embed(self.inputs)))
        self._grow(tree, (), (), 0, self.net.embed(self.inputs), whole, outcomes, room)
        return outcomes

    def _grow(
        self, tree: _Tree, cuts: CutSet, crossings: tuple[Crossing, ...], boundary: int, activation: Tensor,
        whole: Tensor, outcomes: dict[CutSet, Outcome], room: Iterator[Array],
    ) -> None:  # fmt: skip
        """Go on from the activation behind some cuts to every set that begins with them."""
        for cut, branch in sorted(tree.branches.items()):
            if cut.boundary > boundary:
                activation = self.net.run_blocks(activation, boundary, cut.boundary)
                boundary = cut.boundary
            codec = self.codecs[cut.level]
            restored, crossing = cross(codec, cut.boundary, activation, self.payload_inputs)
            before = (*crossings, crossing)
            self._grow(branch, (*cuts, cut), before, boundary, restored, whole, outcomes, room)
        if tree.is_set:
            changed = self.net.head(self.net.run_blocks(activation, boundary))
            outcomes[cuts] = self._compare(whole, changed, crossings, next(room))

    def _compare(
        self, whole: Tensor, changed: Tensor, crossings: tuple[Crossing, ...], room: Array
    ) -> Outcome:
        before, after = whole.argmax(-1), changed.argmax(-1)
        lost = (before == self.targets).double() - (after == self.targets).double()
        target = self.targets[..., None]
        surprise = (whole.log_softmax(-1) - changed.log_softmax(-1)).gather(-1, target)[..., 0]
        agrees, divergence = before == after, kl_nat(whole, changed)
        for values, row in zip((lost, agrees, divergence, surprise), room, strict=True):
            row[:] = _by_input(values)
        return Outcome(crossings, *room)


@dataclass
class _Tree:
    """Sets of cuts by their beginnings."""

    branches: dict[Cut, _Tree] = field(default_factory=dict)
    is_set: bool = False

    def add(self, cuts: CutSet) -> None:
        node = self
        for cut in cuts:
            node = node.branches.setdefault(cut, _Tree())
        node.is_set = True

    @property
    def sets(self) -> int:
        """How many there are."""
        return self.is_set + sum(branch.sets for branch in self.branches.values())


def cross(
    codec: Codec, boundary: int, activation: Tensor, payload_inputs: int = PAYLOAD_INPUTS
) -> tuple[Tensor, Crossing]:
    """Send an activation through payloads; what arrives, and what it cost.

    Args:
        codec: of the level.
        boundary: that the activation is at.
        activation: (B, tokens, width)
        payload_inputs: inputs in a payload.
    """
    restored, crossings = [], []
    for first in range(0, len(activation), payload_inputs):
        sent = np.ascontiguousarray(activation[first : first + payload_inputs].numpy())
        start = time.perf_counter()
        payload = codec.encode(sent, boundary)
        encoded = time.perf_counter()
        restored.append(torch.from_numpy(codec.decode(payload)))
        decoded = time.perf_counter()
        crossings.append(Crossing(sent.nbytes, len(payload), encoded - start, decoded - encoded))
    return torch.cat(restored), Crossing.total(crossings)


def join(parts: Sequence[Mapping[CutSet, Outcome]]) -> dict[CutSet, Outcome]:
    """Join the outcomes of the same sets on parts of the inputs."""
    return {cuts: Outcome.joined([part[cuts] for part in parts]) for cuts in parts[0]}


def _by_input(values: Tensor) -> Array:
    return np.asarray(values.double().flatten(1).mean(1) if values.ndim > 1 else values.double())
