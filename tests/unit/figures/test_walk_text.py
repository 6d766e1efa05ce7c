"""The walk as text."""

import pytest

from satllm_env.figures import failure_text, walk_text
from satllm_env.figures.quantities import format_s
from satllm_env.problem import Instance, Plan, Walk, parse_problem
from tests.unit.figures.places import chain, forward, ring
from tests.unit.problem.cases import AB, BG, HALF, NONE, line_data, line_instance, walk_of
from tests.unit.problem.generator import finished_walks


def test_fresh_walk():
    """Before the first move nobody holds layers and nothing has been sent."""
    text = walk_text(Walk(line_instance()))
    assert "3 layers · 4 micro-batches · a → g" in text
    assert "at a · 0 of 3 layers done · holding the input" in text
    assert "(nobody yet)" in text and "layers 0–2" in text and "(nothing sent yet)" in text
    assert "0.3 of 0.3 accuracy points left" in text and "So far    0 s" in text


def test_stage_in_progress():
    """A stage that has not been sent on shows with its layers and what is left to do."""
    text = walk_text(walk_of(line_instance(), 1, (AB, HALF), 1))
    assert "at b · 2 of 3 layers done · computing" in text
    assert "layer 1 " in text and "(nobody yet)" in text and "layer 2" in text
    assert "a → b" in text and "boundary 1" in text and "half" in text
    assert "0.2 of 0.3 accuracy points left" in text


def test_finished_walk():
    """A finished walk shows sum, bottleneck and delay: 9 s, 3.5 s and 9 + 3 · 3.5 = 19.5 s."""
    walk = walk_of(line_instance(), 1, (AB, HALF), 2, (BG, NONE))
    text = walk_text(walk)
    assert "delivered to g" in text and "(nobody yet)" not in text
    assert "Delay     9.00 s + 3 × 3.50 s = 19.5 s" in text
    assert "Slowest   b · layers 1–2 · 3.50 s per micro-batch" in text
    assert "2.00 MB" in text and "250 ms" in text
    assert walk_text(Plan.from_walk(walk)) == text


def test_bars_share_the_layers():
    """The bars of the stages cover the scale once, in order."""
    lines = walk_text(forward(chain(4, layers=40), 4)).splitlines()
    bars = [line[22:62] for line in lines if line.startswith("sat-") and "layers" in line]
    columns = ["".join(column) for column in zip(*bars, strict=True)]
    assert len(bars) == 4 and all(column.count("█") == 1 for column in columns)


@pytest.mark.parametrize("walk", finished_walks(40, seed=9))
def test_readable_at_100_columns(walk):
    """No line is wider than 100 columns."""
    assert max(map(len, walk_text(walk).splitlines())) <= 100


def test_names_cannot_break_the_text():
    """Control characters become question marks and long names lose their middle."""
    data = line_data()
    names = {"a": "evil\x1b[2J\nname", "b": "b" * 90, "g": "ground-station-of-a-very-long-name-0001"}
    for node in data["nodes"]:
        node["id"] = names[node["id"]]
    for link in data["links"]:
        link["from"], link["to"] = names[link["from"]], names[link["to"]]
    data["source"], data["destination"], data["micro_batches"] = names["a"], names["g"], 10**6
    text = walk_text(walk_of(Instance.from_problem(parse_problem(data)), 1, (AB, HALF), 2, (BG, NONE)))
    assert "\x1b" not in text and "evil?[2J?name" in text and "bbb…bbb" in text
    assert max(map(len, text.splitlines())) <= 100


def test_long_ways_are_cut():
    """Of a long way the last sends are listed, and the text says how many came before."""
    text = walk_text(forward(ring(80), 3))
    assert "(17 earlier sends)" in text and "sat-40 → ground" in text and "sat-0 → sat-1 " not in text


def test_last_move():
    """The last move is told: none, a layer computed, a cut at a level, and the result without one."""

    def last(*moves):
        lines = walk_text(walk_of(line_instance(), *moves)).splitlines()
        return next(line.removeprefix("Last      ") for line in lines if line.startswith("Last"))

    layer_s = line_instance().tables.layer_s
    assert last() == "no move yet"
    assert last(1) == f"computed layer 0 at a in {format_s(layer_s[0, 0])}"
    assert last(1, (AB, HALF)).startswith("sent boundary 1 at level half to b: ")
    assert last(1, (AB, HALF), 1) == f"computed layer 1 at b in {format_s(layer_s[1, 1])}"
    assert last((AB, NONE)).startswith("sent the input to b: ")
    assert last(1, (AB, HALF), 2, (BG, NONE)).startswith("sent the result to g: ")


def test_failed_walk():
    """A walk that failed says why."""
    text = walk_text(Walk(line_instance()), failure="dead end")
    assert "\nFailed    dead end\n" in text
    assert "Failed" not in walk_text(Walk(line_instance()))


@pytest.mark.parametrize(
    ("info", "text"),
    [
        ({}, None),
        ({"dead_end": False, "illegal_move": None, "fallback_s": 9.0}, None),
        ({"dead_end": True, "illegal_move": None, "fallback_s": 9.0}, "dead end: no move is left"),
        ({"dead_end": False, "illegal_move": "rule 1", "fallback_s": 9.0}, "illegal move: rule 1 · charged"),
    ],
)
def test_failure_text(info, text):
    """Why an episode failed, by its last info."""
    said = failure_text(info)
    assert said is None if text is None else said.startswith(text) and "charged 9.00 s" in said
