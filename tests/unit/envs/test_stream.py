"""Tests of SatLLMStream-v0: what it pays, how it ends, and what it refuses."""

import copy
import importlib
import inspect
import json
import pickle
import re

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env as check_by_gymnasium
from hypothesis import given, settings
from hypothesis import strategies as st
from stable_baselines3.common.env_checker import check_env as check_by_sb3

import satllm_env
from planners import solve
from satllm_env.envs import SatLLMSplitEnv, SatLLMStreamEnv
from satllm_env.errors import InputError, NoPlanError
from satllm_env.problem import load_problem
from tests.strategies import problems
from tests.unit.envs.cases import PROBLEMS

RING = str(PROBLEMS / "tiny-ring.json")
BUSY = {"arrivals": "poisson", "rate_per_min": 1000.0, "num_requests": 6}
SOURCES = [{"scenario": "busy-ring"}, {"scenario": "walker-dense"}, {"problem": RING}]


def make(**kwargs):
    """The registered environment without Gymnasium's wrappers."""
    return gym.make("SatLLMStream-v0", **(BUSY | kwargs)).unwrapped


def at_random(env, luck, **reset):
    """Walk a stream by random unmasked actions: observations, rewards and infos."""
    rng = np.random.default_rng(luck)
    observation, info = env.reset(**reset)
    seen, rewards, infos, over = [observation], [], [info], False
    while not over:
        action = rng.choice(np.flatnonzero(info["action_mask"]))
        observation, reward, over, truncated, info = env.step(action)
        assert not truncated
        assert env.observation_space.contains(observation)
        seen.append(observation)
        rewards.append(reward)
        infos.append(info)
    return np.array(seen), rewards, infos


@pytest.mark.parametrize(
    ("source", "on_illegal"),
    # the checkers carry an action from one reset to another, where it need not be legal
    [(SOURCES[0], "raise"), (SOURCES[0], "penalty"), (SOURCES[1], "penalty"), (SOURCES[2], "raise")],
    ids=str,
)
def test_checkers(source, on_illegal):
    """Gymnasium's and Stable-Baselines3's checkers accept it, warnings being errors."""
    env = make(**source, num_requests=2, on_illegal=on_illegal)
    check_by_gymnasium(env, skip_render_check=True)
    check_by_sb3(env)


@pytest.mark.parametrize("name", ["SatLLMStream-v0", "satllm_env:SatLLMStream-v0"])
def test_registration(name):
    """It is made by name, registered once, and its spec is plain data."""
    env = gym.make(name, num_requests=3, problem=RING)
    assert isinstance(env.unwrapped, SatLLMStreamEnv)
    before = gym.spec("SatLLMStream-v0")
    importlib.reload(satllm_env)
    assert gym.spec("SatLLMStream-v0") is before
    assert json.loads(env.spec.to_json())["kwargs"]["num_requests"] == 3
    many = gym.make_vec("SatLLMStream-v0", num_envs=2, problem=RING, vectorization_mode="sync")
    observations, _ = many.reset(seed=0)
    assert observations.shape == (2, *env.observation_space.shape)


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_two_copies_agree(source):
    """Seeds decide everything, over the end of a stream; copies and pickles go on alike."""
    one, two = make(**source), make(**source)
    first = at_random(one, 3, seed=7)
    again = at_random(two, 3, seed=7)
    assert (first[0] == again[0]).all()
    assert first[1] == again[1]
    assert not np.array_equal(at_random(two, 3, seed=8)[0], first[0])
    twins = copy.deepcopy(one), pickle.loads(pickle.dumps(one))
    ahead = at_random(one, 5)[1]
    assert all(at_random(twin, 5)[1] == ahead for twin in twins)


def test_a_stream_under_way_can_be_pickled():
    """A pickle made between two moves goes on as the environment does."""
    env = make(scenario="busy-ring")
    env.reset(seed=1)
    for action in env.actions_of(solve(env.instance).plan.steps)[:-1]:
        env.step(action)
    twin = pickle.loads(pickle.dumps(env))
    assert (twin.action_masks() == env.action_masks()).all()
    for action in env.actions_of(solve(env.instance).plan.steps)[-1:]:
        ours, theirs = env.step(action), twin.step(action)
        assert (ours[0] == theirs[0]).all()
        assert ours[1:4] == theirs[1:4]
    assert (twin.action_masks() == env.action_masks()).all()


@settings(max_examples=25, deadline=None)
@given(problem=problems(), seed=st.integers(0, 2**31))
def test_one_request_is_the_static_environment(problem, seed):
    """With one request, no backlog and frozen links, observation, masks, rewards and delay are the same."""
    if solve(problem).plan is None:
        return
    static = SatLLMSplitEnv(problem=problem)
    stream = SatLLMStreamEnv(problem=problem, num_requests=1, deadline_factor=None)
    rng = np.random.default_rng(seed)
    seen, info = static.reset(seed=0)
    observation, told = stream.reset(seed=0)
    over = False
    while not over:
        assert (observation[: len(seen)] == seen).all()
        assert (told["action_mask"] == info["action_mask"]).all()
        action = rng.choice(np.flatnonzero(info["action_mask"]))
        seen, reward, over, _, info = static.step(action)
        observation, paid, done, _, told = stream.step(action)
        assert (paid, done) == (reward, over)
    assert told["outcome"]["delay_s"] == info["delay_s"]
    assert told["outcome"]["plan"] == info["plan"]
    cost_s = info["delay_s"] if info["is_success"] else info["fallback_s"]
    assert told["outcome"]["cost_s"] == cost_s


@pytest.mark.parametrize("name", ["paper", "paper-ground", "eclipse"])
def test_one_optimal_request_of_a_scenario(name):
    """Where links do not fail, the first request's optimum takes exactly its static delay."""
    env = make(scenario=name, num_requests=1)
    for seed in range(2):
        env.reset(seed=seed)
        plan = solve(env.instance).plan
        total = 0.0
        for action in env.actions_of(plan.steps):
            _, reward, over, _, info = env.step(action)
            total += reward
        assert over
        assert info["outcome"]["delay_s"] == plan.delay_s
        assert total == pytest.approx(-plan.delay_s - 5.0 * info["outcome"]["missed"], rel=1e-12)


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_rewards_add_up(source):
    """The return is minus all costs; every cost is a delay and a penalty where the deadline is missed."""
    env = make(**source, miss_penalty_s=3.0, deadline_factor=2.0)
    for seed in range(3):
        _, rewards, infos = at_random(env, seed, seed=seed)
        outcomes = [info["outcome"] for info in infos if "outcome" in info]
        assert [outcome["number"] for outcome in outcomes] == list(range(6))
        assert sum(rewards) == pytest.approx(-sum(outcome["cost_s"] for outcome in outcomes), rel=1e-9)
        for outcome, kept in zip(outcomes, env.outcomes, strict=True):
            assert outcome == kept.as_data()
            assert kept.deadline_s == 2.0 * kept.reference_s
            assert kept.penalty_s == 3.0 * (kept.delay_s > kept.deadline_s)
            assert kept.missed == (kept.penalty_s > 0)
            assert kept.cost_s == kept.charged_s + kept.penalty_s
            if kept.served:
                assert kept.charged_s == kept.delay_s >= kept.static_s
        waited = any(kept.served and kept.delay_s > kept.static_s for kept in env.outcomes)
        assert waited or source == {"scenario": "walker-dense"}  # where few requests meet


def test_backlog_is_seen():
    """Work that the first request has left shows in the second one's observation, in units of T."""
    env = make(problem=RING, rate_per_min=1e6)
    observation, info = env.reset(seed=0)
    at = env.layout.stream_at
    assert observation[at] == 0.0 and observation[at + 5] == 0.0 and info["backlog_s"] == 0.0
    plan = solve(env.instance).plan
    for action in env.actions_of(plan.steps):
        observation, _, _, _, info = env.step(action)
    nodes_s, links_s = env.stream.servers.backlog_s(env.instance)
    total_s, unit_s = nodes_s.sum() + links_s.sum(), info["reference_s"]
    assert info["backlog_s"] == pytest.approx(total_s)
    assert observation[at + 5] == pytest.approx(total_s / (total_s + unit_s))
    here_s = nodes_s[env.walk.node]
    assert observation[at] == pytest.approx(here_s / (here_s + unit_s))
    for slot, link in enumerate(env.instance.slots[env.walk.node].tolist()):
        seen = observation[env.layout.slots_at + 4 * slot]
        assert seen == pytest.approx(0.0 if link < 0 else links_s[link] / (links_s[link] + unit_s))


def test_what_nothing_could_serve_is_told():
    """Arrivals without a contact are counted in the info, and requests are numbered without them."""
    env = make(scenario="busy-ring", rate_per_min=0.2, num_requests=3, span_s=None)
    told = []
    for seed in range(8):
        _, _, infos = at_random(env, 0, seed=seed)
        assert [info["outcome"]["number"] for info in infos if "outcome" in info] == [0, 1, 2]
        told.append([info["unserved"] for info in infos])
        assert told[-1] == sorted(told[-1])
        assert told[-1][-1] == env.stream.unserved
    assert max(counts[-1] for counts in told) > 0


def test_every_argument_is_documented():
    """The class's table of arguments holds every argument with its default."""
    rows = dict(re.findall(r"^ {4}\| (`\w+`(?:, `\w+`)?) \| (.*?) \|", SatLLMStreamEnv.__doc__, flags=re.M))
    listed = {name.strip("`"): default for names, default in rows.items() for name in names.split(", ")}
    for name, parameter in inspect.signature(SatLLMStreamEnv).parameters.items():
        default = json.dumps(parameter.default).replace("null", "None")
        assert listed[name] in (f"`{default}`", "the scenario's"), name


def test_illegal_actions_raise_and_change_nothing():
    """By default an illegal action is an error that names it, and the walk goes on as if it had not been."""
    env = make(problem=RING)
    _, info = env.reset(seed=0)
    illegal = int(np.flatnonzero(info["action_mask"] == 0)[-1])
    before = env.walk.delay_s
    for action in (illegal, -1, 10_000, 0.5):
        with pytest.raises(InputError, match="action"):
            env.step(action)
    assert env.walk.delay_s == before
    assert at_random(env, 0, seed=0)[2][-1]["outcome"]["number"] == 5


def test_illegal_actions_at_a_price():
    """Under "penalty" the request at hand fails at its fallback and penalty, and the next one follows."""
    env = make(problem=RING, on_illegal="penalty", num_requests=2)
    env.reset(seed=0)
    walker = SatLLMSplitEnv(problem=RING)
    walker.reset(seed=0)
    _, first, over, _, told = env.step(-1)
    assert not over
    outcome = env.outcomes[0]
    assert (outcome.served, outcome.missed, outcome.energy_j) == (False, True, None)
    assert -first == outcome.cost_s == walker.fallback_s + 5.0
    assert told["outcome"]["failure"] == "there is no action -1"
    assert told["number"] == 1 and told["backlog_s"] == 0.0
    _, _, over, _, told = env.step(-1)
    assert over and told["outcome"]["number"] == 1
    with pytest.raises(gym.error.ResetNeeded):
        env.step(0)
    assert env.action_masks().sum() == env.action_masks()[0] == 1


def test_spaces_sample_legal_actions():
    """Loops that sample the action space without a mask serve streams without an error."""
    env = make(scenario="walker-dense", num_requests=3)
    env.action_space.seed(0)
    env.reset(seed=0)
    over = False
    while not over:
        _, _, over, _, _ = env.step(env.action_space.sample())
    assert len(env.outcomes) == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"scenario": "nowhere"}, "nowhere"),
        ({"problem": "absent.json"}, "absent.json"),
        ({"arrivals": "steady"}, "arrivals: is 'steady'"),
        ({"rate_per_min": -1.0}, "rate_per_min"),
        ({"burst_share": 1.5}, "burst_share"),
        ({"num_requests": 0}, "num_requests"),
        ({"num_requests": None, "span_s": None}, "span_s"),
        ({"deadline_factor": -1.0}, "deadline_factor"),
        ({"miss_penalty_s": float("nan")}, "miss_penalty_s"),
        ({"on_illegal": "ignore"}, "on_illegal"),
        ({"num_slots": 1}, "num_slots"),
        ({"num_levels": "3"}, "num_levels"),
        ({"render_mode": "gif"}, "render_mode"),
    ],
)
def test_wrong_arguments_are_named(arguments, words):
    """One line says which argument is wrong."""
    with pytest.raises(InputError, match=words) as refused:
        SatLLMStreamEnv(**arguments)
    assert "\n" not in str(refused.value)


def test_other_bad_input():
    """Unknown arguments and options, and problems without a plan, are refused."""
    with pytest.raises(TypeError, match="speed"):
        SatLLMStreamEnv(speed=2)
    env = make(problem=RING)
    with pytest.raises(gym.error.ResetNeeded):
        env.step(0)
    with pytest.raises(InputError, match="options: problem"):
        env.reset(options={"problem": load_problem(RING)})
    with pytest.raises(NoPlanError):
        make(problem=str(PROBLEMS / "no-plan.json")).reset(seed=0)


@pytest.mark.parametrize("source", SOURCES[::2], ids=str)
def test_rendering(source):
    """Text names the backlog and the walk; pictures are pixels; both work at every step and at the end."""
    text, picture = make(**source, render_mode="ansi"), make(**source, render_mode="rgb_array")
    with pytest.raises(gym.error.ResetNeeded):
        text.render()
    text.reset(seed=0)
    assert "Backlog   none" in text.render()
    for env in (text, picture):
        at_random(env, 0, seed=0)
    shown = text.render()
    assert "Backlog   work left at" in shown and "the stream is over" in shown and "Layers" in shown
    assert max(map(len, shown.splitlines())) <= 100
    pixels = picture.render()
    assert pixels.dtype == np.uint8 and pixels.ndim == 3 and len(np.unique(pixels)) > 10
