"""Tests of the vector environment: making it, its pool, its options and what it hands out."""

import copy
import json
import pickle

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from planners import solve
from satllm_env.envs import InstancePool, SatLLMSplitEnv, SatLLMSplitVectorEnv
from satllm_env.envs.arguments import layout_for
from satllm_env.envs.observation import ObservationLayout
from satllm_env.envs.packed import pack
from satllm_env.envs.terrain import terrain_of
from satllm_env.errors import InputError, NoPlanError
from satllm_env.problem import dump_problem, evaluate, load_problem, parse_steps
from satllm_env.scenarios import load_scenario
from tests.unit.envs.cases import PROBLEMS

RING = str(PROBLEMS / "ring-12x5.json")


@pytest.fixture(scope="module")
def pool():
    """Eight requests whose walks are short."""
    scenario = load_scenario("paper-ground")
    return InstancePool.draw(scenario, layout_for(scenario, None, None), 8, seed=0)


def choose(masks, rng):
    """An unmasked action for each environment."""
    return np.array([rng.choice(np.flatnonzero(mask)) for mask in masks])


def walk_on(env, infos, steps, seed=0):
    """Step at random; everything that comes back, in order."""
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        result = env.step(choose(infos["action_mask"], rng))
        infos = result[-1]
        yield result


def test_made_by_name():
    """``make_vec`` takes the vector environment by itself, with the scalar one's arguments and its own."""
    env = gym.make_vec(
        "SatLLMSplit-v0",
        num_envs=3,
        scenario="paper-ground",
        reward_unit="reference",
        num_slots=6,
        pool_size=4,
        autoreset_mode="SameStep",
    )
    assert isinstance(env, SatLLMSplitVectorEnv)
    assert env.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    assert gym.make_vec("SatLLMSplit-v0", pool_size=1).metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    single = gym.make("SatLLMSplit-v0", scenario="paper-ground", num_slots=6)
    assert env.single_observation_space == single.observation_space
    assert env.single_action_space == single.action_space
    observations, infos = env.reset(seed=0)
    assert env.observation_space.contains(observations)
    assert infos["action_mask"].shape == (3, single.action_space.n)
    again = gym.make_vec(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    assert again.num_envs == 3
    assert json.loads(env.spec.to_json())["kwargs"]["pool_size"] == 4


def test_pool_holds_the_scenarios_requests():
    """Instance `i` of the pool is what the scenario draws with seed ``pool_seed + i``."""
    env = SatLLMSplitVectorEnv(1, scenario="paper", pool_size=3, pool_seed=40)
    drawn = [dump_problem(load_scenario("paper").sample(seed).problem) for seed in (40, 41, 42)]
    assert [dump_problem(sample.problem) for sample in env.pool.samples] == drawn


def test_a_fixed_problem_is_kept_once():
    """A problem file makes a pool of one."""
    env = SatLLMSplitVectorEnv(2, problem=RING)
    assert len(env.pool) == 1
    env.reset(seed=0)
    assert env.instance(1).problem == load_problem(RING)


def test_packed_terrains_are_the_terrains():
    """What compiled loops see of an instance in the pool is what the scalar environment steps with."""
    paths = [PROBLEMS / name for name in ("tiny-ring.json", "ring-12x5.json", "chain-24x5.json")]
    samples = [load_scenario("walker-dense").sample(1)]
    sources = [SatLLMSplitEnv(problem=str(path)).source for path in paths]
    samples += [source.sample(None) for source in sources]
    layout = ObservationLayout(9, 32)
    terrains = [terrain_of(sample.instance, layout) for sample in samples]
    packed = pack(terrains)
    for number, terrain in enumerate(terrains):
        _assert_same_terrain(packed, number, terrain)


def _assert_same_terrain(packed, number, terrain):
    parts = (*terrain.tables, *terrain.reach, *terrain.sights, terrain.slots)
    arrays = [part for part in parts if isinstance(part, np.ndarray)]
    flats = {flat.dtype: flat for flat in packed if flat.ndim == 1}
    for start, array in zip(packed.starts[number], arrays, strict=True):
        held = flats[array.dtype][start : start + array.size]
        assert np.array_equal(held, array.reshape(-1))


def test_every_instance_comes_once_before_any_comes_again(pool):
    """Episodes take the pool in shuffled rounds that the seed of reset decides."""
    env = SatLLMSplitVectorEnv(4, pool=pool, autoreset_mode="SameStep")
    numbers = []
    _, infos = env.reset(seed=5)
    numbers += env.instance_numbers.tolist()
    for _, _, over, _, _ in walk_on(env, infos, 100):
        numbers += env.instance_numbers[over].tolist()
    rounds = [numbers[at : at + 8] for at in range(0, len(numbers) // 8 * 8, 8)]
    assert len(rounds) >= 3
    assert all(sorted(one) == list(range(8)) for one in rounds)
    assert rounds[0] != rounds[1]
    first = numbers[:4]
    env.reset(seed=5)
    assert env.instance_numbers.tolist() == first
    env.reset()
    assert env.instance_numbers.tolist() == numbers[4:8]


def test_seeds_decide_everything(pool):
    """Two environments of one seed agree; another seed differs."""
    runs = []
    for seed in (1, 1, 2):
        env = SatLLMSplitVectorEnv(3, pool=pool)
        observations, infos = env.reset(seed=seed)
        runs.append(np.concatenate([observations, *(step[0] for step in walk_on(env, infos, 40))]))
    assert np.array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


@pytest.mark.parametrize("clone", [lambda env: pickle.loads(pickle.dumps(env)), copy.deepcopy])
def test_copies_go_on_alike(pool, clone):
    """A copy made in the middle of walks goes on as the first does."""
    env = SatLLMSplitVectorEnv(3, pool=pool, autoreset_mode="SameStep")
    _, infos = env.reset(seed=2)
    infos = [*walk_on(env, infos, 5)][-1][-1]
    twin = clone(env)
    pairs = zip(walk_on(env, infos, 30), walk_on(twin, infos, 30), strict=True)
    assert all(np.array_equal(one[k], other[k]) for one, other in pairs for k in range(4))


def test_plans_are_the_walks(pool):
    """The plan of a finished walk keeps the rules and has the delay that the infos say."""
    env = SatLLMSplitVectorEnv(4, pool=pool, autoreset_mode="SameStep")
    _, infos = env.reset(seed=0)
    numbers, checked, returns = env.instance_numbers, 0, np.zeros(4)
    for _, rewards, over, _, said in walk_on(env, infos, 60):
        returns += rewards
        for i in np.flatnonzero(over).tolist():
            final = said["final_info"]
            if final["is_success"][i]:
                steps = parse_steps(list(final["plan"][i]))
                plan = evaluate(pool.samples[numbers[i]].instance, steps)
                assert plan.delay_s == final["delay_s"][i] == pytest.approx(-returns[i], rel=1e-9)
                assert plan.steps_as_data() == final["plan"][i]
                assert repr(final["plan"][i]) == repr(plan.steps_as_data())
                checked += 1
            returns[i] = 0.0
        numbers = env.instance_numbers
    assert checked > 5


def test_optimal_plans_replay(pool):
    """The exact planner's plans, replayed as actions, return minus their delays."""
    scalar = SatLLMSplitEnv(scenario="paper-ground")
    env = SatLLMSplitVectorEnv(1, pool=pool, autoreset_mode="Disabled")
    for number, sample in enumerate(pool.samples):
        plan = solve(sample.instance).plan
        scalar.reset(options={"problem": sample})
        env.reset(options={"instances": [number]})
        total = 0.0
        for action in scalar.actions_of(plan.steps):
            _, rewards, over, _, infos = env.step([action])
            total += rewards[0]
        assert over[0]
        assert total == pytest.approx(-plan.delay_s, rel=1e-9)
        assert infos["delay_s"][0] == pytest.approx(plan.delay_s, rel=1e-9)
        assert infos["plan"][0] == plan.steps_as_data()


def test_masks_and_arrays_are_the_callers_own(pool):
    """What is handed out is not written to again, unless asked for with ``copy=False``."""
    env = SatLLMSplitVectorEnv(3, pool=pool)
    observations, infos = env.reset(seed=0)
    kept = observations.copy(), infos["action_mask"].copy()
    infos_now = [*walk_on(env, infos, 3)][-1][-1]
    assert np.array_equal(observations, kept[0])
    assert np.array_equal(infos["action_mask"], kept[1])
    assert np.array_equal(env.action_masks(), infos_now["action_mask"])
    assert env.action_masks().dtype == np.bool_
    same = SatLLMSplitVectorEnv(3, pool=pool, copy=False)
    observations, infos = same.reset(seed=0)
    assert [*walk_on(same, infos, 3)][-1][0] is observations


def test_disabled_autoreset_waits_for_a_reset(pool):
    """Without autoreset a walk that is over has to be begun anew, and the others go on."""
    env = SatLLMSplitVectorEnv(3, pool=pool, autoreset_mode="Disabled", on_illegal="penalty")
    with pytest.raises(gym.error.ResetNeeded):
        env.step(np.zeros(3, int))
    _, infos = env.reset(seed=0)
    actions = choose(infos["action_mask"], np.random.default_rng(0))
    actions[1] = -1
    before = env.instance_numbers
    _, _, over, _, infos = env.step(actions)
    assert over.tolist() == [False, True, False]
    assert infos["illegal_move"][1] == "there is no action -1"
    with pytest.raises(gym.error.ResetNeeded):
        env.step(actions)
    states = [env.walk(i).ints.tolist() for i in (0, 2)]
    _, infos = env.reset(options={"reset_mask": over})
    assert infos["_action_mask"].tolist() == over.tolist()
    assert [env.walk(i).ints.tolist() for i in (0, 2)] == states
    assert env.instance_numbers[[0, 2]].tolist() == before[[0, 2]].tolist()
    env.step(choose(env.action_masks(), np.random.default_rng(0)))


def test_draws_every_walk(pool):
    """Rendering gives one text or picture per environment, equal to the scalar environment's."""
    env = SatLLMSplitVectorEnv(2, pool=pool, render_mode="ansi")
    with pytest.raises(gym.error.ResetNeeded, match="before render"):
        env.render()
    _, infos = env.reset(options={"instances": np.array([3, 4])})
    scalar = SatLLMSplitEnv(scenario="paper-ground", render_mode="ansi")
    scalar.reset(options={"problem": pool.samples[3]})
    action = int(np.flatnonzero(infos["action_mask"][0])[-1])
    env.step(np.array([action, int(np.flatnonzero(infos["action_mask"][1])[0])]))
    scalar.step(action)
    assert env.render()[0] == scalar.render()
    picture = SatLLMSplitVectorEnv(1, pool=pool, render_mode="rgb_array")
    picture.reset(seed=0)
    (frame,) = picture.render()
    assert frame.dtype == np.uint8
    assert frame.ndim == 3
    assert SatLLMSplitVectorEnv(1, pool=pool).render() is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"num_envs": 0}, "num_envs: is 0, but 1 are needed"),
        ({"pool_size": 0}, "pool_size: is 0, but 1 are needed"),
        ({"pool_seed": -1}, "pool_seed: is -1, but 0 are needed"),
        ({"max_episode_steps": 0}, "max_episode_steps: is 0, but 1 are needed"),
        ({"autoreset_mode": "sometimes"}, "autoreset_mode: is 'sometimes', not one of 'NextStep'"),
        ({"reward_unit": "hours"}, "reward_unit: is 'hours'"),
        ({"on_illegal": "clamp"}, "on_illegal: is 'clamp', not 'raise' or 'penalty'"),
        ({"render_mode": "human"}, "render_mode: is 'human'"),
        ({"num_slots": 4}, "num_slots: is 4, but 5 are needed"),
        ({"scenario": "papre"}, "scenario: papre: unknown"),
    ],
)
def test_wrong_arguments(arguments, says):
    """Arguments that cannot be are refused when the environment is made."""
    with pytest.raises(InputError, match=says) as caught:
        SatLLMSplitVectorEnv(**{"pool_size": 1, **arguments})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"problem": 1}, "options: problem: is not an option of reset"),
        ({"reset_mask": np.zeros(2, bool)}, "options: reset_mask: must be"),
        ({"reset_mask": np.ones(3, bool)}, "options: reset_mask: must be"),
        ({"reset_mask": [1, 0]}, "options: reset_mask: must be"),
        ({"instances": [0, 8]}, "options: instances: must be"),
        ({"instances": [0.0, 1.0]}, "options: instances: must be"),
        ({"instances": [1]}, "options: instances: must be"),
    ],
)
def test_wrong_options(pool, options, says):
    """Options of reset that cannot be are named."""
    with pytest.raises(InputError, match=says):
        SatLLMSplitVectorEnv(2, pool=pool).reset(options=options)


@pytest.mark.parametrize("actions", [[0], [0, 0, 0], [[0, 0]], [0.0, 1.0], ["a", "b"], 0])
def test_wrong_actions(pool, actions):
    """Actions are whole numbers, one for each environment."""
    env = SatLLMSplitVectorEnv(2, pool=pool)
    env.reset(seed=0)
    with pytest.raises(InputError, match="actions: must be 2 whole numbers"):
        env.step(actions)


def test_pools_that_cannot_be():
    """A pool needs an instance, and every instance a plan and room for its slots."""
    layout = layout_for(load_scenario("walker-dense"), None, None)
    with pytest.raises(InputError, match="pool: holds no instance"):
        InstancePool([], layout)
    with pytest.raises(NoPlanError, match="out of reach"):
        SatLLMSplitVectorEnv(1, problem=str(PROBLEMS / "no-plan.json"))
    with pytest.raises(InputError, match="num_slots"):
        InstancePool([load_scenario("walker-dense").sample(0)], ObservationLayout(2, layout.num_levels))
