"""Compression profiles: how small an activation gets at each level, what it costs and loses.

A profile is a file of one of three kinds. `kind = "measured-cuts"` holds what `profile_compression.py`
measured at every cut of a network; `kind = "measured"` lists levels that are the same at every cut;
`kind = "fit"` holds the parameters of a formula that the levels are computed from, and is never a
measurement. All give the levels of the split problem.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator

from satllm_env.compression.measured_cuts import MeasuredCuts
from satllm_env.compression.profile_form import SOURCE_BITS, CompressionProfile, require_distinct
from satllm_env.errors import InputError
from satllm_env.problem.schema import (
    Finite,
    Form,
    Level,
    LossPoints,
    Name,
    NonNegative,
    Positive,
    first_error,
    load_json,
)
from satllm_env.text import read_text

PROFILE_FOLDER = Path(__file__).parent / "profiles"
SUFFIXES = (".toml", ".json")
MAX_RATIO = 1e6
Share = Annotated[Finite, Field(ge=1e-6, le=1)]


class MeasuredLevel(Form):
    """One measured level, the same at every cut."""

    name: Name
    ratio: Positive
    """[1] uncompressed bytes over sent bytes, side information included."""
    loss: LossPoints
    """[percentage points] of accuracy lost per cut."""
    encode_s_per_byte: NonNegative
    """[s/byte] per uncompressed byte, on a node of codec speed 1."""
    decode_s_per_byte: NonNegative


class MeasuredProfile(CompressionProfile):
    """A profile whose levels were measured."""

    model_config = ConfigDict(populate_by_name=False)

    kind: Literal["measured"]
    measured: Annotated[tuple[MeasuredLevel, ...], Field(min_length=1, alias="levels")]

    @field_validator("measured")
    @classmethod
    def _distinct(cls, value: tuple[MeasuredLevel, ...]) -> tuple[MeasuredLevel, ...]:
        require_distinct([level.name for level in value])
        return value

    @property
    def standing(self) -> str:
        """Measured, by whoever wrote it."""
        return f"measured ({self.source})."

    def _compressed_levels(self, cuts: int) -> tuple[Level, ...]:
        return tuple(Level(**level.model_dump()) for level in self.measured)


class MaskFit(Form):
    """Levels of a keep-mask, a quantiser and an entropy coder, by formula.

    The staged figures of Zhang et al. 2026, arXiv 2604.04654 (3.96, 11.56, 25.82 times smaller) fit
    `ratio = source bits · g / (ρ·b + mask bits)` for a keep-rate ρ, b bits per kept value and an
    entropy gain g.
    """

    keep_rates: Annotated[tuple[Share, ...], Field(min_length=1)]
    """[1] ρ of each level, in the order of the levels."""
    value_bits: Annotated[Finite, Field(gt=0, le=64)]
    """[bit] b, per kept element."""
    mask_bits: Annotated[Finite, Field(ge=0, le=64)]
    """[bit] per element, kept or not."""
    entropy_gain: Positive
    """[1] g, what the entropy coder divides the bits by."""
    anchor_keep_rate: Share
    """[1] the keep-rate at which the loss is known."""
    anchor_loss: Annotated[Finite, Field(ge=0, le=100)]
    """[percentage points] per cut at `anchor_keep_rate`."""
    loss_exponent: Annotated[Finite, Field(ge=0, le=10)]
    """[1] the loss is `anchor_loss · (ρ / anchor_keep_rate) ** -loss_exponent`."""
    encode_s_per_byte: NonNegative
    decode_s_per_byte: NonNegative

    @field_validator("keep_rates")
    @classmethod
    def _distinct(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        require_distinct([level_name(rate) for rate in value])
        return value

    @model_validator(mode="after")
    def _in_range(self) -> Self:
        for rate in self.keep_rates:
            if self.loss(rate) > 100:
                raise ValueError(f"keep-rate {rate:g} would lose more than 100 points")
            if not 0 < self.ratio(rate, max(SOURCE_BITS.values())) <= MAX_RATIO:
                raise ValueError(f"keep-rate {rate:g} would give a ratio above {MAX_RATIO:g}")
        return self

    def ratio(self, keep_rate: float, source_bits: int) -> float:
        """[1] uncompressed over sent bits at a keep-rate."""
        return source_bits * self.entropy_gain / (keep_rate * self.value_bits + self.mask_bits)

    def loss(self, keep_rate: float) -> float:
        """[percentage points] of accuracy lost per cut at a keep-rate."""
        return float(self.anchor_loss * (keep_rate / self.anchor_keep_rate) ** -self.loss_exponent)


class FittedProfile(CompressionProfile):
    """A profile whose levels follow from a formula."""

    kind: Literal["fit"]
    fit: MaskFit

    @property
    def standing(self) -> str:
        """A fit."""
        return "a fit to published figures, not a measurement."

    def _compressed_levels(self, cuts: int) -> tuple[Level, ...]:
        return tuple(self._level(rate) for rate in self.fit.keep_rates)

    def _level(self, keep_rate: float) -> Level:
        return Level(
            name=level_name(keep_rate),
            ratio=self.fit.ratio(keep_rate, SOURCE_BITS[self.source_dtype]),
            loss=self.fit.loss(keep_rate),
            encode_s_per_byte=self.fit.encode_s_per_byte,
            decode_s_per_byte=self.fit.decode_s_per_byte,
        )


def level_name(keep_rate: float) -> str:
    """Name of a mask's level: `mask-22` keeps about 22 % of the elements."""
    return f"mask-{100 * keep_rate:.0f}"


def load_profile(name_or_path: str | Path) -> CompressionProfile:
    """Load a shipped profile by its name, or any other from its `.toml` or `.json` file.

    Raises:
        InputError: no such profile, or the file breaks its form; the message names file and field.
    """
    if isinstance(name_or_path, str) and name_or_path in profile_names():
        return _load(next(path for path in _shipped() if path.stem == name_or_path))
    path = Path(name_or_path)
    if path.suffix not in SUFFIXES:
        known = f"unknown; known are {', '.join(profile_names())}, or give a {' or '.join(SUFFIXES)} file"
        raise InputError("compression profile", str(name_or_path), known)
    return _load(path)


def profile_names() -> tuple[str, ...]:
    """Names of the shipped profiles."""
    return tuple(sorted(path.stem for path in _shipped()))


def _shipped() -> list[Path]:
    return [path for path in PROFILE_FOLDER.iterdir() if path.suffix in SUFFIXES]


def _load(path: Path) -> CompressionProfile:
    if path.suffix == ".json":
        table = load_json(path)
        if not isinstance(table, dict):
            raise InputError(str(path), "", "must be a JSON object")
        return parse_profile(table, str(path))
    try:
        return parse_profile(tomllib.loads(read_text(path)), str(path))
    except tomllib.TOMLDecodeError as error:
        raise InputError(str(path), "", f"not TOML: {error}") from None


def parse_profile(table: dict[str, Any], source: str) -> CompressionProfile:
    """Check plain data (as from `tomllib`) against the form of its kind.

    Raises:
        InputError: one line naming `source` and the first field at fault.
    """
    forms: dict[Any, type[CompressionProfile]] = {
        "fit": FittedProfile,
        "measured": MeasuredProfile,
        "measured-cuts": MeasuredCuts,
    }
    kind = table.get("kind")
    form = forms.get(kind) if isinstance(kind, str) else None
    if form is None:
        got = "is missing" if kind is None else f"got {kind!r}"
        raise InputError(source, "kind", f"must be one of {', '.join(map(repr, forms))} ({got})")
    try:
        return form.model_validate(table)
    except ValidationError as error:
        raise first_error(error, source) from None
