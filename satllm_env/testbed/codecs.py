"""The codecs that a plan's cuts need, calibrated for the network."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from satllm_env.compression.codec import Codec, CodecSettings, parse_settings
from satllm_env.compression.measured_cuts import MeasuredCuts
from satllm_env.compression.probing.calibration import Calibration, measure_calibration
from satllm_env.compression.probing.data import ProbeData
from satllm_env.compression.profile import PROFILE_FOLDER, load_profile
from satllm_env.errors import InputError
from satllm_env.nets.split_net import SplitNet
from satllm_env.nets.store import NetCard
from satllm_env.problem import Plan
from satllm_env.problem.schema import Level
from satllm_env.testbed.problem_of import PLAIN

CALIBRATION_ITEMS = 400


def profile_of(card: NetCard | None) -> MeasuredCuts | None:
    """The shipped profile that was measured on a network, if there is one."""
    if card is None or not (PROFILE_FOLDER / f"{card.name}.json").exists():
        return None
    profile = load_profile(card.name)
    same = isinstance(profile, MeasuredCuts) and profile.made_by.net_sha256 == card.sha256
    return profile if same and isinstance(profile, MeasuredCuts) else None


def levels_of(profile: MeasuredCuts | None, cuts: int) -> tuple[Level, ...]:
    """The levels that a network may send at: its profile's, or `none` alone."""
    return (PLAIN,) if profile is None else profile.levels(cuts)


def require_levels(levels: Collection[Level], profile: MeasuredCuts | None, source: str) -> None:
    """Refuse a problem with levels that no codec of the network has.

    Raises:
        InputError: it has.
    """
    known = {"none"} | ({level.name for level in profile.cut_levels} if profile else set())
    for number, level in enumerate(levels):
        if level.name not in known:
            words = f"{level.name!r} is no level of the network's codecs ({', '.join(sorted(known))})"
            raise InputError(source, f"compression[{number}].name", words)


@dataclass
class CodecMaker:
    """Calibrates codecs, each once.

    Args:
        net: the network.
        card: of the network.
        profile: names the codecs' settings.
        items: of the calibration split.
    """

    net: SplitNet
    card: NetCard
    profile: MeasuredCuts
    items: int = CALIBRATION_ITEMS
    _made: dict[tuple[str, int], Codec] = field(default_factory=dict)
    _calibrated: dict[int, Calibration] = field(default_factory=dict)

    def codec(self, level: str, boundary: int) -> Codec:
        """The codec of a level at a boundary."""
        key = level, boundary
        if key not in self._made:
            (self._made[key],) = self._calibration(boundary).codecs([self._settings(level)])
        return self._made[key]

    def _calibration(self, boundary: int) -> Calibration:
        if boundary not in self._calibrated:
            inputs = ProbeData(self.card).split("calibration", self.items).inputs
            self._calibrated[boundary] = measure_calibration(self.net, inputs, [boundary])
        return self._calibrated[boundary]

    def _settings(self, name: str) -> CodecSettings:
        table = next(level.settings for level in self.profile.cut_levels if level.name == name)
        return parse_settings(table, self.profile.name)


def cuts_of(plan: Plan) -> dict[tuple[int, int], str]:
    """The compressed cuts of a plan: level and boundary, and the level's name."""
    names = plan.instance.problem.compression
    return {(t.level, t.boundary): names[t.level].name for t in plan.transfers if t.level}
