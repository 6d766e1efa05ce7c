"""Recorded episodes: frames of a plan made move by move, and films of frames as GIF or MP4."""

from __future__ import annotations

import functools
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, repeat
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from satllm_env.errors import InputError
from satllm_env.figures import style
from satllm_env.figures.map_layout import MapLayout
from satllm_env.figures.walk_frame import walk_frame
from satllm_env.optional import advice
from satllm_env.problem.plan import Plan, Stage
from satllm_env.problem.walk import Walk

if TYPE_CHECKING:
    from PIL.Image import Image

Frame = NDArray[np.uint8]
"""(H, W, 3) red, green and blue."""

HOLD_S = 3.0
"""[s] that a film shows its last frame, unless told otherwise."""
_COLOURS = (
    *(style.INK, style.MUTED, style.FAINT, style.LAND, style.IDLE, style.ISL, style.BOTTLENECK_BAND),
    *(style.BLUE, style.SKY, style.GREEN, style.ORANGE, style.VERMILION, style.PURPLE, style.YELLOW),
    *style.STAGES,
)
_CELL_BITS, _DROPPED_BITS = 6, 2
_SHADES = 9
"""From a colour to the paper, which the edges of lines and letters take."""
_QUALITY = ("-crf", "18", "-preset", "slow", "-movflags", "+faststart")
"""Of H.264: no loss that shows at the edges of letters, and the index first, for browsers."""


def plan_frames(
    plan: Plan, layout: MapLayout | None = None, *, width_px: int = 1200, height_px: int = 720
) -> Iterator[Frame]:
    """The frames of an episode that walks a plan: one before the first move, and one after each.

    Args:
        plan: the plan.
        layout: where the nodes stand; without it they are drawn as a graph.
        width_px: [pixels]
        height_px: [pixels]

    Raises:
        InputError: the frame is too small to be read, or the layout lacks a node of the plan.
    """
    for walk in walk_moves(plan):
        yield walk_frame(walk, layout, width_px=width_px, height_px=height_px)


def walk_moves(plan: Plan) -> Iterator[Walk]:
    """One walk, as it stands before a plan's first move and after each of them."""
    walk = Walk(plan.instance)
    yield walk
    for resource in plan.resources:
        if not isinstance(resource, Stage):
            walk.send(resource.link, resource.level)
            yield walk
        elif not walk.finished:  # the destination computes its layers without a move
            for _ in range(resource.first_layer, resource.end_layer):
                walk.compute()
                yield walk


def num_frames(plan: Plan) -> int:
    """Frames that `plan_frames` makes of a plan."""
    return sum(1 for _ in walk_moves(plan))


def film(frames: Iterable[Frame], suffix: str, frames_per_s: float, hold_s: float = HOLD_S) -> bytes:
    """Frames as the bytes of a film, the last one held.

    Args:
        frames: one or more, of one size; those of a GIF are brought to the colours of this package.
        suffix: ``.gif`` or ``.mp4``.
        frames_per_s: above 0, at most 50.
        hold_s: [s] that the last frame stays, at most 600.

    Raises:
        InputError: as `check_film`, or there is no frame.
    """
    check_film(suffix, frames_per_s, hold_s)
    shown = iter(frames)
    first = next(shown, None)
    if first is None:
        raise InputError("film", "frames", "there is nothing to show")
    return _ENCODERS[suffix.lower()](chain([first], shown), frames_per_s, hold_s)


def check_film(suffix: str, frames_per_s: float, hold_s: float) -> None:
    """Refuse what `film` could not make, before any frame is drawn.

    Raises:
        InputError: the suffix, the rate or the hold is wrong, or the library for MP4 is missing.
    """
    if suffix.lower() not in _ENCODERS:
        raise InputError("film", "suffix", f"must be {' or '.join(_ENCODERS)}, is {suffix!r}")
    if not 0 < frames_per_s <= 50:
        raise InputError("film", "frames_per_s", f"must be above 0 and at most 50, is {frames_per_s:g}")
    if not 0 <= hold_s <= 600:
        raise InputError("film", "hold_s", f"must be from 0 to 600, is {hold_s:g}")
    if suffix.lower() == ".mp4":
        _ffmpeg()


def _gif(frames: Iterable[Frame], frames_per_s: float, hold_s: float) -> bytes:
    """A GIF that starts over; all its frames share one palette, so that still parts cost nothing."""
    still = [_indexed(frame) for frame in frames]
    step_ms = round(1000 / frames_per_s)
    duration_ms = [step_ms] * (len(still) - 1) + [max(step_ms, round(1000 * hold_s))]
    file = io.BytesIO()
    still[0].save(file, "GIF", save_all=True, append_images=still[1:], duration=duration_ms, loop=0)
    return file.getvalue()


def _indexed(frame: Frame) -> Image:
    """The frame in the colours of the palette."""
    from PIL import Image

    cells = (frame >> _DROPPED_BITS).astype(np.uint32)
    number = (cells[..., 0] << 2 * _CELL_BITS) | (cells[..., 1] << _CELL_BITS) | cells[..., 2]
    image = Image.fromarray(_nearest()[number])
    image.putpalette(_palette().tobytes())
    return image


@functools.cache
def _palette() -> Frame:
    """(1, up to 256, 3) the figures' colours, each with its shades up to the paper."""
    from matplotlib.colors import to_rgb

    share = np.linspace(1.0, 0.0, _SHADES)[:, None]
    base = np.array([to_rgb(colour) for colour in _COLOURS])
    shades = np.concatenate([share * to_rgb(style.PAPER) + (1 - share) * colour for colour in base])
    return np.unique(np.rint(255 * shades).astype(np.uint8), axis=0)[None]


@functools.cache
def _nearest() -> NDArray[np.uint8]:
    """(2^18,) number in the palette of the colour nearest to each cell of a coarse colour cube.

    A cell that holds a colour of the palette goes to that one, so that flat areas keep theirs exactly.
    Pillow's own search is coarser: it makes the paper grey.
    """
    from scipy.spatial import cKDTree

    (palette,) = _palette()
    steps = (np.arange(1 << _CELL_BITS) + 0.5) * (1 << _DROPPED_BITS)
    cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    nearest = np.asarray(cKDTree(palette).query(cube)[1], np.uint8)
    cells = (palette >> _DROPPED_BITS).astype(np.int64) @ (1 << _CELL_BITS * np.arange(2, -1, -1))
    nearest[cells] = np.arange(len(palette))
    return nearest


def _mp4(frames: Iterable[Frame], frames_per_s: float, hold_s: float) -> bytes:
    """H.264 in an MP4, in the colours that every player knows (4:2:0)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        _write_mp4(path, frames, frames_per_s, round(hold_s * frames_per_s))
        return path.read_bytes()


def _write_mp4(path: Path, frames: Iterable[Frame], frames_per_s: float, held: int) -> None:
    shown = (_even(frame) for frame in frames)
    frame = next(shown)
    height, width = frame.shape[:2]
    writer = _ffmpeg().write_frames(
        str(path), (width, height), fps=frames_per_s, macro_block_size=2, output_params=list(_QUALITY)
    )
    writer.send(None)  # starts the encoder
    try:
        writer.send(frame)
        for frame in shown:
            writer.send(frame)
        for again in repeat(frame, held):
            writer.send(again)
    finally:
        writer.close()


def _even(frame: Frame) -> Frame:
    """The frame with its last row and column doubled where 4:2:0 needs an even number."""
    height, width = frame.shape[:2]
    return np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _ffmpeg() -> Any:
    """The library that brings ffmpeg.

    Raises:
        InputError: it is not installed.
    """
    try:
        import imageio_ffmpeg
    except ImportError:
        raise InputError("film", ".mp4", advice("imageio_ffmpeg")) from None
    return imageio_ffmpeg


_Encoder = Callable[[Iterable[Frame], float, float], bytes]
_ENCODERS: MappingProxyType[str, _Encoder] = MappingProxyType({".gif": _gif, ".mp4": _mp4})
