"""The codecs that a plan's cuts need, calibrated for the network, and the levels that it may choose from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from torch import Tensor

from satllm_env.compression.codec import Codec, CodecSettings, load_codecs, parse_settings, save_codecs
from satllm_env.compression.measured_cuts import MeasuredCuts
from satllm_env.compression.probing.calibration import measure_calibration
from satllm_env.compression.probing.probe import Probe
from satllm_env.compression.probing.rows import cut_level
from satllm_env.compression.probing.sets import single_cuts
from satllm_env.compression.profile import PROFILE_FOLDER, load_profile
from satllm_env.errors import InputError
from satllm_env.nets.split_net import SplitNet
from satllm_env.nets.store import NetCard
from satllm_env.problem import Plan
from satllm_env.problem.schema import Level
from satllm_env.testbed.problem_of import PLAIN

PATTERNS = {"images": "landcover-vit", "text": "char-lm"}
"""Shipped profiles whose codecs' settings serve networks that have no profile, by what these take."""
EVERY = 3
"""Of a pattern's levels every third is measured."""
PROBE_INPUTS = 16
"""Inputs that levels are measured on, in whole payloads."""


def profile_of(card: NetCard | None) -> MeasuredCuts | None:
    """The shipped profile that was measured on a network, if there is one."""
    if card is None or not (PROFILE_FOLDER / f"{card.name}.json").exists():
        return None
    profile = _measured_cuts(card.name)
    return profile if profile.made_by.net_sha256 == card.sha256 else None


def pattern_for(takes: Literal["images", "text"]) -> MeasuredCuts:
    """The profile whose settings and loss rule serve networks without one."""
    return _measured_cuts(PATTERNS[takes])


def _measured_cuts(name: str) -> MeasuredCuts:
    profile = load_profile(name)
    assert isinstance(profile, MeasuredCuts)
    return profile


def require_levels(levels: Collection[Level], profile: MeasuredCuts, source: str) -> None:
    """Refuse a problem with levels that no codec of the network has.

    Raises:
        InputError: it has.
    """
    known = {"none"} | {level.name for level in profile.cut_levels}
    for number, level in enumerate(levels):
        if level.name not in known:
            words = f"{level.name!r} is no level of the network's codecs ({', '.join(sorted(known))})"
            raise InputError(source, f"compression[{number}].name", words)


@dataclass
class CodecMaker:
    """Calibrates codecs, each once.

    Args:
        net: the network.
        calibration: gives the inputs that codecs are calibrated from.
        profile: names the levels and the codecs' settings.
        own: whether the profile was measured on the network; if not, only its settings and its loss rule
            are used.
        folder: where codecs are kept from run to run; None keeps none.
    """

    net: SplitNet
    calibration: Callable[[], Tensor]
    profile: MeasuredCuts
    own: bool = True
    folder: Path | None = None
    _made: dict[tuple[str, int], Codec] = field(default_factory=dict)
    _weights: str | None = None

    def levels(self, payload_inputs: int) -> tuple[Level, ...]:
        """The levels that the network may send at, `none` first: its profile's, or measured here and now.

        Args:
            payload_inputs: inputs in a payload, where levels are measured.
        """
        cuts = len(self.net.blocks) - 1
        return (
            self.profile.levels(cuts) if self.own else (PLAIN, *self._measured_levels(cuts, payload_inputs))
        )

    def _measured_levels(self, cuts: int, payload_inputs: int) -> list[Level]:
        """Every third of the profile's levels, at every cut of the network.

        Bytes, seconds and the divergence of the outputs are measured on calibration inputs. What a
        divergence costs in points is taken to be as for the profile's network.
        """
        if not cuts:
            return []
        settings = [self._settings(level.name) for level in self.profile.cut_levels[::EVERY]]
        inputs = self.calibration()
        codecs = measure_calibration(self.net, inputs).codecs(settings)
        self._made |= {(c.settings.name, b): _alone(c, b) for c in codecs for b in range(1, cuts + 1)}
        some = inputs[: max(PROBE_INPUTS // payload_inputs, 1) * payload_inputs]
        probe = Probe(self.net, codecs, some, self.net.predict(some).argmax(-1), payload_inputs)
        boundaries = range(1, cuts + 1)
        outcomes = probe.run(single_cuts(boundaries, len(codecs)))
        measured = [cut_level(codec, n, boundaries, outcomes) for n, codec in enumerate(codecs)]
        depths, blocks = [boundary / (cuts + 1) for boundary in boundaries], cuts + 1
        return [level.at(depths, blocks, self.profile.loss_rule) for level in measured]

    def codecs(self, cuts: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Codec]:
        """The codecs of cuts, by level and boundary."""
        wanted = set(cuts)
        for key in sorted(wanted - set(self._made)):
            if (kept := self._kept(key)) is not None:
                self._made[key] = kept
        self._calibrate(sorted(wanted - set(self._made)))
        return {key: self._made[key] for key in wanted}

    def _calibrate(self, cuts: Sequence[tuple[str, int]]) -> None:
        """All at once: they share the runs of the network."""
        if not cuts:
            return
        boundaries = sorted({boundary for _, boundary in cuts})
        calibration = measure_calibration(self.net, self.calibration(), boundaries)
        for key in cuts:
            (self._made[key],) = calibration.at([key[1]]).codecs([self._settings(key[0])])
            if self.folder is not None:
                save_codecs(self._file(key), [self._made[key]])

    def _kept(self, key: tuple[str, int]) -> Codec | None:
        if self.folder is None or not self._file(key).exists():
            return None
        (codec,) = load_codecs(self._file(key))
        return codec

    def _file(self, key: tuple[str, int]) -> Path:
        """Named after all that a codec depends on: weights, inputs, settings and boundary."""
        assert self.folder is not None
        if self._weights is None:
            digest = hashlib.sha256(self.calibration().numpy().tobytes())
            for tensor in self.net.state_dict().values():
                digest.update(tensor.contiguous().numpy())
            self._weights = digest.hexdigest()
        whole = f"{self._weights} {self._settings(key[0]).model_dump_json()} {key[1]}"
        name = hashlib.sha256(whole.encode()).hexdigest()[:24]
        return self.folder / f"{key[0]}-{key[1]}-{name}.safetensors"

    def _settings(self, name: str) -> CodecSettings:
        table = next(level.settings for level in self.profile.cut_levels if level.name == name)
        return parse_settings(table, self.profile.name)


def _alone(codec: Codec, boundary: int) -> Codec:
    """A codec of one boundary only."""
    return Codec(codec.settings, {boundary: codec.boundaries[boundary]})


def cuts_of(plan: Plan) -> dict[tuple[int, int], str]:
    """The compressed cuts of a plan: level and boundary, and the level's name."""
    names = plan.instance.problem.compression
    return {(t.level, t.boundary): names[t.level].name for t in plan.transfers if t.level}
