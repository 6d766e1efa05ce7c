"""Tests that the environment is registered as Gymnasium's users expect."""

import importlib
import json
import subprocess
import sys

import gymnasium as gym
import pytest

import satllm_env
from satllm_env.envs import LookaheadObservation, SatLLMSplitEnv


@pytest.mark.parametrize("name", ["SatLLMSplit-v0", "satllm_env:SatLLMSplit-v0"])
def test_made_by_name(name):
    """Both ways of naming the environment make it."""
    assert isinstance(gym.make(name).unwrapped, SatLLMSplitEnv)


def test_registered_once():
    """Importing the package again leaves the registration as it is, without a warning."""
    before = gym.spec("SatLLMSplit-v0")
    importlib.reload(satllm_env)
    assert gym.spec("SatLLMSplit-v0") is before


@pytest.mark.parametrize("wrap", [lambda env: env, LookaheadObservation])
def test_spec_survives_json(wrap):
    """A made environment's spec is plain data, from which an equal environment is made."""
    env = wrap(gym.make("SatLLMSplit-v0", scenario="walker-dense", num_slots=6, reward_unit="reference"))
    data = json.loads(env.spec.to_json())
    assert data["kwargs"] == {"scenario": "walker-dense", "num_slots": 6, "reward_unit": "reference"}
    again = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    assert again.observation_space == env.observation_space
    assert again.action_space == env.action_space


def test_import_stays_light():
    """Importing and making the environment loads neither learning nor drawing libraries."""
    code = (
        "import sys, gymnasium as gym, satllm_env; gym.make('SatLLMSplit-v0').reset(seed=0); "
        "print([m for m in ('torch', 'matplotlib', 'stable_baselines3', 'planners', 'agents') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_wrapper_refuses_other_environments():
    """The look-ahead wrapper says that it wraps this environment only."""
    with pytest.raises(TypeError, match="SatLLMSplit-v0 only"):
        LookaheadObservation(gym.make("CartPole-v1"))
