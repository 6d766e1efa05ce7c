"""A window that shows one picture after another: what ``render_mode="human"`` opens."""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from satllm_env.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BRIEF_S = 1e-3
"""[s] that the toolkit has at least for the mouse and the keyboard."""


class Window:
    """A window of matplotlib's interactive backend, whichever GUI toolkit that finds.

    Closed by its user it stays closed, and further pictures are dropped; `close` closes it for good. Where
    none can open, a warning says so once and pictures are dropped, too, so that checks go on.

    Args:
        title: of the window.
        frames_per_s: pictures per second at most; `show` waits until the next one is due.

    Warns:
        UserWarning: there is no display, or no GUI toolkit.
    """

    def __init__(self, title: str, frames_per_s: float) -> None:
        self.title, self.interval_s = title, 1.0 / frames_per_s
        self._pyplot = _interactive_pyplot()
        self._figure: Figure | None = None
        self._image: Any = None
        self._due_s = 0.0
        self._closed = self._pyplot is None

    def show(self, pixels: NDArray[np.uint8]) -> None:
        """Replace the picture, then wait until the next one is due.

        Args:
            pixels: (H, W, 3) red, green and blue, the same size at every call.
        """
        if self._figure is None and not self._closed:
            self._open(pixels)
        if self._figure is None:
            return
        self._image.set_data(pixels)
        canvas: Any = self._figure.canvas
        canvas.draw()
        canvas.flush_events()  # even if the picture is late already
        canvas.start_event_loop(max(_BRIEF_S, self._due_s - time.monotonic()))
        self._due_s = time.monotonic() + self.interval_s

    def close(self) -> None:
        """Close the window; a second call does nothing."""
        self._closed = True
        if self._figure is not None:
            self._pyplot.close(self._figure)
        self._figure = self._image = None

    @style.styled
    def _open(self, pixels: NDArray[np.uint8]) -> None:
        height, width = pixels.shape[:2]
        with self._pyplot.rc_context({"toolbar": "None"}):
            figure = self._pyplot.figure(self.title, figsize=(width / style.DPI, height / style.DPI))
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_axis_off()
        self._image = axes.imshow(pixels)
        figure.canvas.mpl_connect("close_event", self._on_closed)
        self._figure = figure
        self._pyplot.show(block=False)

    def _on_closed(self, _: object) -> None:
        self._figure, self._closed = None, True


def _interactive_pyplot() -> Any:
    """Pyplot with a backend that opens windows; None, and a warning, where the backend opens none."""
    import matplotlib as mpl

    try:
        from matplotlib import pyplot

        backend = mpl.get_backend()
    except ImportError as error:  # a toolkit asked for by MPLBACKEND that is missing or finds no display
        return _no_window(" ".join(str(error).split()))
    return pyplot if opens_windows(backend) else _no_window(f"matplotlib's backend is {backend!r}")


def opens_windows(backend: str) -> bool:
    """Whether a matplotlib backend of that name opens windows."""
    from matplotlib.backends import registry

    known: Any = registry  # matplotlib leaves it untyped
    return backend.lower() in known.backend_registry.list_builtin(known.BackendFilter.INTERACTIVE)


def _no_window(reason: str) -> None:
    warnings.warn(
        f'render_mode "human" shows nothing: it needs a display and a GUI toolkit like Tk or Qt ({reason});'
        ' "rgb_array" and "ansi" need neither',
        stacklevel=2,
    )
