"""Tests that a walk can be drawn at every moment."""

from itertools import pairwise

import numpy as np
import pytest

from satllm_env.problem import load_problem
from tests.unit.envs.cases import PROBLEMS, SCENARIOS, make

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


@pytest.mark.parametrize("mode", ["ansi", "rgb_array"])
def test_after_failures(mode):
    """A walk that ended by an illegal action is drawn as it stood."""
    env = make(render_mode=mode)
    env.reset(seed=0)
    before = env.render()
    env.step(-1)
    assert np.array_equal(env.render(), before)


def test_nothing_to_draw():
    """Without a mode, or before the first reset, nothing is drawn."""
    env = make()
    env.reset(options={"problem": load_problem(PROBLEMS / "tiny-ring.json")})
    assert env.render() is None
    assert make(render_mode="ansi").render() is None
