"""Tests that a walk can be drawn at every moment."""

from itertools import pairwise

import gymnasium as gym
import numpy as np
import pytest

from satllm_env.envs.vector import SatLLMSplitVectorEnv
from satllm_env.errors import InputError
from satllm_env.figures import walk_text
from satllm_env.figures.quantities import format_s
from satllm_env.problem import load_problem
from tests.strategies import random_problem
from tests.unit.envs.cases import PROBLEMS, SCENARIOS, at_random, make, walk

SOURCES = [*({"scenario": name} for name in SCENARIOS), {"problem": str(PROBLEMS / "tiny-ring.json")}]


def frames(source, mode):
    """What is rendered at reset, at two moments in the middle, and at the end of a finished walk."""
    env = make(render_mode=mode, **source)
    _, info = env.reset(seed=1)
    yield env.render(), env
    rng = np.random.default_rng(2)
    for step in range(1_000):
        _, _, over, _, info = env.step(int(rng.choice(np.flatnonzero(info["action_mask"]))))
        if step in (2, 6) or over:
            yield env.render(), env
        if over:
            return


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: next(iter(source.values()))[-12:])
def test_text(source):
    """The ``ansi`` mode gives text that names where the payload is."""
    texts = []
    for text, env in frames(source, "ansi"):
        assert isinstance(text, str)
        assert env.instance.problem.nodes[env.walk.node].id in text
        texts.append(text)
    assert len(set(texts)) == len(texts) >= 2


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: next(iter(source.values()))[-12:])
def test_picture(source):
    """The ``rgb_array`` mode gives pictures of one size that change with the walk."""
    pictures = []
    for picture, _ in frames(source, "rgb_array"):
        assert isinstance(picture, np.ndarray)
        assert picture.dtype == np.uint8
        assert picture.ndim == 3
        assert picture.shape[2] == 3
        pictures.append(picture)
    assert len({picture.shape for picture in pictures}) == 1
    assert all((a != b).any() for a, b in pairwise(pictures))


def dead_end(mode):
    """A walk that ended where no move was left."""
    env = make(render_mode=mode, problem=random_problem(np.random.default_rng(225)))
    assert walk(env, at_random(225)).end["dead_end"]
    return env


def illegal_move(mode):
    """A walk that ended by an action that there is not."""
    env = make(render_mode=mode, on_illegal="penalty")
    env.reset(seed=0)
    env.step(-1)
    return env


@pytest.mark.parametrize(
    ("fail", "words"),
    [
        (dead_end, "dead end: no move is left after which the walk could be finished"),
        (illegal_move, "illegal move: there is no action -1"),
    ],
)
def test_after_failures(fail, words):
    """A walk that failed is drawn as it stood, with why it ended and what it is charged."""
    env = fail("ansi")
    text = env.render()
    (line,) = (line for line in text.splitlines() if line.startswith("Failed"))
    assert words in line and f"charged {format_s(env.fallback_s)} in all" in line
    picture = fail("rgb_array").render()
    np.testing.assert_array_equal(picture.shape, (720, 1200, 3))
    env.reset()
    assert "Failed" not in env.render()


def test_failures_show_in_the_picture():
    """The picture after an illegal move differs from the one before, in the line of the last move alone."""
    env = make(render_mode="rgb_array", on_illegal="penalty")
    env.reset(seed=0)
    before = env.render()
    env.step(-1)
    changed = np.flatnonzero((env.render() != before).any(axis=(1, 2)))
    assert changed.min() > 50 and changed.max() < 80


def test_nothing_to_draw():
    """Without a mode nothing is drawn."""
    env = make()
    assert env.render() is None
    env.reset(options={"problem": load_problem(PROBLEMS / "tiny-ring.json")})
    assert env.render() is None


@pytest.mark.parametrize("mode", ["ansi", "rgb_array"])
def test_before_reset(mode):
    """There is no walk to draw before the first reset."""
    with pytest.raises(gym.error.ResetNeeded):
        make(render_mode=mode).render()
    with pytest.raises(gym.error.ResetNeeded):
        gym.make_vec("SatLLMSplit-v0", render_mode=mode, pool_size=1).render()


class Screen:
    """What takes the place of a window."""

    def __init__(self, title, frames_per_s):
        self.title, self.frames_per_s, self.shown, self.closed = title, frames_per_s, [], 0

    def show(self, pixels):
        """Keep the picture."""
        self.shown.append(pixels)

    def close(self):
        """Count the calls."""
        self.closed += 1


def test_human_mode(monkeypatch):
    """A window shows the walk at every reset and step by itself, and closes with the environment."""
    monkeypatch.setattr("satllm_env.figures.window.Window", Screen)
    problem = str(PROBLEMS / "tiny-ring.json")
    env, twin = (make(problem=problem, render_mode=mode) for mode in ("human", "rgb_array"))
    screen = env._window
    assert screen.frames_per_s == env.metadata["render_fps"] and screen.shown == []
    _, info = twin.reset()
    env.reset()
    np.testing.assert_array_equal(screen.shown[-1], twin.render())
    for _ in range(3):
        action = int(np.flatnonzero(info["action_mask"])[-1])
        env.step(action)
        info = twin.step(action)[4]
    np.testing.assert_array_equal(screen.shown[-1], twin.render())
    assert len(screen.shown) == 1 + 3
    assert env.render() is None
    env.close()
    assert screen.closed == 1


def test_human_mode_without_a_display(monkeypatch):
    """Where no window can open, making the environment warns in one line; many walks have none."""
    monkeypatch.setattr("satllm_env.figures.window.opens_windows", lambda backend: False)
    with pytest.warns(UserWarning, match="shows nothing: it needs a display") as told:
        env = gym.make("SatLLMSplit-v0", render_mode="human")
    assert "\n" not in str(told[0].message)
    env.reset(seed=0)
    assert env.render() is None
    env.close()
    with pytest.raises(InputError, match="render_mode"):
        SatLLMSplitVectorEnv(pool_size=1, render_mode="human")


def test_vector_environment():
    """Each walk of the vector environment is drawn like a walk alone, failures included."""
    envs = gym.make_vec("SatLLMSplit-v0", num_envs=2, pool_size=2, render_mode="ansi", on_illegal="penalty")
    _, infos = envs.reset(seed=0)
    texts = envs.render()
    assert texts == tuple(walk_text(envs.unwrapped.walk(i)) for i in range(2))
    legal = int(np.flatnonzero(infos["action_mask"][1])[-1])
    envs.step(np.array([-1, legal]))
    failed, under_way = envs.render()
    assert "illegal move: there is no action -1 · charged" in failed
    assert "Failed" not in under_way and under_way != texts[1]


def test_lists_of_renders():
    """Gymnasium collects frames and texts of every step where it is asked for lists."""
    for mode, kind in (("ansi_list", str), ("rgb_array_list", np.ndarray)):
        env = gym.make("SatLLMSplit-v0", problem=str(PROBLEMS / "tiny-ring.json"), render_mode=mode)
        env.reset()
        env.step(int(np.flatnonzero(env.unwrapped.action_masks())[0]))
        renders = env.render()
        assert len(renders) == 2 and all(isinstance(render, kind) for render in renders)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_record_video(tmp_path):
    """Gymnasium's RecordVideo and RecordEpisodeStatistics take the environment as it is."""
    pytest.importorskip("moviepy")
    from gymnasium.wrappers import RecordEpisodeStatistics, RecordVideo

    folder = tmp_path / "videos"
    env = gym.make("SatLLMSplit-v0", problem=str(PROBLEMS / "tiny-ring.json"), render_mode="rgb_array")
    recorder = RecordVideo(env, str(folder))
    env = RecordEpisodeStatistics(recorder)
    episode = walk(env, at_random(0), seed=0)
    assert recorder.frames_per_sec == 4
    env.close()
    (film,) = folder.iterdir()
    assert film.suffix == ".mp4" and film.read_bytes()[4:8] == b"ftyp"
    assert episode.end["episode"]["l"] == len(episode.actions)
    assert episode.end["episode"]["r"] == pytest.approx(-episode.end["delay_s"])
