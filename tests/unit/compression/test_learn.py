"""Training of masks and step sizes on tiny networks."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from satllm_env.compression.codec import Codec, Learned
from satllm_env.compression.codec.calibrate import calibrate
from satllm_env.compression.codec.differentiable import TorchTransform
from satllm_env.compression.codec.settings import TransformKind
from satllm_env.compression.codec.transform import fit_transform
from satllm_env.compression.learn import LearningSettings, learn
from satllm_env.compression.learned_boundary import LearnedBoundary
from satllm_env.compression.probing.methods import learned_mask, uniform
from satllm_env.compression.probing.outcome import Cut
from satllm_env.compression.probing.parallel import run_sets
from satllm_env.errors import InputError
from tests.unit.compression.codec_cases import SENSITIVITY, TRANSFORMS, WIDTH, activations
from tests.unit.compression.net_cases import (
    BOUNDARIES,
    LOSSLESS,
    calibration,
    codecs,
    inputs_of,
    lively,
    targets_of,
)

Result = tuple[Codec, Mapping[int, Learned], list[tuple[int, float, float]]]
PLAN: dict[str, Any] = {"bit_price": 0.3, "steps": 60, "batch": 16}


def trained(kind: str = "vit", transform: TransformKind = "weighted-klt", **plan: Any) -> Result:
    """A level with a mask, trained; what was learned, and what was told at every step."""
    net, told = lively(kind), []
    settings = LearningSettings.model_validate(PLAN | plan)
    codec, found = learned_mask(
        net,
        calibration(kind),
        inputs_of(net, 200, seed=5),
        transform,
        settings,
        lambda *step: told.append(step),
    )
    return codec, found, told


@cache
def usual() -> Result:
    """That of a classifier by the usual plan."""
    return trained()


@pytest.mark.parametrize(
    ("kind", "transform"), [("vit", "token-klt"), ("vit", "scale"), ("lm", "weighted-klt")]
)
def test_training_lowers_its_objective(kind: str, transform: TransformKind) -> None:
    """Divergence plus the price of the bits is lower at the end than at the start."""
    _, _, told = trained(kind, transform)
    assert [number for number, _, _ in told] == list(range(1, 61))
    # bits are told per cut; the price is on their sum, and sets of cuts are alike at both ends
    worth = np.array([divergence + PLAN["bit_price"] * bits for _, divergence, bits in told])
    assert worth[-20:].mean() < 0.8 * worth[:10].mean()


def test_a_high_price_of_bits_sends_less() -> None:
    """At every boundary steps are larger, fewer symbols are other than 0, and payloads are smaller."""
    dear, cheap = usual(), trained(bit_price=0.003)
    part = calibration("vit").activations
    for boundary in BOUNDARIES:
        steps = [np.median(found[boundary].relative_step) for _, found, _ in (dear, cheap)]
        assert steps[0] > 1.2 * steps[1]
        sent = [codec.boundaries[boundary].quantise(part[boundary][:8]) for codec, _, _ in (dear, cheap)]
        assert np.count_nonzero(sent[0].symbols) < np.count_nonzero(sent[1].symbols)
        sizes = [len(codec.encode(part[boundary][:8], boundary)) for codec, _, _ in (dear, cheap)]
        assert sizes[0] < sizes[1]
    assert dear[2][-1][2] < cheap[2][-1][2]


def test_a_mask_alone_keeps_less_at_a_high_price() -> None:
    """With the steps held, the components that carry little are dropped, the more the dearer bits are."""
    kept = [mask_alone(price).mean() for price in (0.0, 0.3, 3.0)]
    assert kept[0] > kept[1] > kept[2] > 0


def mask_alone(price: float) -> np.ndarray:
    """What a mask keeps that is trained to restore activations, by the size of their components."""
    data = {1: activations(40)}
    level = uniform("mask", "klt", 0.1, {"kind": "mask"})
    part = calibrate([level], data, {1: Learned(np.ones(WIDTH, dtype=np.bool_))})[0].boundaries[1]
    mine = LearnedBoundary(part, np.abs(part.components(data[1])).mean(axis=0))
    assert mine.logits is not None
    rng, activation = torch.Generator().manual_seed(0), torch.from_numpy(data[1])
    optimizer = torch.optim.Adam([mine.logits], 0.1)
    for _ in range(100):
        restored, bits = mine(activation, 0.5, rng)
        optimizer.zero_grad()
        ((restored - activation).square().mean() + price * bits).backward()
        optimizer.step()
    keep = mine.learned().keep
    assert keep is not None
    return keep


def test_what_is_learned_makes_a_codec() -> None:
    """Its mask and steps are those learned, at every boundary, and its payloads decode to what they say."""
    codec, found, _ = usual()
    assert tuple(found) == BOUNDARIES
    plain = codecs("vit", (uniform("plain", "weighted-klt", 0.25),), whole=True)[0]
    for boundary, part in codec.boundaries.items():
        learned = found[boundary]
        assert part.steps is not None and part.keep is not None and learned.relative_step is not None
        count = len(part.steps.step)  # those behind are never coded
        np.testing.assert_array_equal(part.keep, learned.keep[:count])
        steps = plain.boundaries[boundary].steps.step * learned.relative_step
        assert part.steps.step == pytest.approx(steps[:count])
        assert np.ptp(learned.relative_step) > 0.01
        activation = calibration("vit").activations[boundary][:3]
        restored = codec.decode(codec.encode(activation, boundary))
        np.testing.assert_array_equal(restored, part.restore(part.quantise(activation), activation.shape))
        dropped = part.components(restored)[:, ~part.keep]
        assert np.abs(dropped).max(initial=0) < 1e-4 * np.abs(part.components(restored)).max()


def test_one_set_of_parameters_serves_several_cuts_at_once() -> None:
    """All three cuts together diverge less with the trained mask than with one of as many at random."""
    codec, found, _ = usual()
    rng = np.random.default_rng(0)
    mixed = {
        boundary: Learned(rng.permutation(learned.keep), learned.relative_step)
        for boundary, learned in found.items()
    }
    random = calibration("vit").codecs([codec.settings], mixed)[0]
    net = lively("vit")
    inputs = inputs_of(net, 40, seed=6)
    sets = [tuple(Cut(boundary, level) for boundary in BOUNDARIES) for level in (0, 1)]
    outcomes = run_sets(net, [codec, random], inputs, targets_of(net, inputs), sets)
    ours, theirs = (outcomes[cuts].divergence_nat.mean for cuts in sets)
    assert ours < 0.5 * theirs


def test_the_network_stays_as_it_is() -> None:
    """Training changes no parameter of it and leaves no gradient, frozen or not."""
    net = lively("vit")
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    net.requires_grad_(True)
    try:
        trained(steps=3)
        assert all(parameter.grad is None for parameter in net.parameters())
    finally:
        net.requires_grad_(False)
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())


def test_the_seed_makes_the_training() -> None:
    """The same seed gives the same steps and masks to the last bit, another one others."""
    (_, one, _), (_, two, _), (_, three, _) = (trained(steps=8, seed=seed) for seed in (1, 1, 2))
    for boundary in BOUNDARIES:
        first, again, other = (found[boundary].relative_step for found in (one, two, three))
        np.testing.assert_array_equal(first, again)
        np.testing.assert_array_equal(one[boundary].keep, two[boundary].keep)
        assert not np.array_equal(first, other)


def test_without_a_mask_only_steps_are_learned() -> None:
    """A level without a sparsifier gets none, and what was learned calibrates it."""
    level = uniform("steps", "klt", 0.5)
    net = lively("vit")
    settings = LearningSettings(bit_price=0.1, steps=5, batch=8)
    found = learn(net, codecs("vit", (level,), whole=True)[0], inputs_of(net, 50), settings)
    assert all(learned.keep is None for learned in found.values())
    again = calibrate([level], calibration("vit").activations, found)[0]
    assert tuple(again.boundaries) == BOUNDARIES


def test_only_uniform_quantisers_have_steps_to_learn() -> None:
    """Another quantiser is refused in a line that names the level."""
    net = lively("vit")
    with pytest.raises(InputError, match=r"^whole: quantiser: only a uniform quantiser"):
        learn(net, codecs("vit", (LOSSLESS,))[0], inputs_of(net, 5), LearningSettings(bit_price=1.0))


def test_a_codec_without_its_dead_components_cannot_be_trained() -> None:
    """What is learned is of every component, so the codec must hold them all."""
    net, level = lively("vit"), uniform("coarse", "klt", 4.0)
    with pytest.raises(InputError, match=r"^coarse: boundary 1: must be calibrated whole"):
        learn(net, codecs("vit", (level,))[0], inputs_of(net, 5), LearningSettings(bit_price=1.0))


@pytest.mark.parametrize("kind", TRANSFORMS)
def test_torch_transforms_as_numpy_does(kind: TransformKind) -> None:
    """The same components and the same way back, to float tolerance."""
    transform = fit_transform(kind, activations(40), SENSITIVITY)
    mine, fresh = TorchTransform(transform), activations(5, seed=7)
    components = transform.forward(fresh)
    found = mine.forward(torch.from_numpy(fresh)).numpy()
    scale = np.abs(components).max()
    np.testing.assert_allclose(found, components, rtol=1e-4, atol=1e-5 * scale)
    back = mine.undo(torch.from_numpy(components)).numpy().reshape(fresh.shape)
    np.testing.assert_allclose(back, transform.undo(components).reshape(fresh.shape), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(back, fresh, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", TRANSFORMS)
def test_gradients_reach_the_activation(kind: TransformKind) -> None:
    """Through transform, quantiser and mask; and every parameter gets one too."""
    data = {1: activations(40)}
    level = uniform("mask", kind, 0.5, {"kind": "mask"})
    components = fit_transform(kind, data[1], SENSITIVITY).component_shape(data[1].shape)[-1]
    kept = {1: Learned(np.ones(components, dtype=np.bool_))}
    part = calibrate([level], data, kept, {1: SENSITIVITY}, whole=True)[0].boundaries[1]
    mine = LearnedBoundary(part, np.abs(part.components(data[1])).mean(axis=0))
    activation = torch.from_numpy(activations(3, seed=8)).requires_grad_()
    restored, bits = mine(activation, 0.5, torch.Generator().manual_seed(0))
    assert restored.shape == activation.shape
    (restored.square().mean() + bits).backward()
    for reached in (activation, *mine.parameters()):
        assert reached.grad is not None
        assert torch.isfinite(reached.grad).all()
        assert (reached.grad != 0).any()


@pytest.mark.parametrize("kind", TRANSFORMS)
def test_training_sees_what_is_sent(kind: TransformKind) -> None:
    """Before training the activation behind the learned codec is the one that a payload restores."""
    data = {1: activations(40)}
    part_codec = calibrate([uniform("steps", kind, 0.5)], data, None, {1: SENSITIVITY}, whole=True)[0]
    part = part_codec.boundaries[1]
    mine = LearnedBoundary(part, np.abs(part.components(data[1])).mean(axis=0))
    fresh = activations(4, seed=9)
    with torch.no_grad():
        seen, bits = mine(torch.from_numpy(fresh), 0.5, torch.Generator())
    sent = part_codec.decode(part_codec.encode(fresh, 1))
    # a value on the edge of two bins may go either way in the last bit
    assert (np.abs(seen.numpy() - sent) < 1e-3).mean() > 0.99
    assert float(bits) > 0
