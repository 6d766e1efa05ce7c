"""What networks are trained for: telling what an image shows, guessing the next byte of a text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from rich.progress import Progress

from satllm_env.nets.image_data import ImageSource
from satllm_env.nets.labelled import LabelledImages
from satllm_env.nets.measure import accuracy_pct, perplexity
from satllm_env.nets.samplers import ImageSampler, Sampler, TextSampler
from satllm_env.nets.split_net import SplitNet
from satllm_env.nets.store import DataCard, Measure
from satllm_env.nets.text_data import text, text_sha256, windows


class Task(ABC):
    """What a network is trained for: its data, and how good it is at it."""

    name: str
    measure: Measure

    @abstractmethod
    def sampler(self, batch: int, bar: Progress) -> Sampler:
        """The training split, in batches."""

    @abstractmethod
    def value(self, net: SplitNet, split: str) -> float:
        """The measure on a split."""

    @abstractmethod
    def card(self) -> DataCard:
        """What the data were."""


class Classification(Task):
    """Telling which class an image shows.

    Args:
        source: of the images.
        seed: of the source, for the card.
        train_items: images to train on; None is all that the source has.
    """

    measure: Measure = "accuracy_pct"

    def __init__(self, source: ImageSource, seed: int, train_items: int | None) -> None:
        self.name, self._source, self._seed, self._train_items = source.name, source, seed, train_items
        self._cache: dict[str, LabelledImages] = {}
        self._trained_on = 0

    def sampler(self, batch: int, bar: Progress) -> Sampler:
        """The training images, turned and mirrored at random."""
        task = bar.add_task("making images", total=None)
        data = self._source.split("train", self._train_items, lambda count: bar.advance(task, count))
        bar.remove_task(task)
        self._trained_on = len(data.images)
        return ImageSampler(data.images, data.labels, batch)

    def value(self, net: SplitNet, split: str) -> float:
        """Accuracy [percent]."""
        return accuracy_pct(net, self._split(split))

    def card(self) -> DataCard:
        """What the images were."""
        test = self._split("test")
        return DataCard(
            source=self.name, seed=self._seed, train_items=self._trained_on, test_items=len(test.images),
            test_sha256=test.sha256,
        )  # fmt: skip

    def _split(self, split: str) -> LabelledImages:
        if split not in self._cache:
            self._cache[split] = self._source.split(split)
        return self._cache[split]


class NextCharacter(Task):
    """Guessing the next byte of a text.

    Args:
        name_or_file: see `text_data.text`.
        seed: of the procedural log.
        train_items: bytes to train on; None is all there are.
        context: bytes that the network sees.
    """

    measure: Measure = "perplexity"

    def __init__(self, name_or_file: str, seed: int, train_items: int | None, context: int) -> None:
        self.name, self._from, self._context = Path(name_or_file).name, name_or_file, context
        self._seed, self._train_items = seed, train_items
        self._trained_on = 0

    def sampler(self, batch: int, bar: Progress) -> Sampler:
        """The training text, in random windows."""
        for split in ("validation", "test"):  # too short a text should be known before training
            windows(text(self._from, split, seed=self._seed), self._context)
        ids = text(self._from, "train", self._train_items, self._seed)
        self._trained_on = len(ids)
        return TextSampler(ids, self._context, batch)

    def value(self, net: SplitNet, split: str) -> float:
        """Perplexity per byte."""
        return perplexity(net, text(self._from, split, seed=self._seed), self._context)

    def card(self) -> DataCard:
        """What the text was."""
        test = text(self._from, "test", seed=self._seed)
        return DataCard(
            source=self.name, seed=self._seed, train_items=self._trained_on, test_items=len(test),
            test_sha256=text_sha256(test),
        )  # fmt: skip
