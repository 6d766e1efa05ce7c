"""Recorded episodes and films."""

import io
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from satllm_env.errors import InputError
from satllm_env.figures import film, plan_frames, recording, style, walk_frame
from satllm_env.figures.recording import check_film, num_frames, walk_moves
from satllm_env.problem import Plan, Walk
from tests.unit.figures.places import chain, forward, forward_plan, ring
from tests.unit.problem.generator import finished_walks

SMALL = {"width_px": 800, "height_px": 560}


def pictures(count=3, height=40, width=60):
    """Frames that differ in the place of a bar."""
    frames = np.full((count, height, width, 3), 255, np.uint8)
    for k, frame in enumerate(frames):
        frame[:, 10 * k : 10 * k + 10] = (0, 114, 178)
    return list(frames)


def gif(data):
    """Frames and durations [ms] of a GIF."""
    image = Image.open(io.BytesIO(data))
    frames, durations = [], []
    for k in range(image.n_frames):
        image.seek(k)
        frames.append(np.array(image.convert("RGB")))
        durations.append(image.info["duration"])
    return frames, durations


@pytest.mark.parametrize("walk", finished_walks(20, seed=4))
def test_moves_of_a_plan(walk):
    """A plan's moves lead through states that grow, from a fresh walk to the finished one."""
    plan = Plan.from_walk(walk)
    states = [(moved.node, moved.boundary, len(moved.sends), moved.delay_s) for moved in walk_moves(plan)]
    assert states[0] == (walk.instance.tables.source, 0, 0, 0.0)
    assert states[-1] == (walk.node, walk.boundary, len(walk.sends), walk.delay_s)
    assert all(a[:3] != b[:3] and a[3] <= b[3] for a, b in pairwise(states))
    assert len(states) == num_frames(plan)


def test_frames_of_a_plan():
    """The first frame is the fresh walk's, the last the finished one's, and there is one per move."""
    plan = forward_plan(chain(2, layers=4), 2)
    frames = list(plan_frames(plan, **SMALL))
    assert len(frames) == num_frames(plan) == 1 + 4 + 2
    np.testing.assert_array_equal(frames[0], walk_frame(Walk(plan.instance), **SMALL))
    np.testing.assert_array_equal(frames[-1], walk_frame(forward(plan.instance, 2), **SMALL))


def test_gif():
    """A GIF shows the frames in order at the rate asked for, the last one longer, and starts over."""
    shown = pictures()
    data = film(iter(shown), ".gif", frames_per_s=5.0, hold_s=1.5)
    frames, durations = gif(data)
    assert durations == [200, 200, 1500]
    assert Image.open(io.BytesIO(data)).info["loop"] == 0
    for frame, expected in zip(frames, shown, strict=True):
        np.testing.assert_array_equal(frame, expected)
    assert film(shown, ".gif", 5.0, 1.5) == data


def test_gif_keeps_the_colours_of_figures():
    """Areas of the figures' colours keep them exactly, others stay near."""
    colours = [style.PAPER, style.INK, style.LAND, style.COMPUTE, style.WAY, *style.STAGES]
    exact = np.array([[int(colour[k : k + 2], 16) for k in (1, 3, 5)] for colour in colours], np.uint8)
    (frame,), _ = gif(film([np.repeat(exact[None], 8, axis=0)], ".gif", 5.0))
    np.testing.assert_array_equal(frame[0], exact)
    drawn = walk_frame(forward(ring(), 3), **SMALL)
    (frame,), _ = gif(film([drawn], ".gif", 5.0))
    error = np.abs(frame.astype(int) - drawn).max(axis=2)
    assert error.mean() < 0.5 and np.quantile(error, 0.99) < 12


def test_gif_is_small():
    """What stays from frame to frame is written once."""
    drawn = walk_frame(forward(ring(), 3), **SMALL)
    changed = drawn.copy()
    changed[300:320, 300:340] = (0, 114, 178)
    alone = len(film([drawn], ".gif", 5.0))
    assert len(film([drawn, changed, drawn], ".gif", 5.0)) < 1.1 * alone


@pytest.mark.parametrize("height", [40, 41])
def test_mp4(height, tmp_path):
    """An MP4 holds the frames at their rate and the last one longer; odd sizes become even."""
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    data = film(pictures(height=height), ".mp4", frames_per_s=4.0, hold_s=1.0)
    path = tmp_path / "film.mp4"
    path.write_bytes(data)
    raw = [ffmpeg.get_ffmpeg_exe(), "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    done = subprocess.run(raw, capture_output=True, check=True)
    frames = np.frombuffer(done.stdout, np.uint8).reshape(-1, height + height % 2, 60, 3)
    assert b"Video: h264" in done.stderr and b"yuv420p" in done.stderr and b"4 fps" in done.stderr
    assert len(frames) == 3 + 4
    for frame, expected in zip(frames[:3], pictures(height=height), strict=True):
        assert np.abs(frame[:height, :, :].astype(int) - expected).mean() < 6


def test_mp4_names_the_extra(monkeypatch):
    """Without imageio-ffmpeg the message says how to get it."""
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(InputError, match=r"pip install 'satllm\[video\]'"):
        film(pictures(), ".mp4", 5.0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((".avi", 5.0, 1.0), ".gif or .mp4, is '.avi'"),
        ((".gif", 0.0, 1.0), "above 0"),
        ((".gif", float("nan"), 1.0), "above 0"),
        ((".gif", 51.0, 1.0), "at most 50"),
        ((".gif", 5.0, -1.0), "from 0 to 600"),
    ],
)
def test_refused(arguments, words):
    """What cannot be made is refused before any frame is drawn."""
    with pytest.raises(InputError, match=words):
        check_film(*arguments)
    with pytest.raises(InputError, match=words):
        film((recording.film for _ in range(1)), *arguments)


def test_no_frames():
    """A film of nothing is refused."""
    with pytest.raises(InputError, match="nothing to show"):
        film([], ".gif", 5.0)
