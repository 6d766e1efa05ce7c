"""Compression profiles: how small an activation gets at each level, what it costs and loses.

A profile is a TOML file of one of two kinds. `kind = "measured"` lists the levels that a codec was
measured at; `kind = "fit"` holds the parameters of a formula that the levels are computed from, and is
never a measurement. Both give the levels of the split problem.
"""

from __future__ import annotations

import tomllib
from abc import abstractmethod
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator

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
)

PROFILE_FOLDER = Path(__file__).parent / "profiles"
SOURCE_BITS = {"fp32": 32, "fp16": 16}
"""[bit] per element of the uncompressed activation that ratios refer to."""

MAX_RATIO = 1e6
Share = Annotated[Finite, Field(ge=1e-6, le=1)]

NONE = Level(name="none", ratio=1.0, loss=0.0)
"""The level that sends the activation as it is."""


class CompressionProfile(Form):
    """What both kinds of profile say; `levels` gives the split problem's levels."""

    name: Name
    kind: Literal["fit", "measured"]
    source: Name
    """Where the figures come from, for a reader."""
    source_dtype: Literal["fp32", "fp16"]
    """Number format of the uncompressed activation that ratios refer to."""
    notes: tuple[Name, ...] = ()
    """Assumptions and limits, for a reader."""

    def levels(self, cuts: int) -> tuple[Level, ...]:
        """Give the levels of a problem with `cuts` = L − 1 cut positions, `none` first.

        Every level here has one ratio and one loss, whatever the position of the cut.

        Raises:
            InputError: `cuts` is no integer of at least 0.
        """
        if isinstance(cuts, bool) or not isinstance(cuts, int) or cuts < 0:
            raise InputError(self.name, "cuts", f"must be an integer of at least 0 (got {cuts!r})")
        return (NONE, *self._compressed_levels())

    @property
    def bytes_per_element(self) -> int:
        """[bytes] of an uncompressed element; a model profile that goes with this one needs the same."""
        return SOURCE_BITS[self.source_dtype] // 8

    @abstractmethod
    def _compressed_levels(self) -> tuple[Level, ...]: ...


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
        _require_distinct([level.name for level in value])
        return value

    def _compressed_levels(self) -> tuple[Level, ...]:
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
        _require_distinct([level_name(rate) for rate in value])
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

    def _compressed_levels(self) -> tuple[Level, ...]:
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


def _require_distinct(names: list[str]) -> None:
    for name in names:
        if name == NONE.name or names.count(name) > 1:
            raise ValueError(f"level name {name!r} is taken twice ('none' is always there)")


def load_profile(name_or_path: str | Path) -> CompressionProfile:
    """Load a shipped profile by its name, or any other from its `.toml` file.

    Raises:
        InputError: no such profile, or the file breaks its form; the message names file and field.
    """
    if isinstance(name_or_path, str) and name_or_path in profile_names():
        return _load(PROFILE_FOLDER / f"{name_or_path}.toml")
    path = Path(name_or_path)
    if path.suffix != ".toml":
        known = f"unknown; known are {', '.join(profile_names())}, or give a .toml file"
        raise InputError("compression profile", str(name_or_path), known)
    return _load(path)


def profile_names() -> tuple[str, ...]:
    """Names of the shipped profiles."""
    return tuple(sorted(path.stem for path in PROFILE_FOLDER.glob("*.toml")))


def _load(path: Path) -> CompressionProfile:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(str(path), "", f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(str(path), "", "cannot be read: not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(str(path), "", f"not TOML: {error}") from None
    return parse_profile(table, str(path))


def parse_profile(table: dict[str, Any], source: str) -> CompressionProfile:
    """Check plain data (as from `tomllib`) against the form of its kind.

    Raises:
        InputError: one line naming `source` and the first field at fault.
    """
    forms: dict[Any, type[CompressionProfile]] = {"fit": FittedProfile, "measured": MeasuredProfile}
    kind = table.get("kind")
    form = forms.get(kind) if isinstance(kind, str) else None
    if form is None:
        got = "is missing" if kind is None else f"got {kind!r}"
        raise InputError(source, "kind", f"must be 'fit' or 'measured' ({got})")
    try:
        return form.model_validate(table)
    except ValidationError as error:
        raise first_error(error, source) from None
