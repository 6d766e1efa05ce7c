"""The window of the human render mode, on a canvas that needs no display."""

import os
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

from satllm_env.figures import window
from satllm_env.figures.window import Window, opens_windows

PICTURE = np.full((60, 90, 3), 200, np.uint8)


@pytest.fixture
def pyplot(monkeypatch):
    """Matplotlib's Agg taken for a backend that opens windows."""
    from matplotlib import pyplot

    monkeypatch.setattr(window, "opens_windows", lambda backend: True)
    pyplot.switch_backend("agg")
    yield pyplot
    pyplot.close("all")


@pytest.mark.filterwarnings("ignore:FigureCanvasAgg is non-interactive")
def test_shows_pictures(pyplot):
    """A window opens with the first picture, at its size, and shows the ones after it in its place."""
    shown = Window("walk", frames_per_s=200.0)
    assert pyplot.get_fignums() == []
    for level in (200, 90):
        shown.show(np.full_like(PICTURE, level))
        figure = pyplot.figure("walk")
        assert len(pyplot.get_fignums()) == 1
        assert tuple(figure.bbox.size) == (90.0, 60.0)
        figure.canvas.draw()
        assert np.unique(np.asarray(figure.canvas.buffer_rgba())[..., :3]).tolist() == [level]
    shown.close()
    shown.close()
    assert pyplot.get_fignums() == []


@pytest.mark.filterwarnings("ignore:FigureCanvasAgg is non-interactive")
def test_closed_by_its_user(pyplot):
    """A window that its user closes stays closed, and pictures go on to be dropped."""
    shown = Window("walk", frames_per_s=200.0)
    shown.show(PICTURE)
    pyplot.close("walk")
    shown.show(PICTURE)
    assert pyplot.get_fignums() == []
    shown.close()


@pytest.mark.filterwarnings("ignore:FigureCanvasAgg is non-interactive")
def test_keeps_the_rate(pyplot):
    """Pictures come no faster than the rate."""
    shown = Window("walk", frames_per_s=20.0)
    begin = time.monotonic()
    for _ in range(4):
        shown.show(PICTURE)
    assert time.monotonic() - begin >= 3 * 0.05
    shown.close()


def test_no_display(monkeypatch):
    """Without a backend that opens windows one line says what is needed, and pictures are dropped."""
    monkeypatch.setattr(window, "opens_windows", lambda backend: False)
    with pytest.warns(UserWarning, match="needs a display and a GUI toolkit") as told:
        shown = Window("walk", 4.0)
    assert "\n" not in str(told[0].message)
    shown.show(PICTURE)
    shown.close()


@pytest.mark.parametrize(
    ("backend", "opens"), [("TkAgg", True), ("QtAgg", True), ("agg", False), ("pdf", False)]
)
def test_backends(backend, opens):
    """Backends with a GUI open windows, those that write files do not."""
    assert opens_windows(backend) is opens


EPISODE = """
import gymnasium as gym, numpy as np, satllm_env
env = gym.make("SatLLMSplit-v0", problem={problem!r}, render_mode="human")
env.reset(seed=0)
env.step(int(np.flatnonzero(env.unwrapped.action_masks())[0]))
from PIL import ImageGrab
assert len(ImageGrab.grab(xdisplay="").getcolors(1 << 20)) > 20
env.close()
"""


@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="needs a virtual display (Xvfb)")
def test_on_a_real_display(certified_dir):
    """On an X display the environment opens a window in which there is a picture."""
    pytest.importorskip("tkinter")
    code = EPISODE.format(problem=str(certified_dir / "tiny-ring.json"))
    display = ["xvfb-run", "-a", "-s", "-screen 0 1400x900x24"]
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "MPLBACKEND")}
    subprocess.run([*display, sys.executable, "-c", code], check=True, timeout=120, env=environment)
