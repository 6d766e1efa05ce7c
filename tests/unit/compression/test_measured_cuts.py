"""Profiles measured cut by cut: levels for any number of cuts, steps between levels, and the file form."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.compression.measured_cuts import MeasuredCuts
from satllm_env.compression.profile import load_profile, parse_profile
from satllm_env.errors import InputError
from satllm_env.problem.schema import Level, parse_problem
from tests.unit.compression.profile_cases import BLOCKS, BOUNDARIES, STEPS, cut, level, profile, table


def both(found: Level) -> tuple[np.ndarray, np.ndarray]:
    """Ratios and losses, cut by cut."""
    return np.array(found.ratio), np.array(found.loss)


def test_the_measured_network_gets_the_measured_figures() -> None:
    """With as many layers as it has blocks, ratios are the measured ones and losses the rule's."""
    none, *levels = profile().levels(BLOCKS - 1)
    assert (none.name, none.ratio, none.loss) == ("none", 1, 0)
    for step, found in zip(STEPS, levels, strict=True):
        ratios, losses = both(found)
        wanted = [cut(boundary, step) for boundary in BOUNDARIES]
        np.testing.assert_allclose(ratios, [at["ratio"] for at in wanted], rtol=1e-14)
        np.testing.assert_allclose(losses, [0.05 + 20 * at["kl_nat"] for at in wanted], rtol=1e-14)
        assert (found.name, found.encode_s_per_byte) == (f"step-{step:g}", 3e-9 * step)


def test_figures_between_measured_cuts_are_interpolated() -> None:
    """Twice the layers: every second cut is a measured one, and between two ratios go geometrically."""
    for found, same in zip(
        profile().levels(2 * BLOCKS - 1)[1:], profile().levels(BLOCKS - 1)[1:], strict=True
    ):
        (ratios, losses), (known, kept) = both(found), both(same)
        np.testing.assert_allclose(ratios[1::2], known, rtol=1e-12)
        np.testing.assert_allclose(ratios[2:-1:2], np.sqrt(known[:-1] * known[1:]), rtol=1e-12)
        np.testing.assert_allclose(losses[2:-1:2], (kept[:-1] + kept[1:]) / 2, rtol=1e-12)


@given(cuts=st.integers(1, 200))
def test_interpolation_is_monotone_and_held_at_the_ends(cuts: int) -> None:
    """Ratios rise and losses fall with depth as the measured ones do, and never leave their range."""
    for step, found in zip(STEPS, profile().levels(cuts)[1:], strict=True):
        ratios, losses = both(found)
        assert len(ratios) == len(losses) == cuts
        assert (np.diff(ratios) >= -1e-9).all()
        assert (np.diff(losses) <= 1e-12).all()
        first, last = cut(1, step)["ratio"], cut(BLOCKS - 1, step)["ratio"]
        assert ratios.min() >= first * (1 - 1e-12)
        assert ratios.max() <= last * (1 + 1e-12)
        depths = np.arange(1, cuts + 1) / (cuts + 1)
        np.testing.assert_allclose(ratios[depths <= 1 / BLOCKS], first)
        np.testing.assert_allclose(ratios[depths >= (BLOCKS - 1) / BLOCKS], last)


@pytest.mark.parametrize("layers", [1, 2, 7])
def test_levels_fit_a_problem(layers: int) -> None:
    """A model of any number of layers, of one too."""
    levels = profile().levels(layers - 1)
    layer = {"name": "x", "flops": 1, "weight_bytes": 1, "activation_bytes": 1}
    problem = {
        "format": "satllm-split-problem/1",
        "model": {"name": "m", "input_bytes": 1, "result_bytes": 1, "layers": [layer] * layers},
        "nodes": [{"id": "s", "kind": "satellite"}, {"id": "g", "kind": "ground"}],
        "links": [], "source": "s", "destination": "g", "accuracy_budget": 1, "micro_batches": 1,
        "compression": [found.model_dump(mode="json") for found in levels],
    }  # fmt: skip
    assert parse_problem(problem).compression == levels


@pytest.mark.parametrize("step", STEPS)
def test_a_measured_step_is_its_level(step: float) -> None:
    """To the last bits, and by its name."""
    found, level = profile().level_of_step(step, 7), profile().levels(7)[1 + STEPS.index(step)]
    assert found.name == level.name
    for mine, theirs in zip(both(found), both(level), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-14)
    assert found.encode_s_per_byte == pytest.approx(level.encode_s_per_byte, rel=1e-14)


@given(steps=st.lists(st.floats(STEPS[0], STEPS[-1]), min_size=2, max_size=2))
def test_larger_steps_are_smaller_and_lose_more(steps: list[float]) -> None:
    """Between the levels ratios and losses go monotonely, and powers of the step are met exactly."""
    low, high = (profile().level_of_step(step, 4) for step in sorted(steps))
    assert (both(low)[0] <= both(high)[0] * (1 + 1e-12)).all()
    assert (both(low)[1] <= both(high)[1] * (1 + 1e-12)).all()
    changed = table()
    changed["loss_rule"]["points_per_cut"] = 0.0
    for made in changed["cut_levels"]:
        for at in made["cuts"]:
            at["ratio"] = 30 * made["settings"]["quantiser"]["step"] ** 0.7
    found = parse_profile(changed, "p.json")
    assert isinstance(found, MeasuredCuts)
    ratios, losses = both(found.level_of_step(steps[0], 4))
    np.testing.assert_allclose(ratios, 30 * steps[0] ** 0.7)
    np.testing.assert_allclose(losses, [20e-3 * steps[0] ** 2 * (9 - boundary) for boundary in BOUNDARIES])


def test_losses_of_nothing_stay_nothing() -> None:
    """Between two levels that lose nothing lies no loss, not a tiny one."""
    changed = table()
    changed["loss_rule"] |= {"points_per_cut": 0.0, "points_per_nat": 0.0}
    found = parse_profile(changed, "p.json")
    assert isinstance(found, MeasuredCuts)
    assert found.level_of_step(0.7, 4).loss == (0.0,) * 4


@pytest.mark.parametrize("step", [0.4999, 2.001, 0.0, -1.0, float("nan"), float("inf")])
def test_steps_out_of_range_are_refused(step: float) -> None:
    """Nothing is known of them."""
    with pytest.raises(InputError, match=r"^mine: step: must be from 0\.5 to 2 \(got "):
        profile().level_of_step(step, 4)


def test_one_level_has_one_step() -> None:
    """It is found, and no other."""
    one = profile(cut_levels=[level(1.0)])
    assert one.level_of_step(1.0, 4) == one.levels(4)[1]
    with pytest.raises(InputError, match="must be from 1 to 1"):
        one.level_of_step(1.1, 4)


@pytest.mark.parametrize(
    "settings",
    [{}, {"quantiser": "int8"}, {"quantiser": {"kind": "integer", "bits": 8}}, {"quantiser": {"step": -1.0}}],
)
def test_levels_without_a_step_are_not_interpolated(settings: dict[str, Any]) -> None:
    """Whatever their settings hold."""
    with pytest.raises(InputError, match="mine: step-1: has no step to interpolate over"):
        profile(cut_levels=[level(0.5), level(1.0) | {"settings": settings}]).level_of_step(0.7, 4)


def test_two_levels_of_one_step_are_not_interpolated() -> None:
    """Nothing lies between them."""
    twice = profile(cut_levels=[level(0.5), level(0.5) | {"name": "other"}, level(1.0)])
    with pytest.raises(InputError, match="mine: cut_levels: have a step twice"):
        twice.level_of_step(0.7, 4)


def test_it_comes_back_from_its_file(tmp_path: Path) -> None:
    """What was written as JSON is the profile again, and says what it is."""
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(profile().model_dump(mode="json")))
    again = load_profile(path)
    assert again == profile()
    assert again.bytes_per_element == 4
    assert "measured on the network 'tiny' (5 blocks)" in again.standing
    assert "assumption" in again.standing


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.pop("blocks"), "blocks: Field required"),
        (lambda t: t.update(blocks=0), "blocks: "),
        (lambda t: t.update(blocks=4), "cut_levels: boundaries must be below blocks (4)"),
        (lambda t: t.update(cut_levels=[]), "cut_levels: "),
        (lambda t: t["cut_levels"].append(level(1.0)), "cut_levels: level name 'step-1' is taken twice"),
        (lambda t: t["cut_levels"][1].update(name="none"), "cut_levels: level name 'none' is taken twice"),
        (lambda t: t["cut_levels"][1]["cuts"].pop(), "cut_levels: level 'step-1' has other boundaries"),
        (lambda t: t["cut_levels"][0].update(cuts=[]), "cut_levels[0].cuts: "),
        (lambda t: t["cut_levels"][0]["cuts"].reverse(), "cut_levels[0].cuts: boundaries must ascend"),
        (lambda t: t["cut_levels"][2]["cuts"][1].update(ratio=0), "cut_levels[2].cuts[1].ratio: "),
        (lambda t: t["cut_levels"][2]["cuts"][1].update(kl_nat=-1e-9), "cut_levels[2].cuts[1].kl_nat: "),
        (lambda t: t["cut_levels"][2]["cuts"][1].update(agreement_pct=101), "cut_levels[2].cuts[1].agree"),
        (lambda t: t["cut_levels"][2]["cuts"][1].update(boundary=0), "cut_levels[2].cuts[1].boundary: "),
        (lambda t: t["cut_levels"][2]["cuts"][1].update(more=1), "cut_levels[2].cuts[1].more: "),
        (lambda t: t["loss_rule"].update(points_per_nat=-1), "loss_rule.points_per_nat: "),
        (lambda t: t["loss_rule"].update(confidence=0.5), "loss_rule.confidence: "),
        (lambda t: t["made_by"].update(versions={"torch": 2}), "made_by.versions"),
        (lambda t: t["made_by"].pop("git_revision"), "made_by.git_revision: Field required"),
    ],
)  # fmt: skip
def test_faults_name_file_and_field(change: Change, message: str, tmp_path: Path) -> None:
    """In one line."""
    changed = copy.deepcopy(table())
    change(changed)
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(changed))
    with pytest.raises(InputError) as caught:
        load_profile(path)
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "\n" not in str(caught.value)
