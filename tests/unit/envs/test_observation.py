"""Tests of the observation: its bounds, its layout and what its entries say."""

import numpy as np
import pytest

from satllm_env.envs import SatLLMSplitEnv
from satllm_env.envs.observation import LEVEL_FEATURES, REQUEST_FEATURES, SLOT_FEATURES, squash
from satllm_env.errors import InputError
from satllm_env.problem import dump_problem, load_problem, parse_problem
from satllm_env.problem.schema import load_json
from tests.strategies import random_problem
from tests.unit.envs.cases import PROBLEMS, SCENARIOS, SOURCES, at_random, make, source_id, walk


@pytest.mark.parametrize("source", SOURCES, ids=source_id)
def test_within_the_space(source):
    """Every observation lies in the space, and each call gives a fresh array."""
    env = make(**source)
    for seed in range(10):
        episode = walk(env, at_random(seed), seed=seed)
        assert all(env.observation_space.contains(observation) for observation in episode.observations)
        assert len({id(observation) for observation in episode.observations}) == len(episode.observations)


@pytest.mark.parametrize("seed", range(40))
def test_finite_with_a_single_micro_batch(seed):
    """With one micro-batch no bottleneck is paid; an impossible one is seen as infinite all the same."""
    problem = random_problem(np.random.default_rng(seed), layers=4, satellites=4, micro_batches=1)
    env = make(problem=problem)
    try:
        env.reset()
    except ValueError:
        pytest.skip("the problem has no plan")
    episode = walk(env, at_random(seed))
    observations = np.array(episode.observations)
    assert np.isfinite(observations).all()
    assert set(np.unique(observations[:, 10:12])) <= {0.0, 1.0}


def test_single_micro_batches_are_met_in_scenarios():
    """Requests with one micro-batch and too little memory left occur, and are observed."""
    env = make(scenario="walker-dense")
    seen = set()
    for seed in range(40):
        episode = walk(env, at_random(seed), seed=seed)
        if env.instance.tables.micro_batches == 1:
            seen |= set(np.array(episode.observations)[:, 11].tolist())
    assert seen == {0.0, 1.0}


def test_everything_free():
    """A problem whose times are all 0 is walked and observed; a reference of 0 s is no unit."""
    data = load_json(PROBLEMS / "tiny-ring.json")
    data["model"] |= {"input_bytes": 0, "result_bytes": 0}
    for layer in data["model"]["layers"]:
        layer |= {"flops": 0, "activation_bytes": 0}
    for node in data["nodes"]:
        node.pop("layer_s", None)
    for link in data["links"]:
        link["latency_s"] = 0
    problem = parse_problem(data)
    env = SatLLMSplitEnv(problem=problem)
    episode = walk(env, at_random(0))
    assert all(env.observation_space.contains(observation) for observation in episode.observations)
    assert episode.total == 0.0
    with pytest.raises(InputError, match="reward_unit: is 'reference'"):
        SatLLMSplitEnv(problem=problem, reward_unit="reference").reset()


@pytest.mark.parametrize(
    ("value", "pivot", "squashed"),
    [
        (0.0, 1.0, 0.0),
        (0.0, 0.0, 0.0),
        (2.0, 0.0, 1.0),
        (3.0, 3.0, 0.5),
        (np.inf, 3.0, 1.0),
        (1.0, 3.0, 0.25),
    ],
)
def test_squash(value, pivot, squashed):
    """Squashing maps 0, the pivot and infinity to 0, one half and 1."""
    assert squash(value, pivot) == squashed


@pytest.mark.parametrize("name", SCENARIOS)
def test_entries_at_the_source(name):
    """What a fresh request shows, entry by entry, from the problem itself."""
    env = make(scenario=name)
    observation, info = env.reset(seed=11)
    problem, node = env.instance.problem, env.walk.node
    layers, periods = len(problem.model.layers), problem.micro_batches - 1

    def squashed(value, pivot):
        return pytest.approx(value / (value + pivot), rel=1e-5)

    assert observation[0] == 0
    assert observation[1] == squashed(layers, 32)
    assert observation[2] == squashed(problem.micro_batches, 8)
    assert observation[[3, 4, 7, 8, 9, 13]].tolist() == [0] * 6
    assert observation[12] == 1
    assert observation[14] == problem.ground_may_compute
    slots = observation[REQUEST_FEATURES : REQUEST_FEATURES + 5 * SLOT_FEATURES].reshape(5, SLOT_FEATURES)
    assert slots[:, 0].tolist() == (env.slots[node] >= 0).tolist()
    for slot, link in enumerate(env.slots[node].tolist()):
        if link < 0:
            assert not slots[slot].any()
            continue
        target = problem.links[link]
        raw_s = 8 * problem.model.input_bytes / target.rate_bps
        assert slots[slot, 1] == (target.target == problem.destination)
        assert slots[slot, 2] == squashed(periods * raw_s, info["reference_s"])
        assert slots[slot, 3] == squashed(target.latency_s, info["reference_s"])
    levels = observation[-env.layout.num_levels * LEVEL_FEATURES :].reshape(-1, LEVEL_FEATURES)
    assert levels[0, 0] == 1
    assert not levels[1:].any()  # the raw input is sent at level none only


def test_sizes_do_not_hang_on_the_request():
    """Problems of any size have observations of one size under the same slots and levels."""
    sizes = {make(scenario=name, num_slots=7, num_levels=9).observation_space.shape for name in SCENARIOS}
    small = make(problem=str(PROBLEMS / "tiny-ring.json"), num_slots=7, num_levels=9)
    assert sizes == {small.observation_space.shape} == {(15 + 8 * 7 + 4 * 9,)}


def test_reference_is_a_lower_bound_of_the_optimum():
    """The reference delay never exceeds a certified optimum."""
    for name, optimum_s in load_json(PROBLEMS / "optima.json").items():
        if optimum_s is not None:
            env = make(problem=load_problem(PROBLEMS / name))
            _, info = env.reset()
            assert 0 < info["reference_s"] <= optimum_s * (1 + 1e-12)
            assert dump_problem(env.instance.problem) == dump_problem(load_problem(PROBLEMS / name))
