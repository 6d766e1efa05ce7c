"""Compression profiles: the fit to the paper, and files of both kinds."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.compression.profile import (
    FittedProfile,
    MaskFit,
    MeasuredProfile,
    load_profile,
    parse_profile,
    profile_names,
)
from satllm_env.errors import InputError
from satllm_env.problem.schema import parse_problem

FIT: dict[str, Any] = {
    "keep_rates": [0.5, 0.2], "value_bits": 8, "mask_bits": 1, "entropy_gain": 2, "anchor_keep_rate": 0.2,
    "anchor_loss": 0.1, "loss_exponent": 2, "encode_s_per_byte": 1e-9, "decode_s_per_byte": 0,
}  # fmt: skip
FITTED: dict[str, Any] = {
    "name": "mine", "kind": "fit", "source": "me", "source_dtype": "fp16", "notes": ["a guess"], "fit": FIT,
}  # fmt: skip
ROW: dict[str, Any] = {
    "name": "a", "ratio": 10, "loss": 0.1, "encode_s_per_byte": 1e-9, "decode_s_per_byte": 2e-9,
}  # fmt: skip
MEASURED: dict[str, Any] = {
    "name": "mine", "kind": "measured", "source": "a bench", "source_dtype": "fp32",
    "levels": [ROW, ROW | {"name": "b", "ratio": 20.5}],
}  # fmt: skip


def paper() -> FittedProfile:
    """Load the shipped fit."""
    loaded = load_profile("paper-fit")
    assert isinstance(loaded, FittedProfile)
    return loaded


def test_paper_chain() -> None:
    """The formula gives the stages that the paper reports: mask, then 8 bits, then entropy coding."""
    fit = paper().fit
    stages = ((32, 1, 3.96), (fit.value_bits, 1, 11.56), (fit.value_bits, fit.entropy_gain, 25.82))
    for bits, gain, reported in stages:
        stage = fit.model_copy(update={"value_bits": bits, "entropy_gain": gain})
        assert stage.ratio(0.2213, 32) == pytest.approx(reported, rel=1e-3)


def test_paper_loss() -> None:
    """Four cuts at the paper's keep-rate lose the 0.70 points that it reports for its chain."""
    level = next(level for level in paper().levels(47) if level.name == "mask-22")
    assert isinstance(level.loss, float)
    assert 4 * level.loss == pytest.approx(96.67 - 95.97, abs=1e-9)


def test_paper_levels() -> None:
    """Six levels, each smaller and lossier than the one before, fit a problem as they are."""
    levels = paper().levels(3)
    assert [level.name for level in levels] == ["none", "mask-50", "mask-35", "mask-22", "mask-15", "mask-12"]
    ratios, losses = [level.ratio for level in levels], [level.loss for level in levels]
    assert ratios == sorted(set(ratios))
    assert losses == sorted(set(losses))
    assert levels[-1].ratio == pytest.approx(32 * 2.234 / 1.96)
    assert levels[-1].loss == pytest.approx(0.175 * (0.2213 / 0.12) ** 2.5)
    assert {(level.encode_s_per_byte, level.decode_s_per_byte) for level in levels[1:]} == {(1e-9, 5e-10)}
    layer = {"name": "x", "flops": 1, "weight_bytes": 1, "activation_bytes": 1}
    problem = {
        "format": "satllm-split-problem/1",
        "model": {"name": "m", "input_bytes": 1, "result_bytes": 1, "layers": [layer] * 4},
        "nodes": [{"id": "s", "kind": "satellite"}, {"id": "g", "kind": "ground"}],
        "links": [], "source": "s", "destination": "g", "accuracy_budget": 1, "micro_batches": 1,
        "compression": [level.model_dump() for level in levels],
    }  # fmt: skip
    assert parse_problem(problem).compression == levels


def test_page_shows_the_levels() -> None:
    """The table of levels in docs/models.md is the profile's."""
    page = (Path(__file__).parents[3] / "docs" / "models.md").read_text(encoding="utf-8").splitlines()
    profile = paper()
    for rate, level in zip(profile.fit.keep_rates, profile.levels(1)[1:], strict=True):
        shown = f"{rate:.2f}" if rate != 0.2213 else "0.2213"
        assert f"| {level.name} | {shown} | {level.ratio:.2f} | {level.loss:.3f} |" in page


def test_paper_fit_says_what_it_is() -> None:
    """The shipped profile names its source and calls what is assumed assumed."""
    profile = paper()
    assert (profile.kind, profile.source_dtype, profile.bytes_per_element) == ("fit", "fp32", 4)
    assert "2604.04654" in profile.source
    assert sum("assum" in note for note in profile.notes) >= 3


@given(
    rate=st.floats(0.01, 1),
    bits=st.floats(1, 32),
    mask=st.floats(0, 2),
    gain=st.floats(0.5, 5),
    anchor=st.floats(0.01, 1),
)
def test_fit_formula(rate: float, bits: float, mask: float, gain: float, anchor: float) -> None:
    """Sent bits times ratio are the source's bits; the loss is the anchor's at the anchor."""
    changes = {
        "keep_rates": [1.0], "value_bits": bits, "mask_bits": mask, "entropy_gain": gain,
        "anchor_keep_rate": anchor,
    }  # fmt: skip
    fit = MaskFit.model_validate(FIT | changes)
    sent_bits = (rate * bits + mask) / gain
    assert fit.ratio(rate, 32) * sent_bits == pytest.approx(32)
    assert fit.loss(anchor) == pytest.approx(FIT["anchor_loss"])
    assert fit.loss(rate / 2) == pytest.approx(4 * fit.loss(rate))


def test_half_precision_source() -> None:
    """From an fp16 source the same bits are half the ratio."""
    half = parse_profile(FITTED, "x").levels(1)[1].ratio
    full = parse_profile(FITTED | {"source_dtype": "fp32"}, "x").levels(1)[1].ratio
    assert half == 16 * 2 / (0.5 * 8 + 1)
    assert full == 2 * half


def test_measured_file(tmp_path: Path) -> None:
    """A measured profile's levels come back as they were written, after `none`."""
    path = tmp_path / "bench.toml"
    path.write_text(
        'name = "bench"\nkind = "measured"\nsource = "a bench"\nsource_dtype = "fp32"\n'
        '[[levels]]\nname = "a"\nratio = 10\nloss = 0.25\nencode_s_per_byte = 1e-9\ndecode_s_per_byte = 0\n'
    )
    profile = load_profile(path)
    assert isinstance(profile, MeasuredProfile)
    none, level = profile.levels(0)
    assert (none.name, none.ratio, none.loss) == ("none", 1, 0)
    assert level.model_dump() == {
        "name": "a", "ratio": 10, "loss": 0.25, "encode_s_per_byte": 1e-9, "decode_s_per_byte": 0,
    }  # fmt: skip
    assert load_profile(str(path)) == profile


def changed(table: dict[str, Any], part: str, **values: object) -> dict[str, Any]:
    """Copy a table with some fields of one part replaced."""
    return table | {part: table[part] | values}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "kind: must be one of 'fit', 'measured', 'measured-cuts' (is missing)"),
        (FITTED | {"kind": "guess"}, "kind: must be one of 'fit', 'measured', 'measured-cuts' (got 'guess')"),
        (FITTED | {"kind": ["fit"]}, "kind: must be"),
        (FITTED | {"kind": "measured"}, "levels: Field required"),
        (FITTED | {"extra": 1}, "extra: "),
        (FITTED | {"source_dtype": "fp8"}, "source_dtype: "),
        (FITTED | {"name": ""}, "name: "),
        (FITTED | {"notes": [1]}, "notes[0]: "),
        (changed(FITTED, "fit", keep_rates=[]), "fit.keep_rates: "),
        (changed(FITTED, "fit", keep_rates=[0.5, 1.5]), "fit.keep_rates[1]: "),
        (changed(FITTED, "fit", keep_rates=[0.5, 0.501]), "fit.keep_rates: level name 'mask-50'"),
        (changed(FITTED, "fit", value_bits=0), "fit.value_bits: "),
        (changed(FITTED, "fit", entropy_gain=float("nan")), "fit.entropy_gain: "),
        (changed(FITTED, "fit", entropy_gain="2"), "fit.entropy_gain: "),
        (changed(FITTED, "fit", entropy_gain=1e20), "fit: keep-rate 0.5 would give a ratio above 1e+06"),
        (changed(FITTED, "fit", keep_rates=[1e-6]), "fit: keep-rate 1e-06 would lose more than 100 points"),
        (changed(FITTED, "fit", loss_exponent=-1), "fit.loss_exponent: "),
        (changed(FITTED, "fit", bits=8), "fit.bits: "),
        (MEASURED | {"levels": []}, "levels: "),
        (MEASURED | {"measured": MEASURED["levels"]}, "measured: "),
        (MEASURED | {"levels": [ROW, ROW]}, "levels: level name 'a'"),
        (MEASURED | {"levels": [ROW | {"name": "none"}]}, "levels: level name 'none'"),
        (MEASURED | {"levels": [ROW | {"ratio": 0}]}, "levels[0].ratio: "),
        (MEASURED | {"levels": [ROW | {"loss": float("inf")}]}, "levels[0].loss: "),
        (MEASURED | {"levels": [ROW | {"loss": True}]}, "levels[0].loss: "),
    ],
)
def test_bad_profiles(table: dict[str, Any], message: str) -> None:
    """A fault is one line that names the source and the field."""
    with pytest.raises(InputError) as caught:
        parse_profile(table, "p.toml")
    assert str(caught.value).startswith(f"p.toml: {message}")
    assert "\n" not in str(caught.value)


def test_bad_files(tmp_path: Path) -> None:
    """An unknown name, a missing file and one that is not TOML are refused."""
    with pytest.raises(InputError, match=r"compression profile: nope: unknown; known are .*paper-fit"):
        load_profile("nope")
    with pytest.raises(InputError, match=r"nope\.toml: cannot be read"):
        load_profile(tmp_path / "nope.toml")
    torn = tmp_path / "torn.toml"
    torn.write_text("a = ")
    with pytest.raises(InputError, match=r"torn\.toml: not TOML"):
        load_profile(torn)
    torn.write_bytes(b"\xff")
    with pytest.raises(InputError, match=r"torn\.toml: cannot be read: not UTF-8"):
        load_profile(torn)


def test_every_shipped_profile_loads() -> None:
    """Each shipped file carries its own name and gives levels that start with `none`."""
    assert "paper-fit" in profile_names()
    for name in profile_names():
        profile = load_profile(name)
        assert profile.name == name
        assert profile.levels(11)[0].name == "none"


@pytest.mark.parametrize("cuts", [-1, 1.0, True])
def test_bad_cuts(cuts: Any) -> None:
    """A number of cuts that no model has is refused."""
    with pytest.raises(InputError, match="paper-fit: cuts: must be an integer"):
        paper().levels(cuts)
