"""Models of the library transformers behind the interface of a split network."""

from __future__ import annotations

from typing import Any, NamedTuple, NoReturn

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from satllm_env.nets.split_net import SplitNet


class Parts(NamedTuple):
    """Where a family keeps its blocks, its last normalisation and its head."""

    auto_class: str
    blocks: str
    norm: str
    head: str


class _Reached(Exception):  # noqa: N818  (nothing went wrong)
    """The first block was called: what came before it is done."""


class HuggingFaceNet(SplitNet):
    """A model of the library behind the interface of a split network.

    What a block is called with beside the activation (masks, positions) hangs on the activation's shape
    alone; it is caught from a run of the model on an input of that shape, so that it is right for every
    family and the split network gives what the whole one gives.

    Args:
        model: the library's model.
        parts: where its parts are.
        name: for messages.
    """

    def __init__(self, model: nn.Module, parts: Parts, name: str) -> None:
        super().__init__()
        self.model, self.name = model, name
        self._config: Any = model.config
        blocks = model.get_submodule(parts.blocks)
        assert isinstance(blocks, nn.ModuleList)
        self.blocks = blocks
        self._norm, self._head = model.get_submodule(parts.norm), model.get_submodule(parts.head)
        self._extras: tuple[torch.Size, tuple[Any, ...], dict[str, Any]] | None = None

    @property
    def width(self) -> int:
        """Features per token."""
        return int(self._config.hidden_size)

    def run_block(self, index: int, activation: Tensor) -> Tensor:
        """Run one block."""
        if self._extras is None or self._extras[0] != activation.shape[:2]:
            with torch.no_grad():
                self.embed(self._any_input(*activation.shape[:2]))
        assert self._extras is not None
        _, positional, named = self._extras
        out = self.blocks[index](activation, *positional, **named)
        result: Tensor = out[0] if isinstance(out, tuple) else out
        return result

    def _until_the_blocks(self, inputs: Tensor) -> Tensor:
        caught: list[Tensor] = []

        def catch(_: nn.Module, positional: tuple[Any, ...], named: dict[str, Any]) -> NoReturn:
            caught.append(positional[0])
            self._extras = caught[0].shape[:2], positional[1:], named
            raise _Reached

        hook = self.blocks[0].register_forward_pre_hook(catch, with_kwargs=True)
        try:
            self._run(inputs)
        except _Reached:
            return caught[0]
        finally:
            hook.remove()
        raise AssertionError("the model ran past its blocks")

    def _run(self, inputs: Tensor) -> None:
        raise NotImplementedError

    def _any_input(self, batch: int, tokens: int) -> Tensor:
        raise NotImplementedError


class HuggingFaceDecoder(HuggingFaceNet):
    """A decoder-only language model: token ids in, logits of every next token out."""

    def embed(self, inputs: Tensor) -> Tensor:
        """(B, tokens, width) from (B, tokens) int64 token ids."""
        return self._until_the_blocks(inputs)

    def head(self, activation: Tensor) -> Tensor:
        """(B, tokens, vocabulary) logits."""
        logits: Tensor = self._head(self._norm(activation))
        return logits

    def _run(self, inputs: Tensor) -> None:
        self.model(input_ids=inputs, use_cache=False)

    def _any_input(self, batch: int, tokens: int) -> Tensor:
        return torch.zeros(batch, tokens, dtype=torch.int64)


class HuggingFaceVit(HuggingFaceNet):
    """An image classifier: uint8 images in, logits out.

    Args:
        model: the library's model.
        parts: where its parts are.
        name: for messages.
        mean: (3,) that pixels of 0 to 1 are centred by.
        deviation: (3,) that they are divided by.
    """

    def __init__(self, model: nn.Module, parts: Parts, name: str, mean: Tensor, deviation: Tensor) -> None:
        super().__init__(model, parts, name)
        self._mean, self._deviation = mean.view(3, 1, 1), deviation.view(3, 1, 1)

    def pixels(self, images: Tensor) -> Tensor:
        """(B, 3, px, px) what the library's model takes, of (B, height, width, 3) uint8 images."""
        px = int(self._config.image_size)
        pixels = images.permute(0, 3, 1, 2).float() / 255
        if pixels.shape[2:] != (px, px):
            pixels = nnf.interpolate(pixels, (px, px), mode="bilinear", antialias=True)
        return (pixels - self._mean) / self._deviation

    def embed(self, inputs: Tensor) -> Tensor:
        """(B, tokens, width) from (B, height, width, 3) uint8 images, scaled to the model's size."""
        return self._until_the_blocks(self.pixels(inputs))

    def head(self, activation: Tensor) -> Tensor:
        """(B, classes) logits, of the class token."""
        logits: Tensor = self._head(self._norm(activation)[:, 0])
        return logits

    def _run(self, inputs: Tensor) -> None:
        self.model(pixel_values=inputs)

    def _any_input(self, batch: int, tokens: int) -> Tensor:
        px = int(self._config.image_size)
        return torch.zeros(batch, px, px, 3, dtype=torch.uint8)
