"""Tests by the environment checkers of Gymnasium and Stable-Baselines3, warnings being errors."""

import pytest
from gymnasium.utils.env_checker import check_env as check_by_gymnasium
from stable_baselines3.common.env_checker import check_env as check_by_sb3

from satllm_env.envs import LookaheadObservation
from tests.unit.envs.cases import SOURCES, Bare, make, source_id


@pytest.mark.filterwarnings('ignore:.*"human" shows nothing')  # there may be no display
@pytest.mark.parametrize("on_illegal", ["raise", "penalty"])
@pytest.mark.parametrize("source", SOURCES, ids=source_id)
def test_plain_environment(source, on_illegal):
    """Both checkers accept the environment, its spec and its rendering modes, whatever illegal actions do."""
    env = make(**source, on_illegal=on_illegal)
    check_by_gymnasium(env, skip_render_check="problem" in source)
    check_by_sb3(env)


@pytest.mark.parametrize("source", SOURCES, ids=source_id)
def test_with_lookahead(source):
    """Both checkers accept the environment in the look-ahead wrapper."""
    env = LookaheadObservation(make(**source))
    check_by_gymnasium(Bare(env), skip_render_check=True)
    check_by_sb3(env)
