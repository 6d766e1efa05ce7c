"""Training: the same again for the same seed, and better than chance."""

import pytest
import torch
from pydantic import ValidationError

from satllm_env.nets.labelled import LabelledImages
from satllm_env.nets.measure import accuracy_pct, perplexity
from satllm_env.nets.samplers import ImageSampler, TextSampler
from satllm_env.nets.split_net import SplitNet
from satllm_env.nets.training import TrainingSettings, train
from tests.unit.nets.nets import tiny_lm, tiny_vit


def striped_images(count: int, seed: int) -> LabelledImages:
    """Noise with a bright half whose place says the class: none, one side, the middle."""
    rng = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 100, (count, 16, 16, 3), dtype=torch.uint8, generator=rng)
    labels = torch.arange(count) % 3
    images[labels == 1, :, :8] += 120
    images[labels == 2, 4:12, 4:12] += 120
    return LabelledImages(images, labels)


def trained_vit(**settings: float) -> SplitNet:
    """A tiny network trained on such images."""
    data = striped_images(240, seed=0)
    net = tiny_vit()
    plan = {"epochs": 4, "batch": 24, "learning_rate": 3e-3} | settings
    train(net, ImageSampler(data.images, data.labels, 24), TrainingSettings.model_validate(plan))
    return net


def test_training_learns_from_half_of_the_tokens() -> None:
    """A few epochs tell the three patterns apart, in images that training did not see."""
    net = trained_vit()
    assert not net.training
    assert accuracy_pct(net, striped_images(120, seed=1)) > 90


def test_the_seed_makes_the_training() -> None:
    """The same seed gives the same weights to the last bit, another one others."""
    first, again, other = trained_vit(epochs=1), trained_vit(epochs=1), trained_vit(epochs=1, seed=1)
    pairs = list(zip(first.parameters(), again.parameters(), other.parameters(), strict=True))
    assert all(torch.equal(one, two) for one, two, _ in pairs)
    assert not all(torch.equal(one, three) for one, _, three in pairs)


def test_a_language_model_learns_a_repeated_text() -> None:
    """Its perplexity falls from about 256 to near one on a text that says one thing over and over."""
    ids = torch.tensor(list(b"a plan, a path, a cut. " * 60))
    net = tiny_lm()
    before = perplexity(net, ids, 24)
    steps: list[tuple[int, float]] = []
    settings = TrainingSettings(
        epochs=40, batch=16, learning_rate=1e-2, tokens_kept=1.0, smoothing=0.0, weight_decay=0.0
    )
    sampler = TextSampler(ids, 24, 16)
    train(net, sampler, settings, lambda step, loss: steps.append((step, loss)))
    assert [step for step, _ in steps] == list(range(1, 40 * sampler.steps + 1))
    assert steps[-1][1] < steps[0][1] / 4
    assert 150 < before < 400
    assert perplexity(net, ids, 24) < 1.6


def test_perplexity_of_a_network_that_knows_nothing() -> None:
    """Equal logits are as good as guessing one byte of 256."""
    net = tiny_lm()
    torch.nn.init.zeros_(net.tokens)
    assert perplexity(net, torch.arange(200) % 256, 24) == pytest.approx(256)


def test_images_are_turned_and_never_changed_otherwise() -> None:
    """Each image of an epoch is one of the eight symmetries of a training image, each image once."""
    data = striped_images(12, seed=3)
    wanted = {_canonical(image): int(label) for image, label in zip(data.images, data.labels, strict=True)}
    sampler = ImageSampler(data.images, data.labels, 4)
    batches = list(sampler.epoch(torch.Generator().manual_seed(0)))
    seen = {
        _canonical(image): int(label)
        for images, labels in batches
        for image, label in zip(images, labels, strict=True)
    }
    assert len(batches) == sampler.steps == 3
    assert seen == wanted
    assert any((images[:, None] != data.images).any() for images, _ in batches)


def _canonical(image: torch.Tensor) -> bytes:
    """The least of an image's eight symmetries, as bytes."""
    turned = [image.rot90(quarter) for quarter in range(4)]
    return min(one.contiguous().numpy().tobytes() for some in turned for one in (some, some.flip(0)))


@pytest.mark.parametrize(
    "wrong", [{"epochs": 0}, {"tokens_kept": 0.0}, {"smoothing": 1.5}, {"learning_rate": -1.0}, {"depth": 3}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    """Every hyper-parameter has its range, and unknown ones are refused."""
    with pytest.raises(ValidationError):
        TrainingSettings.model_validate({"epochs": 1} | wrong)
