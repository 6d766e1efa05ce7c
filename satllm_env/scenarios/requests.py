"""What a request asks for: its model per micro-batch, its budget and its load."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from satllm_env.compression.profile import load_profile
from satllm_env.compression.profile_form import CompressionProfile
from satllm_env.errors import InputError
from satllm_env.hardware.boards import Precision
from satllm_env.models.decoder import Decoder
from satllm_env.models.huggingface import from_hf_config
from satllm_env.models.images import resolution_px
from satllm_env.models.profile import profile
from satllm_env.models.registry import PAPER_FOOTPRINT_BYTES, Architecture, architecture
from satllm_env.problem.schema import Level, Model
from satllm_env.scenarios.form import Compression, RequestModel, Requests, draw


@dataclass(frozen=True)
class Request:
    """One request, nowhere yet."""

    model: Model
    precision: Precision
    micro_batches: int
    accuracy_budget: float
    compression: tuple[Level, ...]
    """Levels for the model's cuts."""


class RequestSampler:
    """Draws requests.

    Args:
        form: the scenario's ``requests``.
        compression: the scenario's profiles, by kind of model; only those that its models need are loaded.
        source: the scenario's file, to name in errors.

    Raises:
        InputError: an unknown model, resolution or profile, or keys that do not fit the kind of model.
    """

    def __init__(self, form: Requests, compression: Compression, source: str) -> None:
        self._form = form
        self._architectures = [
            _checked(entry, f"requests.models[{i}]", source) for i, entry in enumerate(form.models)
        ]
        self.profiles = [_profile_of(network, compression, source) for network in self._architectures]
        """Of each model that may be asked for."""
        self._levels = [
            found.levels(network.layers - 1)
            for found, network in zip(self.profiles, self._architectures, strict=True)
        ]
        weights = np.array([entry.weight for entry in form.models])
        self._cumulative = np.cumsum(weights / weights.sum())
        for batch in _as_tuple(form.batch):
            if not self._divisors(batch):
                raise InputError(source, "requests.micro_batches", f"none divides a batch of {batch}")

    def sample(self, rng: np.random.Generator) -> Request:
        """Draw a request."""
        last = len(self._cumulative) - 1
        chosen = min(int(np.searchsorted(self._cumulative, rng.random(), side="right")), last)
        batch = int(draw(rng, self._form.batch))
        micro_batches = int(draw(rng, self._divisors(batch)))
        return Request(
            model=self._profile(rng, chosen, batch // micro_batches),
            precision=self._form.models[chosen].precision,
            micro_batches=micro_batches,
            accuracy_budget=draw(rng, self._form.accuracy_budget),
            compression=self._levels[chosen],
        )

    def _divisors(self, batch: int) -> tuple[int, ...]:
        return tuple(m for m in _as_tuple(self._form.micro_batches) if batch % m == 0)

    def _profile(self, rng: np.random.Generator, chosen: int, items: int) -> Model:
        entry, network = self._form.models[chosen], self._architectures[chosen]
        resolution = None
        if entry.resolutions is not None:
            resolution = resolution_px(entry.resolutions[int(rng.integers(len(entry.resolutions)))])
        tokens = None if entry.prompt_tokens is None else int(draw(rng, entry.prompt_tokens))
        return profile(
            network,
            items_per_micro_batch=items,
            weight_precision=entry.precision,
            activation_bytes_per_element=self.profiles[chosen].bytes_per_element,
            input_px=resolution,
            prompt_tokens=tokens,
            footprint_bytes=PAPER_FOOTPRINT_BYTES[entry.name] if entry.footprint == "paper" else None,
        )


def _checked(entry: RequestModel, field: str, source: str) -> Architecture:
    """The architecture of a request's model, its other keys checked against it."""
    try:
        network = from_hf_config(entry.name) if entry.name.endswith(".json") else architecture(entry.name)
    except InputError as error:
        raise InputError(source, f"{field}.name", str(error)) from None
    for index, resolution in enumerate(entry.resolutions or ()):
        try:
            resolution_px(resolution)
        except InputError as error:
            raise InputError(source, f"{field}.resolutions[{index}]", str(error)) from None
    is_decoder = isinstance(network, Decoder)
    if is_decoder != (entry.prompt_tokens is not None):
        needed = "is needed for a decoder" if is_decoder else "has no meaning for a vision model"
        raise InputError(source, f"{field}.prompt_tokens", needed)
    if is_decoder and entry.resolutions is not None:
        raise InputError(source, f"{field}.resolutions", "has no meaning for a decoder")
    if entry.footprint == "paper" and entry.name not in PAPER_FOOTPRINT_BYTES:
        known = ", ".join(PAPER_FOOTPRINT_BYTES)
        raise InputError(source, f"{field}.footprint", f"the paper states none for it, only for {known}")
    return network


def _profile_of(network: Architecture, compression: Compression, source: str) -> CompressionProfile:
    """The compression profile that an architecture's activations have."""
    field = "decoder_profile" if isinstance(network, Decoder) else "profile"
    try:
        return load_profile(getattr(compression, field))
    except InputError as error:
        raise InputError(source, f"compression.{field}", str(error)) from None


def _as_tuple(value: int | tuple[int, ...]) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,)
