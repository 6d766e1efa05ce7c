"""Tests of the PettingZoo view: the library's own checks, and that it is the same walk."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from satllm_env.errors import InputError, NoPlanError
from satllm_env.problem import load_problem
from satllm_env.scenarios import load_scenario
from tests.strategies import problems
from tests.unit.envs.cases import PROBLEMS, at_random, in_turn, make, walk

pytest.importorskip("pettingzoo", reason="needs the extra multiagent")

from pettingzoo.test import api_test, seed_test

from satllm_env.envs import pettingzoo_view
from satllm_env.optional import advice

TINY = str(PROBLEMS / "tiny-ring.json")
GAMES = [
    {"scenario": "paper"},
    {"scenario": "walker-dense", "shared_reward": True, "reward_unit": "reference"},
    {"scenario": "paper-ground", "max_cycles": 7},
    {"problem": TINY},
]


def play(game, choose, **reset):
    """Play until every agent has left.

    Returns:
        The agents that acted, their actions, what each agent was paid, and the last info of one.
    """
    game.reset(**reset)
    actors, actions, paid, last = [], [], {}, {}
    for agent in game.agent_iter():
        observation, reward, terminated, truncated, info = game.last()
        paid[agent] = paid.get(agent, 0.0) + reward
        if terminated or truncated:
            game.step(None)
            last = info
            continue
        actors.append(agent)
        actions.append(int(choose(observation)))
        game.step(actions[-1])
    return actors, actions, paid, last


@pytest.mark.parametrize("arguments", GAMES, ids=lambda arguments: "-".join(map(str, arguments)))
# the checks warn of every observation that is a dictionary, though PettingZoo asks for one with masks,
# of names that are not numbered, and reset with an option that there is not, which is warned of in turn
@pytest.mark.filterwarnings("ignore:Observation is not a NumPy array")
@pytest.mark.filterwarnings("ignore:Observation space for each agent probably should be")
@pytest.mark.filterwarnings("ignore:We recommend agents to be named")
@pytest.mark.filterwarnings("ignore:reset. 'options' is not an option")
def test_checks_of_the_library(arguments, capsys):
    """PettingZoo's tests of the interface and of seeds pass, without other warnings."""
    api_test(pettingzoo_view.env(**arguments), num_cycles=60)
    seed_test(lambda: pettingzoo_view.env(**arguments), num_cycles=20)
    assert "Passed API test" in capsys.readouterr().out


@given(problem=problems(), seed=st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_same_actions_give_the_same_walk(problem, seed):
    """The agents' rewards together are the walk's; a finished one pays minus its delay."""
    env, game = make(problem=problem), pettingzoo_view.env(problem=problem)
    try:
        episode = walk(env, at_random(seed))
    except NoPlanError:
        assume(False)
    actors, actions, paid, last = play(game, in_turn(episode.actions))
    assert actions == episode.actions
    assert sum(paid.values()) == pytest.approx(episode.total)
    assert {name: last[name] for name in ("is_success", "delay_s", "plan")} == {
        name: episode.end[name] for name in ("is_success", "delay_s", "plan")
    }
    if last["is_success"]:
        assert sum(paid.values()) == pytest.approx(-last["delay_s"])
    assert {agent for agent in paid if paid[agent]} <= set(actors)


def test_the_holder_acts():
    """At every turn the agent of the node that holds the payload acts, and alone has moves."""
    game = pettingzoo_view.raw_env(scenario="walker-dense")
    game.reset(seed=5)
    rng = np.random.default_rng(0)
    while not any(game.terminations.values()):
        agent, inner = game.agent_selection, game.split
        holder = inner.instance.problem.nodes[inner.walk.node].id
        assert game.infos[agent]["node"] == holder
        assert "reference_s" in game.infos[agent]
        for other in game.agents:
            seen = game.observe(other)
            assert game.observation_space(other).contains(seen)
            assert seen["action_mask"].any() == (other == agent)
            assert np.array_equal(seen["observation"], game.state())
        game.step(rng.choice(np.flatnonzero(game.observe(agent)["action_mask"])))
    assert all(info["delay_s"] > 0 for info in game.infos.values())
    masks = [game.observe(agent)["action_mask"] for agent in game.agents]
    assert all(np.flatnonzero(mask).tolist() == [0] for mask in masks)
    assert game.state_space.contains(game.state())


def test_shared_reward():
    """A shared reward pays everyone what the walk pays."""
    alone = pettingzoo_view.env(scenario="paper")
    shared = pettingzoo_view.env(scenario="paper", shared_reward=True)
    rng = np.random.default_rng(1)
    _, actions, paid, _ = play(alone, lambda seen: rng.choice(np.flatnonzero(seen["action_mask"])), seed=2)
    _, _, everyone, last = play(shared, in_turn(actions), seed=2)
    assert len(everyone) == 12
    assert list(everyone.values()) == pytest.approx([sum(paid.values())] * 12)
    assert last["delay_s"] == pytest.approx(-sum(paid.values()))


def test_max_cycles():
    """After so many moves everyone is truncated, and the mask still shows the moves there would be."""
    game = pettingzoo_view.env(scenario="paper", max_cycles=4)
    game.reset(seed=0)
    for _ in range(4):
        assert not any(game.truncations.values())
        game.step(int(np.flatnonzero(game.last()[0]["action_mask"])[0]))
    assert all(game.truncations.values())
    assert not any(game.terminations.values())
    assert game.unwrapped.split.action_masks().any()
    with pytest.raises(InputError, match="max_cycles: is 0, but 1 are needed"):
        pettingzoo_view.env(max_cycles=0)


def test_names_of_agents():
    """A given problem's agents are its nodes, a scenario's are numbered, the destination is none."""
    problem = load_problem(TINY)
    game = pettingzoo_view.env(problem=TINY)
    nodes = [node.id for node in problem.nodes if node.id != problem.destination]
    assert game.possible_agents == nodes
    game.reset()
    assert game.agents == nodes
    game = pettingzoo_view.env(scenario="starlink-outages")
    sizes = set()
    for seed in range(8):
        game.reset(seed=seed)
        instance = game.unwrapped.split.instance
        satellites = [node.id for node in instance.problem.nodes if node.kind == "satellite"]
        assert game.agents == [f"satellite_{i}" for i in range(len(satellites))]
        assert [game.infos[agent]["node"] for agent in game.agents] == satellites
        assert set(game.agents) <= set(game.possible_agents)
        sizes.add(len(satellites))
    assert len(sizes) > 1
    assert len(game.possible_agents) == 85


def test_given_problems():
    """A problem can be walked this once, if there are agents for its nodes."""
    sample = load_scenario("walker-dense").sample(3)
    game = pettingzoo_view.env(scenario="walker-dense")
    game.reset(options={"problem": sample})
    assert game.unwrapped.split.instance is sample.instance
    small = pettingzoo_view.env(scenario="paper")
    with pytest.raises(InputError, match="problem: needs an agent 'satellite_12'"):
        small.reset(options={"problem": sample})
    fixed = pettingzoo_view.env(problem=TINY, num_slots=5, num_levels=9)
    with pytest.raises(InputError, match="needs an agent 'sat-"):
        fixed.reset(options={"problem": sample})


def test_unknown_options_are_warned_of():
    """An option that there is not is named, not left out silently."""
    game = pettingzoo_view.raw_env()
    with pytest.warns(UserWarning, match="'layers' is not an option"):
        game.reset(seed=0, options={"layers": 3})


def test_dead_agents_and_early_resets():
    """After the end only None is taken; a reset amid the leaving begins a whole new game."""
    game = pettingzoo_view.raw_env(problem=TINY)
    game.reset(seed=0)
    with pytest.raises(InputError, match="action: is None"):
        game.step(None)
    _, actions, paid, _ = play(game, lambda seen: np.flatnonzero(seen["action_mask"])[-1])
    for _ in range(2):
        game.reset(seed=0)
        for action in actions:
            game.step(action)
        with pytest.raises(ValueError, match="only valid action is None"):
            game.step(0)
        game.step(None)
        assert len(game.agents) == len(game.possible_agents) - 1
    assert play(game, in_turn(actions))[2] == paid


def test_renders_as_the_environment():
    """The walk is drawn as by the environment."""
    game = pettingzoo_view.env(problem=TINY, render_mode="ansi")
    game.reset()
    assert game.unwrapped.split.instance.problem.source in game.render()
    game.close()


def test_missing_library_is_named():
    """Without PettingZoo one line says which extra to install."""
    code = (
        "import sys; sys.modules['pettingzoo'] = None\n"
        "try: import satllm_env.envs.pettingzoo_view\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == advice("pettingzoo") + "\n"
