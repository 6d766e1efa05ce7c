"""Models of the library transformers behind the interface of a split network."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, NoReturn

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from satllm_env.nets.split_net import SplitNet

TOLERANCE = 1e-5
"""[1] that the split network's logits may differ from the whole one's, also relative to them."""
PROBE_INPUTS, PROBE_TOKENS = 2, 8
TEXT_TOKENS = 64
"""Of random texts, where the model takes as many."""


class CannotSplitError(ValueError):
    """A model has not the usual layout; the message says what it lacks."""


class _Reached(Exception):  # noqa: N818  (nothing went wrong)
    """All that is wanted of a run of the model is done."""


class _Extras(NamedTuple):
    """What a block is called with beside the activation."""

    positional: tuple[Any, ...]
    named: dict[str, Any]


_Serve = Callable[[int, Tensor, _Extras], Tensor]
"""What is done in the place of a block: its index, the activation and what else it is called with."""


class _StandIn(nn.Module):
    """A block's place in the library's model: computes nothing, does what it is told to.

    Args:
        index: of the block.
        block: the block; its plain settings, which the model may ask for, are kept.
        owner: holds what is to be done.
        outputs: how many values the block returns; 0 is a bare tensor.
    """

    def __init__(self, index: int, block: nn.Module, owner: _Shell, outputs: int) -> None:
        super().__init__()
        plain = {
            name: value
            for name, value in vars(block).items()
            if isinstance(value, bool | int | float | str) and not name.startswith("_") and name != "training"
        }
        self.__dict__.update(plain)
        self._index, self._owner, self._outputs = index, owner, outputs

    def forward(self, *positional: Any, **named: Any) -> Any:
        """Hand on what the owner says."""
        out = self._owner.serve(self._index, *_apart(positional, named))
        return (out, *[None] * (self._outputs - 1)) if self._outputs else out


class _Shell:
    """The library's model without its blocks: what comes before them, and what comes behind.

    Args:
        model: the library's model, whose blocks are replaced by stand-ins.
        path: of its list of blocks.
        outputs: how many values each block returns; 0 is a bare tensor.
    """

    def __init__(self, model: nn.Module, path: str, outputs: list[int]) -> None:
        self._serve: _Serve | None = None
        parent, _, name = path.rpartition(".")
        blocks: Any = model.get_submodule(path)
        stand_ins = [_StandIn(n, block, self, outputs[n]) for n, block in enumerate(blocks)]
        setattr(model.get_submodule(parent), name, nn.ModuleList(stand_ins))

    def serve(self, index: int, activation: Tensor, extras: _Extras) -> Tensor:
        """What the block of a stand-in would give."""
        assert self._serve is not None, "the model is run through its parts alone"
        return self._serve(index, activation, extras)

    @contextmanager
    def serving(self, serve: _Serve) -> Iterator[None]:
        """Have stand-ins do something; a run that has reached what it was for ends."""
        self._serve = serve
        try:
            yield
        except _Reached:
            pass
        finally:
            self._serve = None


class HuggingFaceNet(SplitNet):
    """A model of the library behind the interface of a split network.

    The model's list of blocks is taken out of it, and stand-ins put there. So what the model does before
    and behind its blocks is its own code, for every family. What a block is called with beside the
    activation (masks, positions) is taken to hang on the activation's shape alone; it is caught from a run of
    the model on some input of that shape. Whether the split network gives what the whole one does is tried
    when it is made.

    Args:
        model: the library's model.
        name: for messages.

    Raises:
        CannotSplitError: the model has not one list of blocks that hand on one tensor of one shape, or gives
            other outputs when it is split.
    """

    def __init__(self, model: nn.Module, name: str) -> None:
        super().__init__()
        self.model, self.name = model, name
        self._config: Any = model.config
        self._extras: tuple[torch.Size, list[_Extras]] | None = None
        path = _path_of_blocks(model)
        blocks = model.get_submodule(path)
        assert isinstance(blocks, nn.ModuleList)
        probe = self.random_inputs(PROBE_INPUTS, 0, PROBE_TOKENS)
        whole, outputs, self._width = _tried(blocks, lambda: self._run(probe))
        self._shell = _Shell(model, path, outputs)
        self.blocks = blocks
        self._compare(probe, whole)

    @property
    def width(self) -> int:
        """Features per token."""
        return self._width

    @abstractmethod
    def random_inputs(self, count: int, seed: int, tokens: int | None = None) -> Tensor:
        """Inputs of random values, for timing: (count, px, px, 3) uint8 or (count, tokens) int64.

        Args:
            count: of inputs.
            seed: of the draws.
            tokens: of texts; None is 64, or as many as the model takes.
        """

    @abstractmethod
    def _run(self, inputs: Tensor) -> Tensor:
        """The library's logits."""

    @abstractmethod
    def _any_input(self, batch: int, tokens: int) -> Tensor:
        """An input whose activations have that shape."""

    def embed(self, inputs: Tensor) -> Tensor:
        """(B, tokens, width) activation at boundary 0."""
        caught: list[Tensor] = []

        def catch(_: int, activation: Tensor, extras: _Extras) -> NoReturn:
            caught.append(activation)
            raise _Reached

        with self._shell.serving(catch):
            self._run(inputs)
        return caught[0]

    def run_block(self, index: int, activation: Tensor) -> Tensor:
        """Run one block."""
        if self._extras is None or self._extras[0] != activation.shape[:2]:
            self._extras = activation.shape[:2], self._extras_for(*activation.shape[:2])
        extras = self._extras[1][index]
        out = self.blocks[index](activation, *extras.positional, **extras.named)
        result: Tensor = out[0] if isinstance(out, tuple) else out
        return result

    def head(self, activation: Tensor) -> Tensor:
        """(B, classes) or (B, tokens, vocabulary) logits."""
        with self._shell.serving(lambda *_: activation):
            return self._run(self._any_input(*activation.shape[:2]))
        raise AssertionError("the model ended before its head")

    @torch.inference_mode(False)
    @torch.no_grad()
    def _extras_for(self, batch: int, tokens: int) -> list[_Extras]:
        """What every block is called with, for activations of a shape."""
        caught: list[_Extras] = []

        def catch(index: int, activation: Tensor, extras: _Extras) -> Tensor:
            caught.append(extras)
            if index == len(self.blocks) - 1:
                raise _Reached
            return activation

        with self._shell.serving(catch):
            self._run(self._any_input(batch, tokens))
        return caught

    @torch.inference_mode()
    def _compare(self, inputs: Tensor, whole: Tensor) -> None:
        """Try the split network on an input that its blocks' extras do not come from."""
        split = self(inputs)
        if split.shape != whole.shape or not torch.allclose(split, whole, rtol=TOLERANCE, atol=TOLERANCE):
            raise CannotSplitError("cut between its blocks it gives other outputs than whole")


class HuggingFaceDecoder(HuggingFaceNet):
    """A decoder-only language model: (B, tokens) int64 token ids in, logits of every next token out."""

    def random_inputs(self, count: int, seed: int, tokens: int | None = None) -> Tensor:
        """(count, tokens) int64 token ids; see `HuggingFaceNet`."""
        config = self._config.get_text_config()
        most = getattr(config, "max_position_embeddings", None) or TEXT_TOKENS
        shape = count, min(tokens or TEXT_TOKENS, int(most))
        return torch.from_numpy(np.random.default_rng(seed).integers(0, int(config.vocab_size), shape))

    def _run(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.model(input_ids=inputs, use_cache=False).logits
        return logits

    def _any_input(self, batch: int, tokens: int) -> Tensor:
        return torch.zeros(batch, tokens, dtype=torch.int64)


class HuggingFaceVit(HuggingFaceNet):
    """An image classifier: (B, height, width, 3) uint8 images in, scaled to the model's size; logits out.

    Args:
        model: the library's model.
        name: for messages.
        mean: (3,) that pixels of 0 to 1 are centred by.
        deviation: (3,) that they are divided by.
    """

    def __init__(self, model: nn.Module, name: str, mean: Tensor, deviation: Tensor) -> None:
        self._mean, self._deviation = mean.view(3, 1, 1), deviation.view(3, 1, 1)
        super().__init__(model, name)  # which runs the model already

    @property
    def _size_px(self) -> tuple[int, int]:
        """Height and width."""
        match getattr(self._config, "image_size", None):
            case int(size):
                return size, size
            case [int(height), int(width)]:
                return height, width
        raise CannotSplitError("its configuration says no image_size")

    def pixels(self, images: Tensor) -> Tensor:
        """(B, 3, height, width) what the library's model takes, of (B, height, width, 3) uint8 images."""
        pixels = images.permute(0, 3, 1, 2).float() / 255
        if pixels.shape[2:] != self._size_px:
            pixels = nnf.interpolate(pixels, self._size_px, mode="bilinear", antialias=True)
        return (pixels - self._mean) / self._deviation

    def random_inputs(self, count: int, seed: int, tokens: int | None = None) -> Tensor:
        """(count, height, width, 3) uint8 images; see `HuggingFaceNet`."""
        shape = count, *self._size_px, 3
        return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8))

    def _run(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.model(pixel_values=self.pixels(inputs)).logits
        return logits

    def _any_input(self, batch: int, tokens: int) -> Tensor:
        return torch.zeros(batch, *self._size_px, 3, dtype=torch.uint8)


def _path_of_blocks(model: nn.Module) -> str:
    """Where a model keeps its blocks: the one list of as many modules as its configuration says.

    Raises:
        CannotSplitError: there is no such list, or there are several.
    """
    config: Any = model.config
    count = getattr(config.get_text_config(), "num_hidden_layers", None)
    if not isinstance(count, int):
        raise CannotSplitError("its configuration says no num_hidden_layers")
    lists: list[str] = [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.ModuleList) and len(module) == count
    ]
    outermost = [name for name in lists if not any(name.startswith(f"{other}.") for other in lists)]
    if len(outermost) != 1:
        found = ", ".join(outermost) or "none"
        raise CannotSplitError(f"it has not one list of {count} blocks (found {found})")
    return outermost[0]


@torch.inference_mode()
def _tried(blocks: nn.ModuleList, run: Callable[[], Tensor]) -> tuple[Tensor, list[int], int]:
    """Logits of the whole model; how many values each block returns; the activations' width.

    Raises:
        CannotSplitError: the model does not run, or its blocks do not pass one tensor of one shape on.
    """
    shapes: list[torch.Size] = []
    outputs: list[int] = []

    def watch(_: nn.Module, positional: tuple[Any, ...], named: dict[str, Any], out: Any) -> None:
        activation = out[0] if isinstance(out, tuple) else out
        shapes.extend([_apart(positional, named)[0].shape, activation.shape])
        outputs.append(len(out) if isinstance(out, tuple) else 0)

    hooks = [block.register_forward_hook(watch, with_kwargs=True) for block in blocks]
    try:
        logits = run()
    except Exception as error:  # the library raises whatever its models do
        raise CannotSplitError(f"it does not run on inputs of its own alone: {error}") from None
    finally:
        for hook in hooks:
            hook.remove()
    if len(outputs) != len(blocks) or len(set(shapes)) != 1 or len(shapes[0]) != 3:
        raise CannotSplitError(
            "its blocks do not hand on one (inputs, tokens, width) tensor, one to the next"
        )
    return logits, outputs, int(shapes[0][2])


def _apart(positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Tensor, _Extras]:
    """A block's activation, and what else it is called with."""
    if positional:
        return positional[0], _Extras(positional[1:], named)
    rest = dict(named)
    return rest.pop("hidden_states"), _Extras((), rest)
