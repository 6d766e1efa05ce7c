"""Raw images: the sizes that cameras and the paper's experiments use."""

from __future__ import annotations

from types import MappingProxyType

from satllm_env.errors import InputError

RESOLUTIONS_PX = MappingProxyType(
    {"240p": (426, 240), "480p": (854, 480), "720p": (1280, 720), "1080p": (1920, 1080)}
)
"""[px] width and height of the usual 16:9 video formats, the paper's inputs (arXiv 2604.04654)."""


def resolution_px(name: str) -> tuple[int, int]:
    """[px] width and height of a named resolution.

    Raises:
        InputError: no resolution has that name; the message lists those that exist.
    """
    try:
        return RESOLUTIONS_PX[name]
    except KeyError:
        raise InputError("resolution", name, f"unknown; known are {', '.join(RESOLUTIONS_PX)}") from None


def raw_image_bytes(width_px: int, height_px: int, channels: int = 3) -> int:
    """[bytes] of an uncompressed image with one byte per channel (RGB8 for three)."""
    return width_px * height_px * channels
