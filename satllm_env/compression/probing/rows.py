"""What `profile_compression.py` writes of every set of cuts, beside the profile itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from satllm_env.compression.codec import Codec
from satllm_env.compression.measured_cuts import CutFigures, CutLevel
from satllm_env.compression.probing.outcome import Crossing, Cut, CutSet, Outcome
from satllm_env.errors import InputError
from satllm_env.problem.schema import Count, Finite, Form, Name, first_error, load_json


class SetRow(Form):
    """One set of cuts, measured."""

    cuts: tuple[tuple[Count, Name], ...]
    """Boundary and level of each."""
    ratio: Finite
    """[1] over all cuts together."""
    kl_nat: Finite
    kl_half_width: Finite
    loss: Finite
    """[percentage points]"""
    loss_half_width: Finite
    agreement_pct: Finite
    perplexity_factor: Finite
    cut_kl_nat: tuple[Finite, ...] = ()
    """[nat] divergence of each cut alone, where it was measured."""
    bound: Finite | None = None
    """[percentage points] that the loss rule says."""

    @property
    def summed_kl_nat(self) -> float:
        """[nat] what the single cuts' divergences add up to."""
        return sum(self.cut_kl_nat)


class MethodRow(SetRow):
    """One method at some cuts, for tables and the figure."""

    method: Name
    setting: Name
    """What varies within the method, or which part of a chain this is."""
    encode_s_per_byte: Finite
    decode_s_per_byte: Finite


Row = TypeVar("Row", bound=SetRow)


def load_rows(path: Path, form: type[Row]) -> list[Row]:
    """Read the rows that `profile_compression.py` wrote of a part.

    Args:
        path: of the part's file.
        form: `SetRow` or `MethodRow`.

    Raises:
        InputError: the file is missing, has no rows, or one breaks the form.
    """
    try:
        return [form.model_validate(row) for row in load_json(path)["rows"]]
    except (KeyError, TypeError):
        raise InputError(str(path), "rows", "are missing") from None
    except ValidationError as error:
        raise first_error(error, str(path)) from None


def set_row(
    cuts: CutSet,
    outcome: Outcome,
    names: Sequence[str],
    divergences: Mapping[Cut, float],
    bound: float | None = None,
) -> SetRow:
    """The row of a set.

    Args:
        cuts: of the set.
        outcome: of the set.
        names: of the levels.
        divergences: [nat] of single cuts.
        bound: [percentage points] that the loss rule says, where there is one.
    """
    alone = [rounded(divergences[cut]) for cut in cuts]
    return SetRow(**_figures(cuts, outcome, names), cut_kl_nat=alone, bound=bound)


def method_row(method: str, setting: str, cuts: CutSet, outcome: Outcome, name: str) -> MethodRow:
    """The row of a method whose cuts have one level."""
    total = Crossing.total(outcome.crossings)
    return MethodRow(
        method=method,
        setting=setting,
        encode_s_per_byte=total.encode_s / total.raw_bytes,
        decode_s_per_byte=total.decode_s / total.raw_bytes,
        **_figures(cuts, outcome, {cut.level: name for cut in cuts}),
    )


def cut_level(
    codec: Codec, level: int, boundaries: Sequence[int], outcomes: dict[CutSet, Outcome]
) -> CutLevel:
    """A level of the profile, from its outcomes at single cuts."""
    single = {boundary: outcomes[(Cut(boundary, level),)] for boundary in boundaries}
    total = Crossing.total([outcome.crossings[0] for outcome in single.values()])
    return CutLevel(
        name=codec.settings.name,
        settings=codec.settings.model_dump(mode="json"),
        encode_s_per_byte=rounded(total.encode_s / total.raw_bytes),
        decode_s_per_byte=rounded(total.decode_s / total.raw_bytes),
        cuts=tuple(_cut_figures(boundary, outcome) for boundary, outcome in single.items()),
    )


def _cut_figures(boundary: int, outcome: Outcome) -> CutFigures:
    return CutFigures(
        boundary=boundary,
        ratio=rounded(outcome.ratio),
        kl_nat=max(0.0, rounded(outcome.divergence_nat.mean)),
        loss=rounded(outcome.loss.mean),
        loss_half_width=rounded(outcome.loss.half_width),
        agreement_pct=rounded(outcome.agreement_pct.mean),
    )


def _figures(cuts: CutSet, outcome: Outcome, names: Sequence[str] | dict[int, str]) -> dict[str, object]:
    return {
        "cuts": [(cut.boundary, names[cut.level]) for cut in cuts],
        "ratio": rounded(outcome.ratio),
        "kl_nat": rounded(outcome.divergence_nat.mean),
        "kl_half_width": rounded(outcome.divergence_nat.half_width),
        "loss": rounded(outcome.loss.mean),
        "loss_half_width": rounded(outcome.loss.half_width),
        "agreement_pct": rounded(outcome.agreement_pct.mean),
        "perplexity_factor": rounded(outcome.perplexity_factor),
    }


def rounded(value: float) -> float:
    """Five digits: more than the figures mean, and files stay small."""
    return float(f"{value:.5g}")
