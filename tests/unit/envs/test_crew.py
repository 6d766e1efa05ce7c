"""Tests of the threads that share the walks of a vector environment."""

import copy
import pickle
import threading

import numpy as np
import pytest

from satllm_env.envs import InstancePool, SatLLMSplitVectorEnv
from satllm_env.envs.arguments import layout_for
from satllm_env.envs.crew import FEWEST_WALKS, Crew
from satllm_env.errors import InputError
from satllm_env.scenarios import load_scenario


@pytest.mark.parametrize(("threads", "walks"), [(1, 5), (2, 2 * FEWEST_WALKS), (3, 1000), (8, FEWEST_WALKS)])
def test_parts_are_every_walk_once(threads, walks):
    """Parts lie behind each other, cover all walks, and are never too small for a thread of their own."""
    parts, lock = [], threading.Lock()

    def note(*part):
        with lock:
            parts.append(part)

    crew = Crew(threads, walks)
    for _ in range(2):
        parts.clear()
        crew.run(note)
        assert sorted(parts)[0][1] == 0
        covered = [walk for _, first, last in sorted(parts) for walk in range(first, last)]
        assert covered == list(range(walks))
        assert len(parts) == crew.num_parts <= threads
        assert crew.num_parts == 1 or min(last - first for _, first, last in parts) >= FEWEST_WALKS
    crew.close()


def test_errors_come_out():
    """What goes wrong in a thread is raised where the work was given out."""

    def fail(part, first, last):
        if part == 1:
            raise ValueError("in a thread")

    crew = Crew(2, 1000)
    with pytest.raises(ValueError, match="in a thread"):
        crew.run(fail)
    crew.close()
    crew.close()


@pytest.mark.parametrize("observation", ["plain", "lookahead"])
def test_threads_change_nothing(observation):
    """Walks shared between threads are to the last bit those of one, and so are copies of them."""
    scenario = load_scenario("paper-ground")
    pool = InstancePool.draw(scenario, layout_for(scenario, None, None), 4, seed=0)
    envs = [
        SatLLMSplitVectorEnv(
            3 * FEWEST_WALKS + 1,
            pool=pool,
            observation=observation,
            autoreset_mode="SameStep",
            num_threads=threads,
        )
        for threads in (1, 3)
    ]
    for env in envs:
        env.reset(seed=0)
    for step in range(12):
        actions = envs[0].action_space.sample()
        one, *others = (env.step(actions) for env in envs)
        for other in others:
            assert all(np.array_equal(one[k], other[k]) for k in range(4))
            assert np.array_equal(one[4]["action_mask"], other[4]["action_mask"])
        if step == 5:
            envs += [copy.deepcopy(envs[1]), pickle.loads(pickle.dumps(envs[1]))]
    for env in envs:
        env.close()


def test_no_thread():
    """There is at least one thread."""
    with pytest.raises(InputError, match="num_threads: is 0, but 1 are needed"):
        SatLLMSplitVectorEnv(1, scenario="paper-ground", pool_size=1, num_threads=0)
