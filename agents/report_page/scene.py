"""What a map or a graph of a network shows, in the units of its drawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from satllm_env.problem.instance import Floats

Rectangle = tuple[float, float, float, float]
"""Left, top, width, height."""


@dataclass(frozen=True)
class Line:
    """A link, or a hop of the plan."""

    path: str
    """Commands of an SVG path."""
    kind: Literal["isl", "downlink", "way"]
    tip: str
    """What is told of it; nothing is where this is empty."""
    step: int = 0
    """Number of the plan's step that it stands for, 0 for none."""


@dataclass(frozen=True)
class Arrow:
    """Where a hop goes: a head half-way along."""

    x: float
    y: float
    angle_deg: float


@dataclass(frozen=True)
class Mark:
    """A satellite or a site on the ground."""

    x: float
    y: float
    kind: Literal["satellite", "ground"]
    role: Literal["idle", "relay", "stage"]
    tip: str
    text: str = ""
    """Number of its step, written on it."""
    colour: int = 0
    """Of its stage."""
    step: int = 0


@dataclass(frozen=True)
class Name:
    """A label beside a mark."""

    x: float
    y: float
    dx_px: float
    dy_px: float
    text: str


@dataclass(frozen=True)
class Scene:
    """A picture that can be zoomed; y counts downwards."""

    view: Rectangle
    """What is shown first."""
    whole: Rectangle
    """What there is to see."""
    lines: tuple[Line, ...]
    arrows: tuple[Arrow, ...]
    marks: tuple[Mark, ...]
    names: tuple[Name, ...]
    text: str
    """What the picture shows, in words."""
    land: str = ""
    """Commands of an SVG path, empty where the picture is no map."""
    grid: str = ""

    @property
    def is_map(self) -> bool:
        """Whether places are longitudes and latitudes."""
        return bool(self.land)


def path_of(points: Floats, *, closed: bool = False) -> str:
    """An SVG path through (K, 2) points, rounded to hundredths."""
    (x, y), *rest = points.round(2).tolist()
    parts = [f"M{x:g} {y:g}", *(f"L{a:g} {b:g}" for a, b in rest)]
    return "".join(parts) + ("z" if closed else "")
