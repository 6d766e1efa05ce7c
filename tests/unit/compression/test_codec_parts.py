"""The codec's parts, one by one."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from satllm_env.compression.codec import CodecSettings, Learned, calibrate, klt_levels, parse_settings
from satllm_env.compression.codec.packing import (
    Reader,
    integer_bytes,
    nibble_bytes,
    number_bytes,
    read_integers,
    read_nibbles,
)
from satllm_env.compression.codec.quantise import bin_numbers, bin_values, next_bfloat16
from satllm_env.compression.codec.range_coder import RangeCoder
from satllm_env.compression.codec.settings import TransformKind
from satllm_env.compression.codec.sparsify import decide, largest
from satllm_env.compression.codec.tables import MAX_REACH, count_symbols
from satllm_env.compression.codec.transform import FLOOR, Klt, fit_transform
from satllm_env.errors import InputError

from .codec_cases import BOUNDARY, SENSITIVITY, TOKENS, WIDTH, activations, all_settings, codec_of, settings

UNIFORM = {"kind": "uniform", "step": 1.0}
int32s = hnp.arrays(np.int32, st.integers(0, 50), elements=st.integers(-(2**30), 2**30))


def test_the_klt_has_uncorrelated_components_in_order() -> None:
    """On its calibration set: orthonormal basis, diagonal covariance, variances falling."""
    rows = activations(50).reshape(-1, WIDTH)
    klt = fit_transform("klt", rows)
    assert isinstance(klt, Klt)
    np.testing.assert_allclose(klt.basis.T @ klt.basis, np.eye(WIDTH), atol=1e-6)
    covariance = np.cov(klt.forward(rows).T)
    variances = np.diag(covariance)
    assert (np.diff(variances) <= 0).all()
    np.testing.assert_allclose(covariance, np.diag(variances), atol=1e-4 * variances[0])
    np.testing.assert_allclose(klt.undo(klt.forward(rows)), rows, atol=1e-5)


def test_scaling_standardises_and_leaves_constants_alone() -> None:
    """Channels get mean 0 and deviation 1; a constant channel becomes 0 and comes back."""
    rows = activations(50).reshape(-1, WIDTH)
    rows[:, 4] = 7
    scale = fit_transform("scale", rows)
    standard = scale.forward(rows)
    np.testing.assert_allclose(standard.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(np.delete(standard.std(axis=0), 4), 1, rtol=1e-4)
    assert (scale.undo(standard)[:, 4] == 7).all()


def test_sensitivities_make_the_weighted_error_plain() -> None:
    """In the weighted transform's components the squared error is the one the sensitivity weighs."""
    rows = activations(50).reshape(-1, WIDTH)
    klt = fit_transform("weighted-klt", rows, SENSITIVITY)
    components = klt.forward(rows)
    covariance = np.cov(components.T)
    np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-4 * covariance.max())
    np.testing.assert_allclose(klt.undo(components), rows, atol=1e-4)
    error = np.random.default_rng(0).normal(size=components.shape).astype(np.float32)
    wrong = klt.undo(components + error) - rows
    weights = SENSITIVITY / np.trace(SENSITIVITY) * WIDTH + FLOOR * np.eye(WIDTH)
    np.testing.assert_allclose(
        np.einsum("nw,wv,nv->n", wrong, weights, wrong), (error**2).sum(axis=1), rtol=1e-2
    )


@pytest.mark.parametrize("kind", ["token-klt", "weighted-token-klt"])
def test_token_transforms_gather_an_input_s_energy(kind: TransformKind) -> None:
    """Alike tokens give one large component per channel's; every token has a mean of its own."""
    rng = np.random.default_rng(0)
    own = rng.normal(size=(TOKENS, WIDTH))
    alike = rng.normal(size=(200, 1, WIDTH)) + 0.1 * rng.normal(size=(200, TOKENS, WIDTH))
    inputs = (alike + own).astype(np.float32)
    transform = fit_transform(kind, inputs, SENSITIVITY)
    components = transform.forward(inputs)
    assert components.shape == (200, TOKENS * WIDTH)
    energy = np.sort((components**2).mean(axis=0))[::-1]
    assert energy[:WIDTH].sum() > 0.97 * energy.sum()
    np.testing.assert_allclose(components.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(transform.undo(components).reshape(inputs.shape), inputs, atol=1e-4)


@pytest.mark.parametrize(
    "sensitivity", [None, np.ones((2, 2)), np.zeros((WIDTH, WIDTH)), np.nan * SENSITIVITY]
)
def test_weighted_transforms_need_a_sensitivity(sensitivity: np.ndarray | None) -> None:
    """None, one of another width or one without a scale is refused by name."""
    given_ones = None if sensitivity is None else {BOUNDARY: sensitivity}
    with pytest.raises(InputError, match=f"boundary {BOUNDARY}: sensitivity: must be"):
        calibrate(
            [settings(transform="weighted-klt", quantiser=UNIFORM)],
            {BOUNDARY: activations(5)},
            None,
            given_ones,
        )


def test_shared_tables_hold_components_of_like_magnitudes() -> None:
    """Fewer tables than components; the components' symbols come back in their own order."""
    scales = np.array([9.0, 0.1, 5.0, 0.2, 8.0, 0.1])
    symbols = np.rint(np.random.default_rng(0).laplace(size=(6, 50)) * scales[:, None]).astype(np.int32)
    counts = np.full(6, 50)
    tables = count_symbols(symbols.reshape(-1), counts, shared=2)
    np.testing.assert_array_equal(tables.table_of, [0, 1, 0, 1, 0, 1])
    coder = RangeCoder(tables)
    data = coder.encode(symbols.reshape(-1), counts)
    np.testing.assert_array_equal(coder.decode(data, counts), symbols.reshape(-1))


@pytest.mark.parametrize(
    ("value", "threshold", "number"),
    [(0.49, 0.5, 0), (0.51, 0.5, 1), (-1.49, 0.5, -1), (-1.51, 0.5, -2), (0.69, 0.7, 0), (1.69, 0.7, 1),
     (1.71, 0.7, 2), (1.2, 1.25, 0), (1.3, 1.25, 1), (-2.3, 1.25, -2), (0.0, 4.0, 0)],
)  # fmt: skip
def test_bins_start_at_the_threshold(value: float, threshold: float, number: int) -> None:
    """Symbol k reaches from threshold + k - 1 to threshold + k steps, on either side."""
    assert bin_numbers(np.float32(2 * value), np.float32(2), np.float32(threshold)) == number


def test_bin_values_stand_beyond_their_number_by_the_offset() -> None:
    """0 stays 0; others move away from it."""
    found = bin_values(np.array([-2, 0, 3], np.float32), np.float32(2), np.float32(0.25))
    np.testing.assert_array_equal(found, [-4.5, 0, 6.5])


def test_centroids_beat_the_middles_of_bins() -> None:
    """Offsets from calibration lower the squared error of unseen activations."""
    part = codec_of(settings(transform="klt", quantiser=UNIFORM | {"threshold": 0.8})).boundaries[BOUNDARY]
    assert part.steps is not None
    values = part.components(activations(50, seed=8))
    numbers = part.quantise(activations(50, seed=8)).symbols.astype(np.float32)

    def error(offset: Any) -> float:
        return float(((bin_values(numbers, part.steps.step, offset) - values) ** 2).mean())

    assert error(part.steps.offset) < 0.99 * error(part.steps.threshold - 0.5)


@given(hnp.arrays(np.float32, 6, elements=st.floats(2.0**-126, 2.0**120, width=32)))
def test_bfloat16_rounds_up_by_less_than_a_128th(values: np.ndarray) -> None:
    """The sent scale is never below the exact one, so no integer exceeds its bits."""
    rounded = next_bfloat16(values)
    assert (rounded >= values).all()
    assert (rounded <= values * np.float32(1 + 1 / 128)).all()
    assert not (rounded.view(np.uint32) & 0xFFFF).any()


@given(hnp.arrays(np.float32, st.tuples(st.integers(0, 6), st.just(WIDTH)), elements=st.integers(-3, 3)))
def test_top_k_keeps_the_largest(values: np.ndarray) -> None:
    """As many as asked, none smaller than one dropped, the first of equals."""
    kept = largest(values, 0.25, "token")
    assert (kept.sum(axis=1) == 3).all()
    for row, keep in zip(np.abs(values), kept, strict=True):
        assert row[keep].min() >= row[~keep].max()
        border = np.flatnonzero(row == row[keep].min())
        assert (np.diff(keep[border].astype(int)) <= 0).all()
    assert largest(values, 0.25, "tensor").sum() == round(0.25 * values.size)


def test_the_mask_keeps_where_the_odds_are_better_than_even() -> None:
    """Inference takes no random draw."""
    np.testing.assert_array_equal(decide(np.array([-1, 0, 1e-6, 5], np.float32)), [False, False, True, True])


@given(int32s)
def test_integers_take_the_least_width(values: np.ndarray) -> None:
    """1, 2 or 4 bytes each, and they come back."""
    packed = integer_bytes(values)
    np.testing.assert_array_equal(read_integers(Reader(packed), len(values)), values)
    width = packed[0]
    if width > 1:
        assert len(values) and np.abs(values).max() >= 2 ** (8 * width // 2 - 1)


@given(hnp.arrays(np.int32, st.integers(0, 9), elements=st.integers(-8, 7)))
def test_nibbles_go_two_to_a_byte(values: np.ndarray) -> None:
    """Half a byte each, rounded up, and they come back."""
    packed = nibble_bytes(values)
    assert len(packed) == (len(values) + 1) // 2
    np.testing.assert_array_equal(read_nibbles(Reader(packed), len(values)), values)


@given(st.integers(0, 2**35 - 1))
def test_numbers_come_back(value: int) -> None:
    """Numbers of up to 35 bits."""
    assert Reader(number_bytes(value)).number() == value


@given(st.lists(int32s, min_size=1, max_size=4), st.lists(int32s, min_size=4, max_size=4))
def test_the_range_coder_codes_any_symbols(calibration: list[np.ndarray], sent: list[np.ndarray]) -> None:
    """Whatever the tables were counted on, every integer comes back."""
    width = len(calibration)
    tables = count_symbols(np.concatenate(calibration), np.array([len(column) for column in calibration]))
    tables.check(width, "test")
    assert tables.reach.max() <= MAX_REACH
    symbols, counts = np.concatenate(sent[:width]), np.array([len(column) for column in sent[:width]])
    coder = RangeCoder(tables)
    np.testing.assert_array_equal(coder.decode(coder.encode(symbols, counts), counts), symbols)


def test_settings_go_through_json() -> None:
    """Settings are plain data: written and read again they are the same."""
    for level in all_settings():
        assert CodecSettings.model_validate_json(level.model_dump_json()) == level


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"quantiser": {"kind": "float", "bits": 32}, "coder": "range"}, "codes integers"),
        ({"quantiser": {"kind": "integer", "bits": 5}}, "quantiser"),
        ({"quantiser": UNIFORM | {"step": 0.0}}, "step"),
        ({"quantiser": UNIFORM | {"threshold": 0.4}}, "threshold"),
        ({"sparsifier": {"kind": "top_k", "keep": 0.0}}, "keep"),
        ({"transform": "fft"}, "transform"),
        ({"colour": 1}, "colour"),
        ({"name": ""}, "name"),
    ],
)
def test_settings_that_make_no_codec_are_refused(change: dict[str, Any], problem: str) -> None:
    """One line names the field."""
    with pytest.raises(InputError, match=problem):
        parse_settings({"name": "level", "quantiser": UNIFORM} | change, "test")


def test_levels_of_the_klt_get_smaller_with_their_step() -> None:
    """Eight levels by default; each payload is smaller than the one before."""
    codecs = calibrate(klt_levels(), {BOUNDARY: activations(20)})
    assert len(codecs) == 8
    sizes = [len(codec.encode(activations(8, seed=2), BOUNDARY)) for codec in codecs]
    assert sizes == sorted(sizes, reverse=True)
    with pytest.raises(InputError, match="twice"):
        klt_levels((1.0, 1.0))


@pytest.mark.parametrize(
    ("calibration", "learned", "problem"),
    [
        (np.zeros((0, WIDTH), np.float32), Learned(), "no activations"),
        (np.full((3, WIDTH), np.nan, np.float32), Learned(), "not finite"),
        (np.zeros((3, WIDTH), np.float32), Learned(), "no step follows"),
        (np.zeros((3, WIDTH)), Learned(), "float32"),
        (
            np.ones((3, WIDTH), np.float32),
            Learned(relative_step=np.zeros(WIDTH, np.float32)),
            "relative_step",
        ),
        (np.ones((3, WIDTH), np.float32), Learned(threshold=np.ones(2, np.float32)), "threshold"),
    ],
)
def test_calibration_needs_activations(calibration: np.ndarray, learned: Learned, problem: str) -> None:
    """The error names the boundary."""
    with pytest.raises(InputError, match=f"boundary {BOUNDARY}.*{problem}"):
        calibrate([settings(quantiser=UNIFORM)], {BOUNDARY: calibration}, {BOUNDARY: learned})


def test_a_level_with_a_mask_needs_one() -> None:
    """A mask that was never trained is no mask."""
    level = settings(quantiser=UNIFORM, sparsifier={"kind": "mask"})
    for keep in (None, np.ones(WIDTH, np.int64), np.ones(2, np.bool_)):
        with pytest.raises(InputError, match="keep: level 'level' needs decisions"):
            calibrate([level], {BOUNDARY: activations(2)}, {BOUNDARY: Learned(keep)})


def test_learned_steps_multiply_the_level_s() -> None:
    """Step sizes and thresholds of training take effect per component."""
    level = settings(transform="klt", quantiser=UNIFORM)
    relative = np.linspace(0.5, 2, WIDTH, dtype=np.float32)
    threshold = np.linspace(0.5, 1, WIDTH, dtype=np.float32)
    data = {BOUNDARY: activations(5)}
    plain = calibrate([level], data, whole=True)[0].boundaries[BOUNDARY].steps
    learned = {BOUNDARY: Learned(None, relative, threshold)}
    trained = calibrate([level], data, learned, whole=True)[0].boundaries[BOUNDARY].steps
    assert plain is not None and trained is not None
    np.testing.assert_allclose(trained.step, plain.step * relative, rtol=1e-6)
    np.testing.assert_array_equal(trained.threshold, threshold)


@pytest.mark.parametrize("kind", ["klt", "weighted-klt", "token-klt", "weighted-token-klt"])
@pytest.mark.parametrize("masked", [False, True])
def test_components_that_are_never_coded_are_left_out(kind: TransformKind, masked: bool) -> None:
    """Fewer components, yet calibration data come back as through all of them."""
    rows = TOKENS if "token" in kind else 1
    keep = np.tile(np.arange(WIDTH) < 4, rows)  # as a mask, it leaves four channels' components
    level = settings(
        transform=kind, quantiser=UNIFORM, coder="range", sparsifier={"kind": "mask"} if masked else None
    )
    data, weights = {BOUNDARY: activations(20)}, {BOUNDARY: SENSITIVITY}
    short, whole = (
        calibrate([level], data, {BOUNDARY: Learned(keep)}, weights, whole=all_of_them)[0]
        for all_of_them in (False, True)
    )
    parts = short.at(BOUNDARY), whole.at(BOUNDARY)
    counts = [part.transform.components(WIDTH) for part in parts]
    assert counts[0] < counts[1] == rows * WIDTH
    assert counts[0] <= 4 * rows or not masked
    restored = [part.restore(part.quantise(data[BOUNDARY]), data[BOUNDARY].shape) for part in parts]
    np.testing.assert_allclose(restored[0], restored[1], atol=1e-4)
    sizes = [len(codec.encode(activations(4, seed=3), BOUNDARY)) for codec in (short, whole)]
    assert sizes[0] <= sizes[1] + 8
