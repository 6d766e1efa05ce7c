"""Codecs side by side: the chain's parts, and sparsifiers of equal size; and the tables of results."""

import numpy as np
import pytest

from satllm_env.compression.codec.settings import TransformKind, UniformSteps
from satllm_env.compression.probing import methods
from satllm_env.compression.probing.calibration import Calibration, measure_calibration
from satllm_env.compression.probing.outcome import Crossing, Cut, Outcome
from satllm_env.compression.probing.report import cut_grid, level_grid, method_grid, set_grid
from satllm_env.compression.probing.rows import method_row, rounded, set_row
from satllm_env.errors import InputError
from tests.unit.compression.net_cases import BOUNDARIES, calibration, inputs_of, lively
from tests.unit.compression.profile_cases import profile


def test_calibration_is_the_network_s_own_activations() -> None:
    """At every boundary, in the inputs' order, in one batch or several; progress runs twice over them."""
    net, told = lively("vit"), []
    inputs = inputs_of(net, 130)
    found = measure_calibration(net, inputs, step=told.append)
    assert tuple(found.activations) == tuple(found.sensitivities) == BOUNDARIES
    for boundary in BOUNDARIES:
        whole = net.run_blocks(net.embed(inputs), 0, boundary).numpy()
        np.testing.assert_allclose(found.activations[boundary], whole, atol=1e-5)
        assert found.activations[boundary].dtype == np.float32
    assert sum(told) == 2 * len(inputs)
    assert tuple(found.at((2,)).activations) == (2,)


def test_the_chain_adds_one_part_at_a_time() -> None:
    """16 bits halve the bytes, and every entropy coder makes them fewer than without one."""
    ratios = {
        name: methods.calibration_ratio(calibration("vit").codecs([level])[0], calibration("vit"))
        for name, level in methods.chain("weighted-klt", 1.0)
    }
    bits16, bits8, ranged, steps, zstandard, best = ratios.values()
    assert bits16 == pytest.approx(2, rel=0.01)
    assert 3 < bits8 < 4
    assert bits8 < ranged
    assert steps < zstandard < best


@pytest.mark.parametrize("inputs", [3, 20, 200])
def test_the_ratio_is_of_whole_payloads(inputs: int) -> None:
    """Of some inputs, eight in a payload; what calibration has not makes no payload."""
    some = Calibration(
        {2: np.tile(calibration("vit").activations[2], (4, 1, 1))[:inputs]}, calibration("vit").sensitivities
    )
    codec = some.codecs([methods.uniform("x", "klt", 1.0)])[0]
    counted = some.activations[2][:80]
    parts = [counted[first : first + 8] for first in range(0, len(counted), 8)]
    sent = sum(len(codec.encode(part, 2)) for part in parts)
    assert methods.calibration_ratio(codec, some) == pytest.approx(counted.nbytes / sent)


@pytest.mark.parametrize("transform", ["scale", "token-klt"])
def test_sparsifiers_are_brought_to_one_size(transform: TransformKind) -> None:
    """The step, or the share that top-k keeps, is found at which calibration data are so small."""
    data = calibration("vit")
    steps = methods.matched(data, lambda step: methods.uniform("none", transform, step), 0.01, 1e2, 30)
    assert methods.calibration_ratio(steps, data) == pytest.approx(30, rel=0.05)
    kept = methods.matched(data, lambda shrink: methods.top_k(transform, 1 / shrink), 1, 1e3, 30)
    # of 16 channels one more or less is much; of 256 components little
    tolerance = 0.25 if transform == "scale" else 0.05
    assert methods.calibration_ratio(kept, data) == pytest.approx(30, rel=tolerance)


@pytest.mark.parametrize(("ratio", "end"), [(1.0, 0.01), (1e6, 1.0)])
def test_ratios_out_of_reach_give_the_nearest(ratio: float, end: float) -> None:
    """The end of the range, so that a table can say by how much it missed."""
    data = calibration("vit")
    found = methods.matched(data, lambda step: methods.uniform("none", "klt", step), 0.01, 1.0, ratio)
    assert isinstance(found.settings.quantiser, UniformSteps)
    assert found.settings.quantiser.step == pytest.approx(end, rel=0.01)


def test_top_k_keeps_its_share() -> None:
    """Of each token's channels in the published chain."""
    for (name, level), keep in zip(methods.top_k_int8((0.5, 0.25)), (0.5, 0.25), strict=True):
        part = calibration("vit").codecs([level])[0].boundaries[2]
        kept = part.quantise(calibration("vit").activations[2][:4]).kept
        assert kept is not None
        assert name == f"keep {keep:g}"
        assert (kept.sum(axis=1) == keep * kept.shape[1]).all()


def outcome(loss: float, kl: float, cuts: int = 2) -> Outcome:
    """Two inputs that lose so much together."""
    values = np.array([loss, 0.0]) * 2
    crossings = (Crossing(1000, 50, 1e-6, 3e-6),) * cuts
    return Outcome(crossings, values, np.array([1.0, 0.5]), np.array([kl, kl]), np.log(np.array([1.1, 1.1])))


def test_rows_say_what_was_measured() -> None:
    """Five digits of each figure, levels by name."""
    cuts = (Cut(1, 0), Cut(3, 1))
    alone = {Cut(1, 0): 0.06, Cut(3, 1): 0.040000001, Cut(2, 0): 9.0}
    row = set_row(cuts, outcome(0.01, 0.123456789), ("fine", "coarse"), alone, bound=2.0)
    assert row.cuts == ((1, "fine"), (3, "coarse"))
    assert (row.ratio, row.loss, row.kl_nat, row.agreement_pct) == (20, 1, 0.12346, 75)
    assert row.perplexity_factor == 1.1
    assert (row.cut_kl_nat, row.summed_kl_nat, row.bound) == ((0.06, 0.04), 0.1, 2.0)
    one = method_row("klt", "1 σ", cuts, outcome(0.01, 0.1), "step-1")
    assert one.cuts == ((1, "step-1"), (3, "step-1"))
    assert (one.encode_s_per_byte, one.decode_s_per_byte) == pytest.approx((1e-9, 3e-9))
    assert rounded(123456.789) == 123460


def test_tables_of_the_rows() -> None:
    """Sets by their number of cuts and all together, with the share under the limit and under the plan."""
    alone = {Cut(1, 0): 0.1, Cut(2, 0): 0.1}
    rows = [
        set_row((Cut(1, 0),), outcome(0.002, 0.1, 1), ["a"], alone, bound=0.1),
        set_row((Cut(1, 0), Cut(2, 0)), outcome(0.02, 0.3), ["a"], alone, bound=3.0),
    ]
    grid = set_grid("step-1", rows, 1.0)
    assert [line[:2] for line in grid.rows] == [("1 cuts", "1"), ("2 cuts", "1"), ("all", "2")]
    assert grid.rows[2][3:7] == ("1.10", "2.00", "50.0 %", "50.0 %")
    assert all(len(line) == len(grid.headings) for line in grid.rows)
    nothing = set_row((Cut(1, 0),), outcome(0.0, 0.0, 1), ["a"], {Cut(1, 0): 0.0}, bound=0.0)
    assert set_grid("step-1", [nothing], 1.0).rows[0][-1] == "–"
    method = method_grid([method_row("klt", "1 σ", (Cut(1, 0),), outcome(0.01, 0.1, 1), "x")])
    assert method.rows[0][:3] == ("klt", "1 σ", "20.0")


def test_tables_of_a_profile() -> None:
    """A row per level, and one per cut."""
    levels, cuts = level_grid(profile()), cut_grid(profile())
    assert [line[0] for line in levels.rows] == ["step-0.5", "step-1", "step-2"]
    assert [line[0] for line in cuts.rows] == ["1", "2", "3", "4"]
    assert levels.rows[1][1] == "27 – 38 – 48"
    assert levels.rows[1][-2:] == ("333 MB/s", "500 MB/s")
    assert cuts.rows[0][2] == "27 · 8.0e-03"
    untimed = profile().cut_levels[0].model_copy(update={"encode_s_per_byte": 0.0})
    assert level_grid(profile().model_copy(update={"cut_levels": (untimed,)})).rows[0][-2] == "–"


def test_a_weighted_transform_needs_its_sensitivity() -> None:
    """One line says so."""
    bare = Calibration(calibration("vit").activations, {})
    with pytest.raises(InputError, match="calibration at boundary 1: sensitivity: must be given"):
        bare.codecs([methods.uniform("x", "weighted-klt", 1.0)])
