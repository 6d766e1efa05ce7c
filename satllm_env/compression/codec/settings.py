"""What a codec is made of: the transform, sparsifier, quantiser and entropy coder of one level."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator

from satllm_env.errors import InputError
from satllm_env.problem.schema import Finite, Form, Name, Positive, first_error

TransformKind = Literal["none", "scale", "klt", "weighted-klt", "token-klt", "weighted-token-klt"]
Share = Annotated[Finite, Field(gt=0, le=1)]


class TopK(Form):
    """Keep the largest magnitudes of each payload; which ones they are is sent along."""

    kind: Literal["top_k"] = "top_k"
    keep: Share
    """[1] of the values, rounded to the nearest whole number of them."""
    per: Literal["token", "tensor"] = "token"
    """Where the largest are sought: in each token's values (each input's, where the transform is one of
    tokens) or in all of a payload's."""


class StaticMask(Form):
    """Keep what a trained mask keeps, which both ends know: it costs no byte of a payload."""

    kind: Literal["mask"] = "mask"


class FloatValues(Form):
    """Send values as floating-point numbers."""

    kind: Literal["float"] = "float"
    bits: Literal[16, 32]


class ScaledIntegers(Form):
    """Integers of few bits, scaled to the largest magnitude of each token or channel of a payload.

    Symmetric: 8 bits give -127 … 127, 4 bits give -7 … 7. Scales are sent in 16 bits each.
    """

    kind: Literal["integer"] = "integer"
    bits: Literal[4, 8]
    scales: Literal["token", "channel"] = "token"

    @property
    def largest(self) -> int:
        """The largest integer."""
        return int(2 ** (self.bits - 1) - 1)


class UniformSteps(Form):
    """A step size per component, which both ends know, with a dead zone around 0."""

    kind: Literal["uniform"] = "uniform"
    step: Positive
    """[σ] where σ is the root mean square of the boundary's transformed values in calibration."""
    threshold: Annotated[Finite, Field(ge=0.5, le=4)] = 0.5
    """[steps] a smaller magnitude becomes 0; 0.5 is plain rounding."""


Sparsifier = Annotated[TopK | StaticMask, Field(discriminator="kind")]
Quantiser = Annotated[FloatValues | ScaledIntegers | UniformSteps, Field(discriminator="kind")]


class CodecSettings(Form):
    """One compression level of activations, by the parts it is made of."""

    name: Name
    transform: TransformKind = "none"
    """`scale` divides each channel by its standard deviation; `klt` takes principal components of the
    channels, `token-klt` of the tokens too; the weighted ones take them as the output is sensitive to them.
    """
    sparsifier: Sparsifier | None = None
    quantiser: Quantiser
    coder: Literal["none", "zstandard", "range"] = "none"
    """`range` codes integers with frequencies of their own for each component, from calibration."""

    @field_validator("coder")
    @classmethod
    def _known_quantiser(cls, value: str, info: Any) -> str:
        if value == "range" and isinstance(info.data.get("quantiser"), FloatValues):
            raise ValueError("the range coder codes integers: give an integer or a uniform quantiser")
        return value


def parse_settings(table: dict[str, Any], source: str) -> CodecSettings:
    """Check plain data, as from TOML or JSON, against the form.

    Raises:
        InputError: one line naming `source` and the first field at fault.
    """
    try:
        return CodecSettings.model_validate(table)
    except ValidationError as error:
        raise first_error(error, source) from None


def klt_levels(
    steps: tuple[float, ...] = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0), transform: TransformKind = "klt"
) -> tuple[CodecSettings, ...]:
    """Levels of a KLT, the uniform quantiser and the range coder, by step [σ]: `klt-1`, `klt-1.5`…

    Raises:
        InputError: a step is no positive number, or is given twice.
    """
    if len(set(steps)) < len(steps):
        raise InputError("klt_levels", "steps", "hold a step twice")
    return tuple(
        parse_settings(
            {
                "name": f"{transform}-{step:g}",
                "transform": transform,
                "coder": "range",
                "quantiser": {"kind": "uniform", "step": step},
            },
            "klt_levels",
        )
        for step in steps
    )
