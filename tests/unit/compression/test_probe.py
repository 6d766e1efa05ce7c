"""Runs over sets of cuts, against each set on its own."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from satllm_env.compression.codec import Codec
from satllm_env.compression.probing import parallel
from satllm_env.compression.probing.outcome import Crossing, Cut, CutSet, Outcome
from satllm_env.compression.probing.parallel import run_sets, time_codecs
from satllm_env.compression.probing.probe import PAYLOAD_INPUTS, Probe
from satllm_env.compression.probing.sets import random_sets, single_cuts
from satllm_env.errors import InputError
from satllm_env.nets.split_net import SplitNet
from tests.unit.compression.net_cases import (
    BOUNDARIES,
    LOSSLESS,
    calibration,
    codecs,
    inputs_of,
    lively,
    targets_of,
)

KINDS = ("vit", "lm")
ARRAYS = ("lost", "agrees", "kl_nat", "surprise_nat")


def some_sets() -> list[CutSet]:
    """Every single cut at three levels, sets that begin alike, and no cut at all."""
    rng = np.random.default_rng(0)
    return [*single_cuts(BOUNDARIES, 3), *random_sets(rng, BOUNDARIES, range(3), 25), ()]


@torch.no_grad()
def naive(
    net: SplitNet, codecs: tuple[Codec, ...], inputs: Tensor, targets: Tensor, cuts: CutSet
) -> tuple[list[int], dict[str, list[float]]]:
    """One set on its own: payload bytes at each cut, and input by input what became of its outputs."""
    activation, before, sent = net.embed(inputs), 0, []
    for boundary, level in cuts:
        activation, before = net.run_blocks(activation, before, boundary), boundary
        payloads = [
            codecs[level].encode(activation[first : first + PAYLOAD_INPUTS].numpy(), boundary)
            for first in range(0, len(activation), PAYLOAD_INPUTS)
        ]
        sent.append(sum(len(payload) for payload in payloads))
        activation = torch.from_numpy(np.concatenate([codecs[level].decode(p) for p in payloads]))
    after = net.head(net.run_blocks(activation, before)).double().numpy()
    whole = net(inputs).double().numpy()
    found: dict[str, list[float]] = {name: [] for name in ARRAYS}
    for one, other, right in zip(whole, after, targets.numpy(), strict=True):
        pairs = zip(np.atleast_2d(one), np.atleast_2d(other), np.atleast_1d(right), strict=True)
        rows = [output(*pair) for pair in pairs]
        for name, values in zip(ARRAYS, zip(*rows, strict=True), strict=True):
            found[name].append(float(np.mean(values)))
    return sent, found


def output(whole: np.ndarray, after: np.ndarray, right: int) -> tuple[float, float, float, float]:
    """What became of one output, from its logits by SciPy."""
    before, now = np.argmax(whole), np.argmax(after)
    p, q = (np.exp(logits - logits.max()) for logits in (whole, after))
    p, q = p / p.sum(), q / q.sum()
    lost = float(before == right) - float(now == right)
    return lost, float(before == now), stats.entropy(p, q), math.log(p[right] / q[right])


@pytest.mark.parametrize("kind", KINDS)
def test_every_set_is_as_if_run_on_its_own(kind: str) -> None:
    """Bytes are the payloads' lengths, and each output is compared as a plain loop does it."""
    net, levels = lively(kind), codecs(kind)
    inputs = inputs_of(net, 11)
    targets = targets_of(net, inputs)
    outcomes = Probe(net, levels, inputs, targets).run(some_sets())
    assert set(outcomes) == set(some_sets())
    raw_bytes = net.embed(inputs).numpy().nbytes
    for cuts, outcome in outcomes.items():
        sent, expected = naive(net, levels, inputs, targets, cuts)
        assert [crossing.sent_bytes for crossing in outcome.crossings] == sent
        assert [crossing.raw_bytes for crossing in outcome.crossings] == [raw_bytes] * len(cuts)
        assert all(crossing.encode_s > 0 and crossing.decode_s > 0 for crossing in outcome.crossings)
        for name, values in expected.items():
            np.testing.assert_allclose(getattr(outcome, name), values, rtol=1e-3, atol=2e-6, err_msg=name)
        if cuts:
            assert outcome.ratio == pytest.approx(len(cuts) * raw_bytes / sum(sent))
            factor = math.exp(np.mean(expected["surprise_nat"]))
            assert outcome.perplexity_factor == pytest.approx(factor, rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_sets_that_begin_alike_do_not_touch_each_other(kind: str) -> None:
    """A set's outcome is the same to the last bit whatever else runs beside it."""
    net, levels = lively(kind), codecs(kind)
    inputs = inputs_of(net, 9)
    probe = Probe(net, levels, inputs, targets_of(net, inputs))
    together = probe.run(some_sets())
    for cuts in some_sets():
        assert_same(probe.run([cuts])[cuts], together[cuts])


@pytest.mark.parametrize("kind", KINDS)
def test_a_lossless_codec_changes_nothing(kind: str) -> None:
    """Raw floats cost their bytes and a frame, and every output stays."""
    net, levels = lively(kind), codecs(kind, (LOSSLESS,))
    inputs = inputs_of(net, 16)
    cuts = tuple(Cut(boundary, 0) for boundary in BOUNDARIES)
    outcome = Probe(net, levels, inputs, targets_of(net, inputs)).run([cuts])[cuts]
    assert outcome.divergence_nat == (0, 0)
    assert outcome.agreement_pct.mean == 100
    assert outcome.loss.mean == 0
    assert outcome.perplexity_factor == 1
    for crossing in outcome.crossings:
        assert 0 < crossing.sent_bytes - crossing.raw_bytes <= 2 * 20


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("chunk", [8, 16, 200])
def test_chunks_of_the_inputs_change_nothing(kind: str, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks hold whole payloads, so bytes are the same; progress adds up to all inputs."""
    assert parallel.CHUNK % PAYLOAD_INPUTS == 0
    net, levels, told = lively(kind), codecs(kind), []
    inputs = inputs_of(net, 37)
    targets = targets_of(net, inputs)
    whole = Probe(net, levels, inputs, targets).run(some_sets())
    monkeypatch.setattr(parallel, "CHUNK", chunk)
    found = run_sets(net, levels, inputs, targets, some_sets() * 2, step=told.append)
    assert sum(told) == 37
    assert set(found) == set(whole)
    for cuts, outcome in found.items():
        assert_same(outcome, whole[cuts], tolerance=1e-5)


def test_the_number_of_processes_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """One process and two give the same to the last bit."""
    net, levels = lively("vit"), codecs("vit")
    inputs = inputs_of(net, 40)
    monkeypatch.setattr(parallel, "CHUNK", 8)
    one, two = (run_sets(net, levels, inputs, targets_of(net, inputs), some_sets(), jobs) for jobs in (1, 2))
    assert list(one) == list(two)
    for cuts, outcome in one.items():
        assert_same(outcome, two[cuts])


def test_threads_are_set_back() -> None:
    """A run leaves torch with the threads it had."""
    torch.set_num_threads(2)
    net = lively("vit")
    inputs = inputs_of(net, 3)
    run_sets(net, codecs("vit"), inputs, targets_of(net, inputs), single_cuts(BOUNDARIES, 1))
    assert torch.get_num_threads() == 2


def test_codecs_are_timed() -> None:
    """Seconds per byte of each level, encoding and decoding, above 0 and below a millisecond."""
    times = time_codecs(codecs("vit"), calibration("vit").activations)
    assert len(times) == 3
    assert all(0 < seconds < 1e-3 for pair in times for seconds in pair)


def test_boundaries_must_ascend_and_be_known() -> None:
    """A set in another order, with a cut twice, or at a boundary without a codec is refused."""
    net = lively("vit")
    inputs = inputs_of(net, 3)
    probe = Probe(net, codecs("vit"), inputs, targets_of(net, inputs))
    for cuts in ((Cut(2, 0), Cut(1, 0)), (Cut(2, 0), Cut(2, 1))):
        with pytest.raises(InputError, match=r"^cuts: boundary: must ascend \(got \[2, "):
            probe.run([cuts])
    with pytest.raises(InputError, match="boundary: 4 is unknown; known are 1, 2, 3"):
        probe.run([(Cut(4, 0),)])


def test_outcomes_join() -> None:
    """Inputs follow each other, bytes and seconds add up cut by cut."""
    parts = [outcome_of(np.arange(count) / 7, cuts=2) for count in (3, 1, 5)]
    joined = Outcome.joined(parts)
    for name in ARRAYS:
        np.testing.assert_array_equal(
            getattr(joined, name), np.concatenate([getattr(part, name) for part in parts])
        )
    assert joined.crossings == (Crossing(300, 30, 3.0, 6.0), Crossing(300, 60, 3.0, 6.0))
    assert joined.ratio == pytest.approx(600 / 90)
    assert joined.crossings[1].ratio == 5


@pytest.mark.parametrize("count", [2, 30, 400])
def test_intervals_are_those_of_the_mean(count: int) -> None:
    """Half-widths are SciPy's for the normal law of the mean, and near to a bootstrap's for many inputs."""
    values = np.random.default_rng(3).choice([-1.0, 0.0, 0.0, 1.0, 1.0], count)
    values[:2] = 0, 1
    outcome = outcome_of(values)
    for estimate, factor in (
        (outcome.loss, 100), (outcome.agreement_pct, 100), (outcome.divergence_nat, 1),
    ):  # fmt: skip
        low, high = stats.norm.interval(0.95, values.mean(), stats.sem(values))
        assert estimate.mean == pytest.approx(factor * values.mean())
        assert estimate.half_width == pytest.approx(factor * (high - low) / 2, rel=1e-6)
    if count == 400:
        found = stats.bootstrap((values,), np.mean, method="percentile", rng=0).confidence_interval
        assert outcome.divergence_nat.half_width == pytest.approx((found.high - found.low) / 2, rel=0.05)


@pytest.mark.parametrize("count", [2, 30, 400])
def test_no_change_is_no_certainty(count: int) -> None:
    """Where no output changed, intervals are SciPy's exact ones for none of so many; divergences are 0."""
    outcome = outcome_of(np.zeros(count))
    exact = stats.binomtest(0, count).proportion_ci(0.95, method="exact").high
    assert outcome.loss == (0, pytest.approx(100 * exact))
    assert outcome.agreement_pct == (0, pytest.approx(100 * exact))
    assert outcome.divergence_nat == (0, 0)


def outcome_of(values: np.ndarray, cuts: int = 1) -> Outcome:
    """An outcome whose every array is the given one."""
    crossings = tuple(Crossing(100, 10 * (cut + 1), 1.0, 2.0) for cut in range(cuts))
    return Outcome(crossings, values, values, values, values)


def assert_same(one: Outcome, other: Outcome, tolerance: float = 0.0) -> None:
    """All but the seconds."""
    for mine, theirs in zip(one.crossings, other.crossings, strict=True):
        assert (mine.raw_bytes, mine.sent_bytes) == (theirs.raw_bytes, theirs.sent_bytes)
    for name in ARRAYS:
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=0, atol=tolerance)
