"""Hugging Face models from a local folder, cut between their blocks.

Needs the extra `huggingface` (the library transformers), which is imported when a model is loaded. Only
safetensors weights are read, no code from the folder is run, and nothing is fetched from the network.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from satllm_env.errors import InputError
from satllm_env.nets.huggingface_nets import (
    CannotSplitError,
    HuggingFaceDecoder,
    HuggingFaceNet,
    HuggingFaceVit,
)
from satllm_env.optional import advice
from satllm_env.problem.schema import load_json

IMAGES, TEXT = "AutoModelForImageClassification", "AutoModelForCausalLM"
"""The library's classes of what can be run: image classifiers and decoders."""


def load_huggingface(folder: str | Path) -> HuggingFaceNet:
    """Load a decoder, or a vision transformer with its classifier, from where `save_pretrained` put it.

    Any family does whose model is an embedding, one list of blocks that hand on one tensor, and a head. A
    vision transformer's pixels are centred by `image_mean` and `image_std` of `preprocessor_config.json`, or
    by 0.5 where there is no such file, the library's default.

    Args:
        folder: holds config.json and the weights in safetensors.

    Returns:
        The network, in float32 and ready to compute.

    Raises:
        InputError: transformers is not installed; a file is missing or damaged; the model is of a type
            that cannot be run or split; or the weights lack a tensor or have one of another shape.
    """
    path = Path(folder)
    config, auto_class = _config(path)
    if not list(path.glob("*.safetensors")):
        raise InputError(str(path), "", "holds no weights in safetensors")
    return _wrapped(path, config, auto_class, _load(path, auto_class))


def random_huggingface(folder: str | Path, seed: int) -> HuggingFaceNet:
    """The model of a folder's config.json with weights drawn from a seed, for timing: it knows nothing.

    Raises:
        InputError: transformers is not installed, or the model is of a type that cannot be run or split.
    """
    path = Path(folder)
    config, auto_class = _config(path)
    try:
        with torch.random.fork_rng(), _quiet() as transformers:
            torch.manual_seed(seed)
            model = getattr(transformers, auto_class).from_config(config, dtype=torch.float32)
    except Exception as error:  # the library raises whatever its readers do
        raise _cannot(path, "built", error) from None
    return _wrapped(path, config, auto_class, model)


def _config(path: Path) -> tuple[Any, str]:
    """The library's configuration of a folder, and the class that its model is loaded with."""
    file = path / "config.json"
    table = load_json(file)
    transformers = _library()
    kind = table.get("model_type") if isinstance(table, dict) else None
    if not isinstance(kind, str):
        raise InputError(str(file), "model_type", "is missing")
    auto = transformers.models.auto.modeling_auto
    if kind in auto.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES:
        auto_class = IMAGES
    elif kind in auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        auto_class = TEXT
    else:
        words = (
            f"{kind!r} cannot be run: it is no image classifier and no decoder of the library transformers"
        )
        raise InputError(str(file), "model_type", words)
    try:
        with _quiet():
            config = transformers.AutoConfig.from_pretrained(
                path, local_files_only=True, trust_remote_code=False
            )
    except Exception as error:  # the library raises whatever its readers do
        raise _cannot(file, "read", error) from None
    return config, auto_class


def _wrapped(path: Path, config: Any, auto_class: str, model: nn.Module) -> HuggingFaceNet:
    name = path.resolve().name
    model.requires_grad_(False).eval()
    try:
        if auto_class == TEXT:
            return HuggingFaceDecoder(model, name).eval()
        mean, deviation = _pixel_statistics(path / "preprocessor_config.json")
        return HuggingFaceVit(model, name, mean, deviation).eval()
    except CannotSplitError as error:
        words = " ".join(f"{config.model_type!r} cannot be split: {error}".split())
        raise InputError(str(path / "config.json"), "model_type", words) from None


def _cannot(path: Path, done: str, error: Exception) -> InputError:
    return InputError(str(path), "", " ".join(f"cannot be {done}: {error}".split()))


def _load(path: Path, auto_class: str) -> nn.Module:
    try:
        with _quiet() as transformers:
            model, loading = getattr(transformers, auto_class).from_pretrained(
                path, local_files_only=True, use_safetensors=True, trust_remote_code=False,
                dtype=torch.float32, output_loading_info=True,
            )  # fmt: skip
    except Exception as error:  # the library raises whatever its readers do
        raise _cannot(path, "loaded", error) from None
    for fault in ("missing_keys", "mismatched_keys"):
        if loading[fault]:
            tensor = min(map(str, loading[fault]))
            raise InputError(
                str(path), "", f"the weights have {fault.removesuffix('_keys')} tensors: {tensor}"
            )
    assert isinstance(model, nn.Module)
    return model


def _library() -> Any:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        import transformers
    except ImportError:
        raise InputError("model", "", advice("transformers")) from None
    return transformers


@contextmanager
def _quiet() -> Iterator[Any]:
    """The library without its notes and progress bars: what matters is said by an error."""
    transformers = _library()
    log = transformers.utils.logging
    verbosity, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity(log.CRITICAL)
    log.disable_progress_bar()
    try:
        yield transformers
    finally:
        log.set_verbosity(verbosity)
        if bars:
            log.enable_progress_bar()


def _pixel_statistics(path: Path) -> tuple[Tensor, Tensor]:
    if not path.exists():
        return torch.full((3,), 0.5), torch.full((3,), 0.5)
    table = load_json(path)
    return _three(table, "image_mean", path), _three(table, "image_std", path)


def _three(table: Any, key: str, path: Path) -> Tensor:
    values: Any = table.get(key) if isinstance(table, dict) else None
    numbers = isinstance(values, list) and all(isinstance(value, int | float) for value in values)
    if not numbers or len(values) != 3:
        raise InputError(str(path), key, f"must be three numbers (got {values!r})")
    return torch.tensor(values, dtype=torch.float32)
