"""Activations through every codec and back."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from satllm_env.compression.codec import Codec, decode
from satllm_env.errors import InputError

from .codec_cases import (
    BOUNDARY,
    TOKENS,
    WIDTH,
    activations,
    all_settings,
    codec_of,
    codecs_of,
    settings,
)

CODECS = codecs_of(all_settings(), {BOUNDARY: activations(20)})
RAW = codec_of(settings(quantiser={"kind": "float", "bits": 32}))

numbers = st.one_of(
    st.floats(-100, 100, width=32),
    st.floats(-(2.0**110), 2.0**110, width=32),  # huge and denormal ones
)
shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5).map(lambda s: (*s, WIDTH))
shapes |= st.integers(0, 2).map(lambda inputs: (inputs, TOKENS, WIDTH))
any_activation = hnp.arrays(np.float32, shapes, elements=numbers)


def restored(codec: Codec, activation: np.ndarray) -> np.ndarray:
    """What the quantiser leaves of an activation, no bytes involved."""
    part = codec.boundaries[BOUNDARY]
    return part.restore(part.quantise(activation), activation.shape)


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.settings.name)
def test_every_codec_gives_back_its_quantised_values(codec: Codec) -> None:
    """Decoding gives exactly what dequantising gives, in the activation's shape."""
    for activation in (
        activations(2, seed=5),
        activations(1, seed=6)[0],
        activations(1)[:0],
        50 * activations(1),
    ):
        decoded = codec.decode(codec.encode(activation, BOUNDARY))
        assert decoded.dtype == np.float32
        np.testing.assert_array_equal(decoded, restored(codec, activation))


@given(st.sampled_from(CODECS), any_activation)
def test_any_activation_is_given_back_or_refused(codec: Codec, activation: np.ndarray) -> None:
    """Huge values, denormals, constants, no tokens: exact on the quantised values, or one clear error."""
    try:
        payload = codec.encode(activation, BOUNDARY)
    except InputError as error:
        if "token" in codec.settings.transform and activation.shape[-2:] != (TOKENS, WIDTH):
            assert f"must have shape (…, {TOKENS}, {WIDTH})" in str(error)
            return
        quantiser = codec.settings.quantiser
        assert quantiser.kind != "integer", "scaled integers reach any value"
        assert "steps from 0" in str(error) or "of 16 bits" in str(error)
        return
    decoded = codec.decode(payload)
    assert decoded.shape == activation.shape
    np.testing.assert_array_equal(decoded, restored(codec, activation))


@given(any_activation)
def test_raw_floats_come_back_bit_by_bit(activation: np.ndarray) -> None:
    """Without transform and quantiser nothing is lost, not even the sign of a zero."""
    assert RAW.decode(RAW.encode(activation, BOUNDARY)).tobytes() == activation.tobytes()


@pytest.mark.parametrize("codec", CODECS[::7], ids=lambda codec: codec.settings.name)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, np.float32(2.0**111)])
def test_numbers_that_are_not_finite_are_refused(codec: Codec, bad: float) -> None:
    """NaN, infinities and magnitudes that could overflow raise one line."""
    activation = activations(1)
    activation[0, 3, 5] = bad
    with pytest.raises(InputError, match="activation: holds"):
        codec.encode(activation, BOUNDARY)


@pytest.mark.parametrize(
    ("activation", "problem"),
    [
        (np.zeros((2, WIDTH)), "float32"),
        (np.zeros((2, WIDTH + 1), np.float32), "shape"),
        (np.zeros((), np.float32), "shape"),
        ([0.0] * WIDTH, "NumPy"),
        (np.zeros((1,) * 8 + (WIDTH,), np.float32), "shape"),
    ],
)
def test_other_arrays_are_refused(activation: np.ndarray, problem: str) -> None:
    """Numbers of another type or shape are never converted silently."""
    with pytest.raises(InputError, match=problem):
        RAW.encode(activation, BOUNDARY)


def test_an_unknown_boundary_is_refused() -> None:
    """The error lists the boundaries the codec knows."""
    with pytest.raises(InputError, match="4 is unknown; known are 3"):
        RAW.encode(activations(1), 4)


def test_a_mask_over_tokens_needs_their_number() -> None:
    """A static mask of shape (tokens, width) serves batches, and refuses other numbers of tokens."""
    level = settings(sparsifier={"kind": "mask"}, quantiser={"kind": "float", "bits": 32})
    keep = np.random.default_rng(0).random((TOKENS, WIDTH)) < 0.5
    codec = codec_of(level, keep)
    sent = activations(2)
    np.testing.assert_array_equal(codec.decode(codec.encode(sent, BOUNDARY)), np.where(keep, sent, 0))
    with pytest.raises(InputError, match="as its mask has"):
        codec.encode(sent[:, 1:], BOUNDARY)


def test_the_payload_tells_which_codec_made_it() -> None:
    """A receiver with many levels decodes each; without the right one it refuses."""
    sent = activations(1)
    payload = CODECS[3].encode(sent, BOUNDARY)
    np.testing.assert_array_equal(decode(payload, CODECS), CODECS[3].decode(payload))
    with pytest.raises(InputError, match="not at hand"):
        decode(payload, CODECS[4:])


def test_a_used_codec_can_be_sent_to_another_process() -> None:
    """A copy through pickle, as between workers, codes the same bytes."""
    codec = codec_of(settings(transform="klt", quantiser={"kind": "uniform", "step": 1.0}, coder="range"))
    payload = codec.encode(activations(1), BOUNDARY)
    assert pickle.loads(pickle.dumps(codec)).encode(activations(1), BOUNDARY) == payload


def test_errors_stay_within_half_a_step() -> None:
    """Plain rounding in the KLT domain moves no component by more than half a step."""
    level = settings(transform="klt", quantiser={"kind": "uniform", "step": 0.5}, coder="range")
    codec = codec_of(level)
    part = codec.boundaries[BOUNDARY]
    assert part.steps is not None
    sent = activations(4, seed=9)
    moved = part.components(codec.decode(codec.encode(sent, BOUNDARY))) - part.components(sent)
    offset = np.abs(part.steps.offset).max()
    assert np.abs(moved / part.steps.step).max() <= 0.5 + offset + 1e-4
    assert np.sqrt((moved**2).mean()) < part.steps.step[0] / np.sqrt(12)
