"""Tests of the arrival processes."""

import copy
import itertools
import pickle

import numpy as np
import pytest

from satllm_env.errors import InputError
from satllm_env.stream import Bursty, Poisson, arrivals_of

PROCESSES = [Poisson(30.0), Bursty(30.0, 8.0, 0.1, 5.0), Bursty(30.0, 10.0, 0.1, 5.0)]


def first(process, count, seed=0):
    """The first arrivals."""
    return np.array(list(itertools.islice(process.times_s(np.random.default_rng(seed)), count)))


@pytest.mark.parametrize("process", PROCESSES)
def test_rate(process):
    """The clock starts with the first request, and in the long run requests come at the given rate."""
    times_s = first(process, 40_000)
    assert times_s[0] == 0.0
    assert (np.diff(times_s) > 0).all()
    assert 60 * len(times_s) / times_s[-1] == pytest.approx(30.0, rel=0.05)


def test_poisson_counts_vary_as_their_mean():
    """Counts in windows of a minute have as much variance as mean; those of bursts have far more."""

    def spread(process):
        counts = np.bincount((first(process, 20_000) // 60).astype(int))[:-1]
        return counts.var() / counts.mean()

    assert spread(Poisson(30.0)) == pytest.approx(1.0, abs=0.2)
    assert spread(Bursty(30.0, 8.0, 0.1, 20.0)) > 5


def test_bursts_take_their_share():
    """With all requests in bursts, most gaps are those of the burst's rate."""
    process = Bursty(6.0, 10.0, 0.1, 30.0)
    assert process.rates_per_min == (0.0, 60.0)
    gaps_s = np.diff(first(process, 5_000))
    assert np.median(gaps_s) == pytest.approx(np.log(2) * 60 / 60.0, rel=0.1)
    calm_s = gaps_s[gaps_s > 20]
    assert calm_s.mean() == pytest.approx(270 * 1.0, rel=0.2)


@pytest.mark.parametrize("process", PROCESSES)
def test_clocks_can_be_copied(process):
    """The same seed gives the same arrivals, and a copy or a pickle goes on as the clock does."""
    assert (first(process, 50) == first(process, 50)).all()
    assert (first(process, 50) != first(process, 50, seed=1))[1:].all()
    clock = process.times_s(np.random.default_rng(3))
    next(clock)
    twins = copy.deepcopy(clock), pickle.loads(pickle.dumps(clock))
    ahead = [next(clock) for _ in range(20)]
    assert all([next(twin) for _ in range(20)] == ahead for twin in twins)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("steady", 1.0, 2.0, 0.1, 1.0), "arrivals: is 'steady'"),
        (("poisson", 0.0, 2.0, 0.1, 1.0), "rate_per_min"),
        (("poisson", float("inf"), 2.0, 0.1, 1.0), "rate_per_min"),
        (("poisson", "3", 2.0, 0.1, 1.0), "rate_per_min"),
        (("poisson", 1.0, 0.5, 0.1, 1.0), "burst_factor"),
        (("bursty", 1.0, 20.0, 0.1, 1.0), "burst_share"),
        (("bursty", 1.0, 2.0, 0.0, 1.0), "burst_share"),
        (("bursty", 1.0, 2.0, 0.1, -1.0), "burst_s"),
    ],
)
def test_wrong_values_are_named(arguments, words):
    """One line says which value is out of range."""
    with pytest.raises(InputError, match=words):
        arrivals_of(*arguments)
