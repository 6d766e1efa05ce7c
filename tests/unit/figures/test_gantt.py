"""The pipeline's Gantt chart."""

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex

from satllm_env.figures import pipeline_gantt, schedule, style
from satllm_env.figures.gantt import MAX_ROWS, longest_rows
from satllm_env.figures.quantities import format_s
from satllm_env.problem import Plan
from tests.unit.figures.inspection import assert_readable, words
from tests.unit.figures.places import chain, forward_plan, ring
from tests.unit.problem.cases import AB, BG, HALF, NONE, line_instance, walk_of
from tests.unit.problem.generator import finished_walks

IGNORED = (style.BOTTLENECK_BAND, style.IDLE)


def bars(figure):
    """Colour and (left, right, top, bottom) of every bar drawn."""
    found = []
    for collection in figure.axes[0].findobj(PolyCollection):
        colour = to_hex(collection.get_facecolor()[0]).upper()
        for path in collection.get_paths():
            (left, low), (right, high) = path.vertices.min(axis=0), path.vertices.max(axis=0)
            found.append((colour, left, right, low, high))
    return [bar for bar in found if bar[0] not in {ignored.upper() for ignored in IGNORED}]


def row_names(axes):
    """The texts left of a chart, from the top."""
    left = [text for text in axes.texts if getattr(text, "xy", (1,))[0] == 0]
    return sorted(left, key=lambda text: text.xy[1])


def line_plan(micro_batches=4):
    """Two stages, a compressed cut between them."""
    return Plan.from_walk(walk_of(line_instance(micro_batches=micro_batches), 1, (AB, HALF), 2, (BG, NONE)))


def test_bars_are_the_schedule():
    """A row's bars, decode to encode, span exactly the intervals of the schedule."""
    plan = line_plan()
    timetable, drawn = schedule(plan), bars(pipeline_gantt(plan))
    for row, _ in enumerate(plan.resources):
        here = sorted(bar[1:3] for bar in drawn if bar[3] < row < bar[4])
        assert np.isclose(min(left for left, _ in here), timetable.start_s[row, 0])
        assert np.isclose(max(right for _, right in here), timetable.end_s[row, -1])
        total = sum(right - left for left, right in here)
        assert total == pytest.approx(4 * plan.resources[row].busy_s)


def test_stages_are_divided():
    """The second stage decodes 0.5 s and computes 3 s, the first computes 1 s and encodes 1 s."""
    drawn = bars(pipeline_gantt(line_plan(1)))
    lengths = {(colour, round(low + 0.33)): right - left for colour, left, right, low, _ in drawn}
    assert lengths[style.COMPUTE.upper(), 0] == pytest.approx(1.0)
    assert lengths[style.ENCODE.upper(), 0] == pytest.approx(1.0)
    assert lengths[style.DECODE.upper(), 2] == pytest.approx(0.5)
    assert lengths[style.COMPUTE.upper(), 2] == pytest.approx(3.0)


def test_makespan_ends_the_axis():
    """The time axis ends at the delay, which stands beside it in words."""
    plan = line_plan()
    figure = pipeline_gantt(plan)
    assert figure.axes[0].get_xlim() == (0.0, plan.delay_s)
    assert f"delay {format_s(plan.delay_s)}" in words(figure)


def test_rows_are_named_and_the_bottleneck_stands_out():
    """Rows carry node, layers, boundary and level; the slowest one alone is set in the warning colour."""
    axes = pipeline_gantt(line_plan()).axes[0]
    labels = row_names(axes)
    assert [label.get_text() for label in labels] == [
        "a · layer 0",
        "a → b · boundary 1 · half",
        "b · layers 1–2",
        "b → g · result",
    ]
    assert [label.get_color() == style.BOTTLENECK for label in labels] == [False, False, True, False]


@pytest.mark.parametrize("micro_batches", [33, 64, 1000, 10**6])
def test_many_micro_batches_are_drawn_in_blocks(micro_batches):
    """Blocks span the row's work, and their filled area is the time busy."""
    plan = line_plan(micro_batches)
    figure = pipeline_gantt(plan)
    timetable = schedule(plan)
    pixel_s = plan.delay_s / 900
    for row, resource in enumerate(plan.resources):
        here = [bar for bar in bars(figure) if row - 0.4 < bar[3] and bar[4] < row + 0.4]
        assert abs(min(bar[1] for bar in here) - timetable.start_s[row, 0]) < pixel_s
        assert abs(max(bar[2] for bar in here) - timetable.end_s[row, -1]) < 2 * pixel_s
        filled = sum((right - left) * (high - low) for _, left, right, low, high in here) / 0.66
        assert filled == pytest.approx(micro_batches * resource.busy_s, rel=0.12)
    assert any("blocks of" in text for text in words(figure))


@pytest.mark.parametrize("stages", [0, 1, 3, 5, 8])
@pytest.mark.parametrize("micro_batches", [1, 8, 64])
def test_words_stay_apart(stages, micro_batches):
    """No text is clipped or covers another, from ground-only plans to eight stages."""
    assert_readable(pipeline_gantt(forward_plan(chain(9, micro_batches=micro_batches), stages)))


def test_long_ways_show_their_longest_rows():
    """Of more rows than fit those with the longest busy times are drawn, and the chart says so."""
    plan = forward_plan(ring(120), 3)
    figure = pipeline_gantt(plan)
    assert len(row_names(figure.axes[0])) == MAX_ROWS
    assert any(f"the {MAX_ROWS} longest of {len(plan.resources)} rows" in text for text in words(figure))
    assert_readable(figure)
    shown = longest_rows(plan.resources, MAX_ROWS)
    left_out = set(range(len(plan.resources))) - set(shown)
    assert min(plan.resources[r].busy_s for r in shown) >= max(plan.resources[r].busy_s for r in left_out)
    assert shown == sorted(shown)


@pytest.mark.parametrize("walk", finished_walks(8, seed=21))
def test_any_plan_can_be_drawn(walk):
    """Random plans are drawn without a warning and with all words readable."""
    assert_readable(pipeline_gantt(Plan.from_walk(walk)))


def test_free_plans_can_be_drawn():
    """A plan that takes no time at all still has a chart."""
    data = line_instance().problem.model_dump(by_alias=True)
    data["model"]["result_bytes"] = data["model"]["input_bytes"] = 0.0
    for layer in data["model"]["layers"]:
        layer["flops"] = layer["activation_bytes"] = 0.0
    for link in data["links"]:
        link["latency_s"] = 0.0
    plan = Plan.from_walk(walk_of(line_instance(**data), 3, (AB, NONE), (BG, NONE)))
    assert plan.delay_s == 0.0
    assert_readable(pipeline_gantt(plan))


def test_a_title_replaces_the_description():
    """The title is the caller's where one is given."""
    assert "Optimum" in words(pipeline_gantt(line_plan(), title="Optimum"))
