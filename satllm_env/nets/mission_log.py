"""Text for a small language model: the log of a made-up constellation, written from a seeded grammar.

Each entry is one paragraph about one satellite and one event, with figures that agree with each other:
what rises ends higher than it began, times follow each other, a pass lasts as long as its ends say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from satllm_env.errors import InputError

Item = TypeVar("Item")

SPLITS = ("train", "calibration", "validation", "test")
"""Names of the splits; no generator serves two of them."""

PLACES = (
    "the Amazon basin", "Lake Victoria", "the Gobi desert", "the Alps", "the Bay of Bengal", "Patagonia",
    "the Nile delta", "Iceland", "the Great Plains", "Borneo", "the Sahel", "Tasmania", "the Baltic Sea",
    "the Andes", "Honshu", "the Gulf of Mexico", "Lapland", "the Namib desert", "the Mekong delta",
    "the Caspian Sea", "Newfoundland", "the Atacama desert", "Madagascar", "the Ganges plain",
)  # fmt: skip
STATIONS = ("Kiruna", "Svalbard", "Fairbanks", "Nairobi", "Punta Arenas", "Hobart", "Matera", "Santiago")
NAMES = ("Heron", "Plover", "Tern", "Curlew", "Osprey", "Petrel", "Dunlin", "Kestrel", "Avocet", "Gannet")
CLOUDS = ("clear sky", "thin cirrus", "broken cloud", "low stratus", "towering cumulus", "haze and dust")
COVERS = ("cropland", "forest", "pasture", "open water", "bare soil", "snow", "built-up land", "wetland")
CAUSES = (
    "a reset of the receiver", "a stuck heater", "an upset in memory", "a late command", "radiation",
    "a drifting clock", "a noisy star tracker", "low sun on the sensor",
)  # fmt: skip
FIXES = (
    "switched to the spare unit", "loaded the last good table", "restarted the task",
    "waited for the next pass", "lowered the rate", "turned the panels to the sun",
    "asked the ground for help",
)  # fmt: skip
TREND = (("rose", "warmer", 1), ("fell", "colder", -1))


class _Writer:
    """Draws what sentences are made of.

    Args:
        rng: source of every choice.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def number(self, low: int, high: int) -> int:
        """An integer from `low` to `high`, both included."""
        return int(self._rng.integers(low, high + 1))

    def one(self, options: tuple[Item, ...]) -> Item:
        """One of several."""
        return options[self.number(0, len(options) - 1)]

    def maybe(self, text: str) -> str:
        """The text, or nothing, with even chances."""
        return text if self.number(0, 1) else ""

    def satellite(self) -> str:
        """A satellite's name and number."""
        return f"{self.one(NAMES)} {self.number(1, 48)}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def _pass(write: _Writer, minute: int) -> str:
    station, lasted, elevation = write.one(STATIONS), write.number(4, 11), write.number(12, 88)
    sent = lasted * write.number(20, 60)
    return (
        f"rose over {station} at {_clock(minute)} and set at {_clock(minute + lasted)}, {lasted} minutes "
        f"later. At {elevation} degrees it was {'high' if elevation > 45 else 'low'} in the sky and sent "
        f"{sent} megabytes"
        f"{write.maybe(f', {write.number(1, 9)} of them twice')}."
    )


def _picture(write: _Writer, minute: int) -> str:
    cloud, share = write.one(CLOUDS), write.number(1, 9) * 10
    cover, other = write.one(COVERS), write.one(COVERS)
    found = f"{cover} on {share} percent of it"
    found += f" and {other} on the rest" if other != cover else ""
    return (
        f"took a picture of {write.one(PLACES)} at {_clock(minute)} through {cloud}. "
        f"The model found {found}{write.maybe(f', with {write.number(1, 40)} ships in sight')}."
    )


def _temperature(write: _Writer, minute: int) -> str:
    verb, feel, sign = write.one(TREND)
    start, change = write.number(-20, 40), write.number(2, 15)
    part = write.one(("battery", "radio", "camera", "computer", "left panel", "right panel"))
    return (
        f"reported that the {part} {verb} from {start} to {start + sign * change} degrees by "
        f"{_clock(minute)}. It is {change} degrees {feel} than at noon"
        f"{write.maybe(', which is within limits')}."
    )


def _fault(write: _Writer, minute: int) -> str:
    lost, fix = write.number(1, 30), write.one(FIXES)
    return (
        f"raised an alarm at {_clock(minute)} because of {write.one(CAUSES)}. "
        f"It {fix} and was back at {_clock(minute + lost)}, after {lost} minutes"
        f"{write.maybe('; nothing was lost')}."
    )


def _handover(write: _Writer, minute: int) -> str:
    first, blocks = write.number(1, 11), 12
    link = write.one(("laser", "radio"))
    return (
        f"ran blocks 1 to {first} and passed the rest to {write.satellite()} over the {link} link "
        f"at {_clock(minute)}. The other {blocks - first} took {write.number(2, 90)} milliseconds"
        f"{write.maybe(f' and the answer was {write.one(COVERS)}')}."
    )


def _manoeuvre(write: _Writer, minute: int) -> str:
    altitude, change = write.number(480, 1200), write.number(1, 6)
    verb, _, sign = write.one(TREND)
    return (
        f"fired its thruster for {write.number(5, 90)} seconds at {_clock(minute)}. The orbit {verb} from "
        f"{altitude} to {altitude + sign * change} kilometres{write.maybe(', well clear of any debris')}."
    )


EVENTS: tuple[Callable[[_Writer, int], str], ...] = (
    _pass, _picture, _picture, _temperature, _fault, _handover, _handover, _manoeuvre,
)  # fmt: skip


def mission_log(split: str, length: int, seed: int = 0) -> str:
    """Write the log of a split, cut off after `length` characters; all of them are ASCII.

    A longer text of the same split begins with the shorter one.

    Args:
        split: one of `SPLITS`.
        length: characters.
        seed: of the whole text.

    Raises:
        InputError: no such split.
    """
    if split not in SPLITS:
        raise InputError("split", split, f"unknown; known are {', '.join(SPLITS)}")
    write = _Writer(np.random.default_rng((seed, SPLITS.index(split))))
    entries: list[str] = []
    day, minute, written = write.number(1, 366), 0, 0
    while written < length:
        minute += write.number(1, 45)
        day, minute = (day % 366 + 1, minute - 1440) if minute >= 1440 else (day, minute)
        event = write.one(EVENTS)
        entries.append(f"Day {day}, {_clock(minute)}. {write.satellite()} {event(write, minute)}\n")
        written += len(entries[-1])
    return "".join(entries)[:length]
