"""Tests that illegal actions raise and change nothing, and that the action spaces draw legal ones."""

import copy
import pickle

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector.utils import batch_space

from satllm_env.envs import LookaheadObservation, SatLLMSplitVectorEnv
from satllm_env.envs.legal_actions import draw_legal
from satllm_env.errors import InputError
from satllm_env.problem.moves import FAULTS
from tests.unit.envs.cases import PROBLEMS, SOURCES, at_random, make, source_id, walk

COPIES = [lambda env: pickle.loads(pickle.dumps(env)), copy.deepcopy]


def standing(env):
    """All that a step writes in a scalar environment, as bytes."""
    arrays = (
        *env.walk.ints,
        *env.walk.reals,
        *env.walk.used_nodes,
        *env.walk.used_links,
        *env.action_masks(),
    )
    return [float(value) for value in arrays], list(env.walk.sends), [part.copy() for part in env.left]


def assert_stands(env, before):
    """Nothing has changed since `before`."""
    now = standing(env)
    assert now[:2] == before[:2]
    assert all(np.array_equal(one, other) for one, other in zip(now[2], before[2], strict=True))


@pytest.mark.parametrize("source", SOURCES, ids=source_id)
def test_raises_and_changes_nothing(source):
    """Every illegal action of every state names its rule in one line, and the walk goes on as without."""
    env, rng = make(**source), np.random.default_rng(0)
    alone = walk(make(**source), at_random(1), seed=4)
    refused = 0

    def choose(info):
        nonlocal refused
        before = standing(env)
        masked = [-1, env.action_space.n, *np.flatnonzero(info["action_mask"] == 0).tolist()]
        for action in rng.choice(masked, 4).tolist():
            if not legal(env, action):
                with pytest.raises(InputError, match=f"^action: {action}: is illegal: ") as caught:
                    env.step(action)
                assert "\n" not in str(caught.value)
                assert_stands(env, before)
                refused += 1
        return next(actions)

    actions = iter(alone.actions)
    episode = walk(env, choose, seed=4)
    assert refused > 0
    assert episode.rewards == alone.rewards
    assert np.array_equal(episode.observations, alone.observations)


def legal(env, action):
    """Whether an action breaks no rule, asked of the walk."""
    slot, level = divmod(action - 1, env.layout.num_levels)
    if action == 0:
        return env.walk.compute_fault() == 0
    if not 0 < action < env.action_space.n:
        return False
    link = int(env.slots[env.walk.node, slot])
    return link >= 0 and level < env.instance.tables.num_levels and env.walk.send_fault(link, level) == 0


def test_says_which_rule():
    """The message holds the rule's own words."""
    env = make()
    env.reset(seed=0)
    with pytest.raises(InputError, match="there is no action 1000000000000000000000"):
        env.step(10**21)
    words = [*FAULTS.values(), "the slot or the level is empty"]
    for action in np.flatnonzero(~env.action_masks()).tolist():
        if not legal(env, action):
            with pytest.raises(InputError) as caught:
                env.step(action)
            assert any(str(caught.value).endswith(f"is illegal: {text}") for text in words)


@pytest.mark.parametrize("action", [1.0, "0", None, np.float32(0), np.array([0])])
def test_actions_are_whole_numbers(action):
    """What is no whole number is refused, whatever illegal actions do, and changes nothing."""
    for mode in ("raise", "penalty"):
        env = make(on_illegal=mode)
        env.reset(seed=0)
        before = standing(env)
        with pytest.raises(InputError, match=r"^action: is .*, not a whole number$"):
            env.step(action)
        assert_stands(env, before)


def test_legal_masked_actions_are_steps():
    """A legal move after which the walk cannot be finished is made all the same, and leads to a dead end."""
    env, tried = make(problem=str(PROBLEMS / "ring-12x5.json")), 0
    for seed in range(200):

        def choose(info, seed=seed):
            nonlocal tried
            masked = [a for a in np.flatnonzero(info["action_mask"] == 0).tolist() if legal(env, a)]
            tried += bool(masked)
            return masked[0] if masked else at_random(seed)(info)

        if tried:
            break
        end = walk(env, choose, seed=seed).end
    assert tried
    assert end["dead_end"] and end["illegal_move"] is None


def test_unknown_way():
    """Another way with illegal actions is refused."""
    with pytest.raises(InputError, match="on_illegal: is 'clamp', not 'raise' or 'penalty'"):
        make(on_illegal="clamp")


@pytest.mark.parametrize("source", SOURCES, ids=source_id)
def test_sampling_without_a_mask_walks(source):
    """The loop of every tutorial ends its walks by the rules, and draws every unmasked action."""
    env = make(**source)
    env.action_space.seed(0)
    _, info = env.reset(seed=0)
    drawn = {int(env.action_space.sample()) for _ in range(60 * int(info["action_mask"].sum()))}
    assert drawn == set(np.flatnonzero(info["action_mask"]).tolist())
    for _ in range(3):
        assert walk(env, lambda info: env.action_space.sample())


def test_the_space_is_discrete():
    """But for what it draws by itself, the scalar space is `Discrete`."""
    env, plain = make(), spaces.Discrete(46)
    space = env.action_space
    assert space == plain and plain == space and space != spaces.Discrete(45)
    assert repr(space) == repr(plain)
    assert space.contains(45) and not space.contains(46)
    space.seed(3)
    plain.seed(3)
    assert space.sample() == plain.sample()  # before the first reset
    env.reset(seed=0)
    mask = np.zeros(46, np.int8)
    mask[[7, 9, 40]] = 1
    chances = np.arange(46) / np.arange(46).sum()
    for _ in range(20):
        assert space.sample(mask) == plain.sample(mask)
        assert space.sample(probability=chances) == plain.sample(probability=chances)
    assert type(make(on_illegal="penalty").action_space) is spaces.Discrete


def test_the_spaces_of_many_are_multi_discrete():
    """But for what they draw by themselves, the vector environment's spaces are Gymnasium's."""
    env = SatLLMSplitVectorEnv(3, scenario="paper-ground", pool_size=2)
    plain = batch_space(env.single_action_space, 3)
    space = env.action_space
    assert space == plain and plain == space
    assert repr(space) == repr(plain)
    assert space.dtype == plain.dtype and space.shape == plain.shape
    space.seed(3)
    plain.seed(3)
    assert np.array_equal(space.sample(), plain.sample())  # before the first reset
    env.reset(seed=0)
    assert space.contains(space.sample())
    masks = tuple(np.eye(46, dtype=np.int8)[[4, 7, 9]])
    assert space.sample(masks).tolist() == [4, 7, 9]
    penalty = SatLLMSplitVectorEnv(3, scenario="paper-ground", pool_size=2, on_illegal="penalty")
    assert type(penalty.action_space) is spaces.MultiDiscrete


@pytest.mark.parametrize("wrap", [lambda env: env, LookaheadObservation, gym.wrappers.OrderEnforcing])
@pytest.mark.parametrize("clone", COPIES)
def test_copies_draw_from_their_own_walks(clone, wrap):
    """A copy's space draws by the copy's mask, the first's by its own."""
    env = wrap(make(scenario="paper-ground"))
    env.reset(seed=1)
    twin = clone(env)
    for each, seed in ((env, 1), (twin, 2), (twin, 3)):
        episode = walk(each, lambda info, each=each: each.action_space.sample(), seed=seed)
        assert episode.end["illegal_move"] is None
    _, info = env.reset(seed=1)
    assert info["action_mask"][env.action_space.sample()]


@pytest.mark.parametrize("clone", COPIES)
def test_copies_of_many_draw_from_their_own_walks(clone):
    """The same in the vector environment."""
    env = SatLLMSplitVectorEnv(4, scenario="paper-ground", pool_size=4, autoreset_mode="SameStep")
    env.reset(seed=0)
    twin = clone(env)
    for _ in range(60):
        twin.step(twin.action_space.sample())
    assert env.action_masks()[np.arange(4), env.action_space.sample()].all()


@pytest.mark.parametrize("mode", ["NextStep", "SameStep", "Disabled"])
def test_one_of_many_raises_before_any_has_moved(mode):
    """An illegal action names its environment, no walk has moved, and all go on as without it."""
    env, other = (
        SatLLMSplitVectorEnv(4, scenario="paper-ground", pool_size=4, autoreset_mode=mode) for _ in range(2)
    )
    env.reset(seed=0)
    _, infos = other.reset(seed=0)
    over, rng = np.zeros(4, bool), np.random.default_rng(0)
    for step in range(80):
        actions = np.array([rng.choice(np.flatnonzero(mask)) for mask in infos["action_mask"]])
        wrong = actions.copy()
        wrong[step % 4] = -1 - step
        if not over[step % 4]:
            with pytest.raises(
                InputError, match=rf"^actions\[{step % 4}\]: {-1 - step}: is illegal: there is"
            ):
                env.step(wrong)
        assert np.array_equal(env.action_masks(), other.action_masks())
        one, two = env.step(actions), other.step(actions)
        assert all(np.array_equal(one[k], two[k]) for k in range(4))
        infos, over = two[-1], two[2] if mode == "NextStep" else over
        if mode == "Disabled" and two[2].any():
            env.reset(options={"reset_mask": two[2]})
            other.reset(options={"reset_mask": two[2]})
            infos = {"action_mask": other.action_masks()}


def test_drawing_is_uniform():
    """Every unmasked action comes as often as the others; a row without any gives 0."""
    masks = np.array([[0, 1, 0, 1, 1], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0]], np.int8)
    grid = (np.arange(300) + 0.5) / 300
    drawn = np.array([draw_legal(masks, np.full(3, luck)) for luck in grid])
    assert np.bincount(drawn[:, 0], minlength=5).tolist() == [0, 100, 0, 100, 100]
    assert not drawn[:, 1:].any()
