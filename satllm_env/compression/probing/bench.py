"""One network on the bench: every part of its compression profile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from torch import Tensor

from satllm_env.compression.codec import Codec, CodecSettings
from satllm_env.compression.codec.settings import TransformKind
from satllm_env.compression.learn import LearningSettings
from satllm_env.compression.loss_rule import LossRule, fit_loss_rule
from satllm_env.compression.measured_cuts import CutLevel
from satllm_env.compression.probing import methods
from satllm_env.compression.probing.calibration import Calibration, measure_calibration
from satllm_env.compression.probing.data import Items, ProbeData
from satllm_env.compression.probing.outcome import Cut, CutSet, Outcome
from satllm_env.compression.probing.parallel import run_sets, time_codecs
from satllm_env.compression.probing.rows import MethodRow, SetRow, cut_level, method_row, rounded, set_row
from satllm_env.compression.probing.sets import random_plans, random_sets, single_cuts
from satllm_env.nets.split_net import SplitNet

CALIBRATION_ITEMS = 1_000
LEAST_BLOCKS = 3
"""With fewer there are no two cuts."""
TIMED_ITEMS = 320
"""Inputs whose payloads are timed, at four cuts each."""
TRAIN_ITEMS = 4_000
"""Inputs that masks are trained on."""
Step = Callable[[int], None]


@dataclass(frozen=True)
class Bench:
    """A network, its data and the levels to measure.

    Args:
        net: the network, without gradients.
        data: of the network.
        levels: ascending in what they lose.
        items: of the test split, and at most as many of the validation split.
        jobs: processes.
        seed: of all draws of sets.
    """

    net: SplitNet
    data: ProbeData
    levels: Sequence[CodecSettings]
    items: int
    jobs: int
    seed: int = 0

    @property
    def boundaries(self) -> tuple[int, ...]:
        """Every cut between two blocks."""
        return tuple(range(1, len(self.net.blocks)))

    @property
    def two_cuts(self) -> tuple[int, int]:
        """A third and two thirds into the network, which has `LEAST_BLOCKS` at least."""
        blocks = len(self.net.blocks)
        return round(blocks / 3), round(2 * blocks / 3)

    @cached_property
    def test(self) -> Items:
        """What figures are measured on; nothing is trained, calibrated or fitted on it."""
        return self.data.split("test", self.items)

    @cached_property
    def validation(self) -> Items:
        """What the loss rule is fitted on."""
        return self.data.split("validation", self.items)

    @cached_property
    def training(self) -> Tensor:
        """Inputs that masks are trained on."""
        return self.data.split("train", TRAIN_ITEMS).inputs

    @cached_property
    def calibration(self) -> Calibration:
        """What codecs are calibrated from."""
        return measure_calibration(self.net, self.data.split("calibration", CALIBRATION_ITEMS).inputs)

    @cached_property
    def codecs(self) -> tuple[Codec, ...]:
        """Of the levels."""
        return self.calibration.codecs(self.levels)

    @cached_property
    def accuracy_pct(self) -> float:
        """[percent] of the uncompressed network on the test items."""
        right = self.net.predict(self.test.inputs).argmax(-1) == self.test.targets
        return 100 * float(right.double().mean())

    def run(
        self, sets: Iterable[CutSet], items: Items, step: Step | None, codecs: Sequence[Codec] | None = None
    ) -> dict[CutSet, Outcome]:
        """Run sets of cuts on some items; codecs are the levels' unless others are given."""
        return run_sets(self.net, codecs or self.codecs, *items, sets, self.jobs, step)

    def timed(self, levels: Sequence[CutLevel]) -> tuple[CutLevel, ...]:
        """Levels with the codecs' times, measured one after the other on one core."""
        calibration = self.calibration.activations
        boundaries = (self.boundaries[0], *self.two_cuts, self.boundaries[-1])
        activations = {boundary: calibration[boundary][:TIMED_ITEMS] for boundary in boundaries}
        found = []
        for level, times in zip(levels, time_codecs(self.codecs, activations), strict=True):
            encode, decode = map(rounded, times)
            found.append(level.model_copy(update={"encode_s_per_byte": encode, "decode_s_per_byte": decode}))
        return tuple(found)

    def cut_levels(self, step: Step | None = None) -> tuple[CutLevel, ...]:
        """Every level at every cut alone, on the test split."""
        outcomes = self.run(single_cuts(self.boundaries, len(self.codecs)), self.test, step)
        return tuple(
            cut_level(codec, level, self.boundaries, outcomes) for level, codec in enumerate(self.codecs)
        )

    def rule_sets(self, count: int, step: Step | None = None) -> list[SetRow]:
        """Random sets of cuts and levels on the validation split, for the loss rule."""
        rng = np.random.default_rng([self.seed, 1])
        sets = random_sets(rng, self.boundaries, range(len(self.levels)), count)
        outcomes = self.run([*sets, *single_cuts(self.boundaries, len(self.levels))], self.validation, step)
        alone = {cuts[0]: outcome.divergence_nat.mean for cuts, outcome in outcomes.items() if len(cuts) == 1}
        names = [level.name for level in self.levels]
        return [set_row(cuts, outcomes[cuts], names, alone) for cuts in sets]

    def loss_rule(self, rows: Sequence[SetRow], confidence: float) -> LossRule:
        """Fit the loss rule to sets that were measured on the validation split."""
        return fit_loss_rule(
            [len(row.cuts) for row in rows],
            [row.summed_kl_nat for row in rows],
            [row.loss for row in rows],
            len(self.validation.inputs),
            confidence,
        )

    def sets(
        self, levels: Sequence[CutLevel], rule: LossRule, level: int, count: int, step: Step | None = None
    ) -> list[SetRow]:
        """Random sets of one to four cuts at one level, on the test split."""
        rng = np.random.default_rng([self.seed, 2])
        return self._rows(random_sets(rng, self.boundaries, [level], count), levels, rule, step)

    def plans(
        self, levels: Sequence[CutLevel], rule: LossRule, budget: float, count: int, step: Step | None = None
    ) -> list[SetRow]:
        """Random plans that keep an accuracy budget by the rule, on the test split."""
        rng = np.random.default_rng([self.seed, 3])
        losses = {cut: rule.points(kl) for cut, kl in divergence_of(levels).items()}
        return self._rows(random_plans(rng, losses, budget, count), levels, rule, step)

    def families(
        self, families: Iterable[tuple[str, str, Codec]], step: Step | None = None
    ) -> list[MethodRow]:
        """Codecs of some methods and settings at two cuts, on the test split."""
        rows = []
        for method, setting, codec in families:
            cuts = tuple(Cut(boundary, 0) for boundary in self.two_cuts)
            outcome = self.run([cuts], self.test, step, [codec])[cuts]
            rows.append(method_row(method, setting, cuts, outcome, codec.settings.name))
        return rows

    def sparsifiers(
        self, transform: TransformKind, settings: LearningSettings, step: Callable[[], None]
    ) -> Iterable[tuple[str, str, Codec]]:
        """A learned mask, top-k and no sparsifier in one domain, all of the same size on calibration data."""
        gumbel, _ = methods.learned_mask(
            self.net, self.calibration, self.training, transform, settings, lambda *_: step()
        )
        two = self.calibration.at(self.two_cuts)
        size = methods.calibration_ratio(gumbel, two)
        yield "Gumbel mask", transform, gumbel
        families: dict[str, Callable[[float], CodecSettings]] = {
            "top-k": lambda shrink: methods.top_k(transform, 1 / shrink),
            "none": lambda step: methods.uniform("none", transform, step),
        }
        for name, make in families.items():
            low, high = (1.0, 1e3) if name == "top-k" else (0.01, 1e2)
            codec = methods.matched(two, make, low, high, size)
            off = methods.calibration_ratio(codec, two) / size
            setting = transform if abs(off - 1) < methods.NEAR else f"{transform}, {off:.2f} × the ratio"
            yield name, setting, codec

    def _rows(
        self, sets: list[CutSet], levels: Sequence[CutLevel], rule: LossRule, step: Step | None
    ) -> list[SetRow]:
        outcomes, divergences = self.run(sets, self.test, step), divergence_of(levels)
        names = [level.name for level in levels]
        bounds = {cuts: sum(rule.points(divergences[cut]) for cut in cuts) for cuts in sets}
        return [set_row(cuts, outcomes[cuts], names, divergences, bounds[cuts]) for cuts in sets]


def divergence_of(levels: Sequence[CutLevel]) -> dict[Cut, float]:
    """[nat] of every cut at every level."""
    return {
        Cut(figures.boundary, place): figures.kl_nat
        for place, level in enumerate(levels)
        for figures in level.cuts
    }
