"""Tests of the graph observation: its space, what it says, and that it suits actions and masks."""

import re
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from satllm_env import scenarios
from satllm_env.envs import GraphObservation, LookaheadObservation
from satllm_env.envs.wrappers.graph_features import EDGE_COLUMNS, NODE_COLUMNS
from satllm_env.errors import InputError, NoPlanError
from satllm_env.problem import Instance, load_problem
from satllm_env.scenarios import Sample, load_scenario
from tests.strategies import problems
from tests.unit.envs.cases import (
    PROBLEMS,
    SCENARIOS,
    SOURCES,
    Bare,
    at_random,
    in_turn,
    make,
    source_id,
    walk,
)

NODE = {name: column for column, name in enumerate(NODE_COLUMNS)}
EDGE = {name: column for column, name in enumerate(EDGE_COLUMNS)}


def check_against_walk(env, observation, info, over):
    """A graph agrees with its own masks, with the actions' and with the walk."""
    assert env.observation_space.contains(observation)
    inner, tables = env.unwrapped, env.unwrapped.instance.tables
    nodes, links = tables.num_nodes, len(tables.link_source)
    assert observation["node_mask"].tolist() == [1] * nodes + [0] * (env.max_nodes - nodes)
    assert observation["edge_mask"].tolist() == [1] * links + [0] * (env.max_edges - links)
    assert not observation["nodes"][nodes:].any()
    assert not observation["edges"][links:].any()
    assert not observation["edge_index"][:, links:].any()
    here = np.flatnonzero(observation["nodes"][:, NODE["holds the payload"]])
    assert here.tolist() == [inner.walk.node]
    assert np.array_equal(observation["action_mask"], info["action_mask"])
    assert np.array_equal(observation["edges"][:links, EDGE["free"]] == 0, inner.walk.used_links)
    if over:
        return
    for action in np.flatnonzero(observation["action_mask"]).tolist():
        if action == 0:
            assert observation["nodes"][here[0], NODE["may still compute"]] == 1
            assert observation["nodes"][here[0], NODE["layers that fit"]] > 0
            continue
        edge = observation["slot_edges"][(action - 1) // inner.layout.num_levels]
        assert observation["edge_mask"][edge] == 1
        assert observation["edge_index"][0, edge] == here[0]
        assert observation["edges"][edge, EDGE["free"]] == 1
        assert observation["edges"][edge, EDGE["leaves the payload's node"]] == 1


@given(problem=problems(), seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_suits_actions_and_masks(problem, seed):
    """Every unmasked send is over a free edge that leaves the payload's node, at every moment."""
    env = GraphObservation(make(problem=problem), max_nodes=40, max_edges=300)
    try:
        episode = walk(env, at_random(seed))
    except NoPlanError:
        assume(False)
    chooser = in_turn(episode.actions)
    observation, info = env.reset()
    check_against_walk(env, observation, info, over=False)
    over = False
    while not over:
        observation, _, over, _, info = env.step(chooser(info))
        check_against_walk(env, observation, info, over)


@pytest.mark.parametrize("source", SOURCES, ids=source_id)
def test_checker_and_walks(source):
    """The checker accepts the graph of every scenario and problem; walks stay in the space."""
    env = GraphObservation(make(**source))
    check_env(Bare(env), skip_render_check=True)
    episode = walk(env, at_random(0), seed=0)
    assert all(env.observation_space.contains(observation) for observation in episode.observations)
    assert all(list(seen) == list(env.observation_space) for seen in episode.observations)


@pytest.mark.parametrize("name", SCENARIOS)
def test_requests_keep_to_the_scenario_s_size(name):
    """No request has more nodes or links than the scenario says; its bound of nodes is met or close."""
    scenario = load_scenario(name)
    sizes = [
        (tables.num_nodes, len(tables.link_source))
        for tables in (scenario.sample(seed).instance.tables for seed in range(10))
    ]
    assert max(nodes for nodes, _ in sizes) <= scenario.max_nodes <= 2 * max(nodes for nodes, _ in sizes)
    assert max(links for _, links in sizes) <= scenario.max_links


@pytest.mark.parametrize("topology", ["ring", "plus-grid", "nearest"])
@pytest.mark.parametrize("hops", [1, 2, 50])
def test_sizes_of_other_topologies(topology, hops, tmp_path):
    """Whatever leads from satellite to satellite, no request has more nodes than said."""
    library = Path(scenarios.__file__).parent / "library"
    text = (library / "walker-dense.toml").read_text(encoding="utf-8")
    text = text.replace('topology = "plus-grid"', f'topology = "{topology}"')
    text = re.sub(r"reach_hops = \d+", f"reach_hops = {hops}", text)
    text = re.sub(r"hops_from_downlink = .*", "hops_from_downlink = 1", text)
    path = tmp_path / "other.toml"
    path.write_text(text, encoding="utf-8")
    scenario = load_scenario(path)
    for seed in range(5):
        assert scenario.sample(seed).instance.tables.num_nodes <= scenario.max_nodes <= 145


def test_entries_from_the_problem_itself():
    """What a graph says at the source, recomputed from the problem's file."""
    env = GraphObservation(make(problem=str(PROBLEMS / "tiny-ring.json")))
    observation, info = env.reset()
    problem, reference_s = env.unwrapped.instance.problem, info["reference_s"]
    batch, layers = problem.micro_batches, problem.model.layers

    def squashed(value, pivot):
        return pytest.approx(value / (value + pivot), rel=1e-5, abs=1e-7)

    for row, node in zip(observation["nodes"], problem.nodes, strict=True):
        ground = node.id == problem.destination
        computes = (node.flops_per_s is not None or node.layer_s is not None) and (
            problem.ground_may_compute or not ground
        )
        assert row[NODE["is the destination"]] == ground
        assert row[NODE["may still compute"]] == computes
        if not computes:
            assert not row[NODE["speed on the next layer"] : NODE["layers that fit"] + 1].any()
            continue
        each_s = node.layer_s or [layer.flops / node.flops_per_s for layer in layers]
        per_layer_s = reference_s / len(layers)
        assert 1 - row[NODE["speed on the next layer"]] == squashed(batch * each_s[0], per_layer_s)
        assert 1 - row[NODE["speed over the layers left"]] == squashed(batch * np.mean(each_s), per_layer_s)
    for row, link, ends in zip(
        observation["edges"], problem.links, observation["edge_index"].T.tolist(), strict=True
    ):
        assert [problem.nodes[end].id for end in ends] == [link.source, link.target]
        raw_s = batch * 8 * problem.model.input_bytes / link.rate_bps
        result_s = batch * 8 * problem.model.result_bytes / link.rate_bps
        assert row[EDGE["free"]] == 1
        assert row[EDGE["leads to the destination"]] == (link.target == problem.destination)
        assert row[EDGE["raw transfer"]] == row[EDGE["transfer as it is"]] == squashed(raw_s, reference_s)
        assert row[EDGE["transfer of the result"]] == squashed(result_s, reference_s)
        assert row[EDGE["latency"]] == squashed(link.latency_s, 0.01 * reference_s)


def test_follows_the_walk():
    """A processor that has served loses its speed, a compressed payload is quicker than the raw one."""
    env = GraphObservation(make(scenario="paper"))
    seen = set()
    for seed in range(5):
        chooser, (observation, info), over = at_random(seed), env.reset(seed=seed), False
        while not over:
            observation, _, over, _, info = env.step(chooser(info))
            inner = env.unwrapped.walk
            served = np.flatnonzero(inner.used_nodes)
            assert not observation["nodes"][served, NODE["may still compute"]].any()
            assert not observation["nodes"][served, NODE["layers that fit"]].any()
            compressed = inner.stage_start < 0 and inner.level > 0
            links = len(inner.used_links)
            raw = observation["edges"][:links, EDGE["raw transfer"]]
            as_is = observation["edges"][:links, EDGE["transfer as it is"]]
            assert (as_is < raw).all() if compressed else np.array_equal(as_is, raw)
            seen.add((compressed, len(served) > 0))
    assert {(True, True), (False, True), (False, False)} <= seen


def renumbered(instance, nodes, links):
    """The instance with its nodes and links in another order, slots unchanged."""
    problem = instance.problem
    place = np.argsort(links)
    other = problem.model_copy(
        update={
            "nodes": tuple(problem.nodes[i] for i in nodes),
            "links": tuple(problem.links[i] for i in links),
        }
    )
    slots = np.where(instance.slots >= 0, place[instance.slots], -1)[nodes]
    return Instance.from_problem(other, slots)


@pytest.mark.parametrize("seed", range(5))
def test_numbering_does_not_matter(seed):
    """Nodes and links in another order give the same rows in that order, and the same walk."""
    rng = np.random.default_rng(seed)
    instance = load_scenario("walker-dense").sample(seed).instance
    nodes = rng.permutation(instance.tables.num_nodes)
    links = rng.permutation(len(instance.tables.link_source))
    env = GraphObservation(make(scenario="walker-dense"))
    one = walk(env, at_random(seed), options={"problem": Sample(instance)})
    other = Sample(renumbered(instance, nodes, links))
    two = walk(env, in_turn(one.actions), options={"problem": other})
    assert one.rewards == pytest.approx(two.rewards)
    number = np.argsort(nodes)
    for before, after in zip(one.observations, two.observations, strict=True):
        assert np.allclose(after["nodes"][: len(nodes)], before["nodes"][nodes], atol=1e-6)
        assert np.allclose(after["edges"][: len(links)], before["edges"][links], atol=1e-6)
        ends = before["edge_index"][:, : len(links)]
        assert np.array_equal(after["edge_index"][:, : len(links)], number[ends[:, links]])
        assert np.array_equal(after["action_mask"], before["action_mask"])
        slots = after["slot_edges"]
        assert np.array_equal(np.where(slots >= 0, links[slots], -1), before["slot_edges"])


def test_scale_does_not_matter():
    """A problem whose times are all a thousand times longer looks the same."""
    problem = load_problem(PROBLEMS / "tiny-ring.json")
    slower = problem.model_copy(
        update={
            "nodes": tuple(
                node.model_copy(
                    update={
                        "flops_per_s": node.flops_per_s and node.flops_per_s / 1000,
                        "layer_s": node.layer_s and tuple(1000 * s for s in node.layer_s),
                        "codec_speed": node.codec_speed / 1000,
                    }
                )
                for node in problem.nodes
            ),
            "links": tuple(
                link.model_copy(update={"rate_bps": link.rate_bps / 1000, "latency_s": 1000 * link.latency_s})
                for link in problem.links
            ),
        }
    )
    one = walk(GraphObservation(make(problem=problem)), at_random(0))
    two = walk(GraphObservation(make(problem=slower)), in_turn(one.actions))
    for before, after in zip(one.observations, two.observations, strict=True):
        assert all(np.allclose(before[name], after[name], atol=1e-5) for name in before)


def test_observations_are_fresh_and_repeat():
    """The same seed and actions give the same graphs, in arrays that no later step changes."""
    env = GraphObservation(make(scenario="paper"))
    one = walk(env, at_random(4), seed=4)
    two = walk(GraphObservation(make(scenario="paper")), in_turn(one.actions), seed=4)
    for first, second in zip(one.observations, two.observations, strict=True):
        assert all(np.array_equal(first[name], second[name]) for name in first)


def test_lookahead_is_a_part():
    """Over the look-ahead its entries are a part, (actions, 3)."""
    env = GraphObservation(LookaheadObservation(make()))
    observation, info = env.reset(seed=0)
    assert np.array_equal(observation["lookahead"][:, 0], info["action_mask"])


def test_sizes_that_are_too_small():
    """Sizes below the scenario's, and problems beyond the arrays, are named."""
    with pytest.raises(InputError, match="max_nodes: is 5, but 13 are needed"):
        GraphObservation(make(), max_nodes=5)
    with pytest.raises(InputError, match=r"max_edges: is 2\.5, not a whole number"):
        GraphObservation(make(), max_edges=2.5)
    env = GraphObservation(make(scenario="paper"))
    with pytest.raises(InputError, match="max_nodes: is 13, but the problem needs 26"):
        env.reset(options={"problem": load_scenario("walker-dense").sample(0)})
    with pytest.raises(gym.error.ResetNeeded):
        env.step(0)
    with pytest.raises(TypeError, match="GraphObservation wraps SatLLMSplit-v0 only"):
        GraphObservation(gym.make("CartPole-v1"))


def test_stacks_in_gymnasium_s_vector_environment():
    """Graphs of several environments stack, and the spec makes the wrapper again."""
    env = GraphObservation(gym.make("SatLLMSplit-v0"), max_nodes=20)
    assert gym.make(env.spec).observation_space == env.observation_space
    envs = gym.make_vec("SatLLMSplit-v0", num_envs=2, vectorization_mode="sync", wrappers=[GraphObservation])
    observations, infos = envs.reset(seed=0)
    assert observations["edges"].shape == (2, 60, 7)
    observations, *_ = envs.step([int(np.flatnonzero(mask)[0]) for mask in infos["action_mask"]])
    assert envs.observation_space.contains(observations)
