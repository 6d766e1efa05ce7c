"""The parts of a page against the plan that they show."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.report_page.axis import WIDTH, delay_axis, gap_axis, linear_ticks, time_axis
from agents.report_page.helps import factor_text, help_table
from agents.report_page.network_scene import network_scene
from agents.report_page.pipeline import pipeline
from agents.report_page.strips import MOST_DOTS, gap_strips
from satllm_env.figures.schedule import schedule
from satllm_env.problem.plan import Transfer
from tests.unit.agents.report_page.cases import ring_planned, scores
from tests.unit.figures.places import chain, forward_plan, ring, ring_layout


def test_bars_stand_where_the_schedule_puts_them() -> None:
    """One bar per micro-batch, from its start to its end, in thousandths of the delay."""
    plan = forward_plan(chain(), 3)
    chart, times = pipeline(plan), schedule(plan)
    assert [row.step for row in chart.rows] == list(range(1, len(plan.resources) + 1))
    for r, row in enumerate(chart.rows):
        assert [bar.x for bar in row.bars] == pytest.approx(WIDTH * times.start_s[r] / plan.delay_s)
        ends = [bar.x + bar.width for bar in row.bars]
        assert ends == pytest.approx(WIDTH * times.end_s[r] / plan.delay_s)
    assert max(bar.x + bar.width for row in chart.rows for bar in row.bars) <= WIDTH
    assert [row.bottleneck for row in chart.rows] == [
        used.busy_s == plan.bottleneck_s for used in plan.resources
    ]
    assert chart.note == ""


def test_many_micro_batches_stand_in_blocks() -> None:
    """Blocks that hold all of them, and a note that says so."""
    plan = forward_plan(chain(micro_batches=1000), 3)
    chart = pipeline(plan)
    assert "blocks of 63" in chart.note
    assert all(len(row.bars) == 16 for row in chart.rows)
    assert "micro-batches 946–1000" in chart.rows[0].bars[-1].tip


@pytest.mark.parametrize("on_map", [True, False])
def test_a_scene_has_every_node_link_and_hop(on_map: bool) -> None:
    """Marks in the whole picture, lines for all pairs of linked nodes, a line and an arrow per hop."""
    planned = ring_planned()
    instance, plan = planned.instance, planned.result.plan
    assert plan is not None
    scene = network_scene(instance, plan, ring_layout() if on_map else None)
    assert scene.is_map == on_map
    left, top, width, height = scene.whole
    assert all(left <= m.x <= left + width and top <= m.y <= top + height for m in scene.marks)
    assert len(scene.marks) == len(instance.problem.nodes)
    hops = [line for line in scene.lines if line.kind == "way"]
    assert len(hops) == len(scene.arrows) == len(plan.transfers)
    pairs = {frozenset(pair) for pair in instance.link_index}
    assert len(scene.lines) - len(hops) == len(pairs)
    sends = [n for n, used in enumerate(plan.resources, start=1) if isinstance(used, Transfer)]
    assert [line.step for line in hops] == sends
    stages = [mark for mark in scene.marks if mark.role == "stage"]
    assert sorted(mark.step for mark in stages) == sorted({*range(1, len(plan.resources) + 1)} - {*sends})


def test_the_first_view_holds_the_plans_path() -> None:
    """Also where the path crosses ±180°, and whatever the longitude it is centred on."""
    instance = ring()
    plan = forward_plan(instance, 3)
    for turn in (0.0, 100.0, 179.0, 250.0):
        scene = network_scene(instance, plan, ring_layout().turned(turn))
        left, top, width, height = scene.view
        for mark in scene.marks:
            if mark.role != "idle":
                assert left <= mark.x <= left + width
                assert top <= mark.y <= top + height


def test_a_layout_without_all_nodes_falls_back_to_the_graph() -> None:
    """Positions of some nodes alone make no map."""
    assert not network_scene(ring(), None, ring_layout(station="elsewhere")).is_map


@settings(max_examples=50)
@given(st.floats(1e-9, 1e12))
def test_ticks_are_few_round_and_inside(highest: float) -> None:
    """From 0 up, evenly spaced, two to seven of them."""
    ticks = linear_ticks(highest)
    assert ticks[0] == 0
    assert ticks[-1] <= highest * (1 + 1e-9)
    assert 2 <= len(ticks) <= 7
    assert np.ptp(np.diff(ticks)) <= 1e-9 * highest


@settings(max_examples=50)
@given(st.lists(st.floats(0.0, 1e5), min_size=1, max_size=9))
def test_axes_keep_order_and_range(values: list[float]) -> None:
    """Larger values never stand further left, and all stand on the axis."""
    for axis in (gap_axis(values), delay_axis(values), time_axis(max(values))):
        places = [axis.place(value) for value in sorted(values)]
        assert all(b >= a - 1e-9 for a, b in itertools.pairwise(places))
        assert places[0] >= -1e-6
        assert places[-1] <= WIDTH * (1 + 1e-9)
        assert all(-1e-6 <= tick.x <= WIDTH * (1 + 1e-9) for tick in axis.ticks)


def test_strips_thin_out_many_requests() -> None:
    """As many quantiles as allowed, the quartiles still those of all."""
    few, many = gap_strips(scores("s", 30), 0), gap_strips(scores("s", 3000), 0)
    assert [len(strip.dots) for strip in few.strips] == [30, 20, 0]
    assert [len(strip.dots) for strip in many.strips] == [MOST_DOTS, MOST_DOTS, 0]
    gaps = scores("s", 3000)[1].gap_pct
    quartiles = [many.axis.place(value) for value in np.percentile(gaps, (25, 50, 75))]
    assert many.strips[1].quartiles == pytest.approx(quartiles)


def test_notes_tell_the_proven_from_the_unknown() -> None:
    """Unproven savings of nothing, and candidates not reached, are not called useless."""
    found = ring_planned().sensitivity
    assert found is not None
    idle = [entry for entry in found.helps if entry.most_saved_s == 0]
    assert idle
    assert help_table(found).notes == (
        f"{len(idle)} resources on or near the path would save nothing at any of these factors: proven.",
    )
    unproven = [
        replace(entry, trials=tuple(trial and replace(trial, status="feasible") for trial in entry.trials))
        for entry in idle
    ]
    cut = replace(found, helps=tuple(unproven), unmeasured=(idle[0].resource,))
    notes = " ".join(help_table(cut).notes)
    assert "proven" not in notes
    assert "no saving was found" in notes
    assert "1 resource further off could not be measured" in notes


@pytest.mark.parametrize(("factor", "text"), [(1.25, "+25 %"), (2.0, "2×"), (2.5, "2.5×"), (10.0, "10×")])
def test_factors(factor: float, text: str) -> None:
    """As people say them."""
    assert factor_text(factor) == text
