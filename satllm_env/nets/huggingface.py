"""Hugging Face models from a local folder, cut between their blocks.

Needs the extra `huggingface` (the library transformers), which is imported when a model is loaded. Only
safetensors weights are read, no code from the folder is run, and nothing is fetched from the network.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from satllm_env.errors import InputError
from satllm_env.models.huggingface import from_hf_config
from satllm_env.nets.huggingface_nets import HuggingFaceDecoder, HuggingFaceVit, Parts
from satllm_env.nets.split_net import SplitNet
from satllm_env.problem.schema import load_json

_ROTARY = Parts("AutoModelForCausalLM", "model.layers", "model.norm", "lm_head")
_FAMILIES = {
    "gpt2": Parts("AutoModelForCausalLM", "transformer.h", "transformer.ln_f", "lm_head"),
    "llama": _ROTARY,
    "mistral": _ROTARY,
    "qwen2": _ROTARY,
    "vit": Parts("AutoModelForImageClassification", "vit.layers", "vit.layernorm", "classifier"),
}


def load_huggingface(folder: str | Path) -> SplitNet:
    """Load a model of type gpt2, llama, mistral, qwen2 or vit, as the library's `save_pretrained` leaves it.

    A vision transformer needs its classifier. Its pixels are centred by `image_mean` and `image_std` of
    `preprocessor_config.json`, or by 0.5 where there is no such file, the library's default.

    Args:
        folder: holds config.json and the weights in safetensors.

    Returns:
        The network, in float32 and ready to compute.

    Raises:
        InputError: transformers is not installed; a file is missing or damaged; the model is of another
            type; or the weights lack a tensor or have one of another shape.
    """
    path = Path(folder)
    kind, name = _kind(path)
    if not list(path.glob("*.safetensors")):
        raise InputError(str(path), "", "holds no weights in safetensors")
    return _wrapped(path, kind, name, _load(path, _FAMILIES[kind].auto_class))


def random_huggingface(folder: str | Path, seed: int) -> SplitNet:
    """The model of a folder's config.json with weights drawn from a seed, for timing: it knows nothing.

    Raises:
        InputError: transformers is not installed, or the model is of a type that cannot be run.
    """
    path = Path(folder)
    kind, name = _kind(path)
    parts, transformers = _FAMILIES[kind], _library()
    try:
        config = transformers.AutoConfig.from_pretrained(path, local_files_only=True, trust_remote_code=False)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            model = getattr(transformers, parts.auto_class).from_config(config, dtype=torch.float32)
    except Exception as error:  # the library raises whatever its readers do
        raise InputError(str(path), "", f"cannot be built: {error}") from None
    return _wrapped(path, kind, name, model)


def _kind(path: Path) -> tuple[str, str]:
    """The type and the name of a folder's model."""
    architecture = from_hf_config(path / "config.json", path.resolve().name)
    kind = load_json(path / "config.json")["model_type"]
    if kind not in _FAMILIES:
        known = ", ".join(_FAMILIES)
        raise InputError(str(path / "config.json"), "model_type", f"{kind!r} cannot be run; can be: {known}")
    return kind, architecture.name


def _wrapped(path: Path, kind: str, name: str, model: nn.Module) -> SplitNet:
    parts = _FAMILIES[kind]
    if kind != "vit":
        return HuggingFaceDecoder(model, parts, name).eval()
    mean, deviation = _pixel_statistics(path / "preprocessor_config.json")
    return HuggingFaceVit(model, parts, name, mean, deviation).eval()


def _load(path: Path, auto_class: str) -> nn.Module:
    transformers = _library()
    load: Callable[..., Any] = getattr(transformers, auto_class).from_pretrained
    try:
        model, loading = load(
            path, local_files_only=True, use_safetensors=True, trust_remote_code=False, dtype=torch.float32,
            output_loading_info=True,
        )  # fmt: skip
    except Exception as error:  # the library raises whatever its readers do
        raise InputError(str(path), "", f"cannot be loaded: {error}") from None
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
        needed = "is not installed; it comes with the extra: pip install 'satllm[huggingface]'"
        raise InputError("transformers", "", needed) from None
    return transformers


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
