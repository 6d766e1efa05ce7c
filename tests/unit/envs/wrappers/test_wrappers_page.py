"""Tests that the wrappers' page says what the code does."""

import re
from importlib.util import find_spec
from pathlib import Path

import gymnasium as gym

from satllm_env.envs import DictObservation, GraphObservation, LookaheadObservation
from satllm_env.envs.wrappers.graph_features import EDGE_COLUMNS, NODE_COLUMNS
from satllm_env.scenarios import load_scenario, scenario_names

PAGE = (Path(__file__).parents[4] / "docs" / "wrappers.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
EXTRAS = ("moviepy", "pettingzoo")


def rows(heading, number=0):
    """The rows of a table with a given first heading, as lists of cells."""
    tables = re.findall(rf"^\| {re.escape(heading)} \|.*?\n\n", PAGE, flags=re.DOTALL | re.MULTILINE)
    lines = tables[number].strip().splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_examples_run(tmp_path, monkeypatch, capsys):
    """The page's examples run in order, those with extras where they are installed, without a warning."""
    monkeypatch.chdir(tmp_path)
    missing = [extra for extra in EXTRAS if find_spec(extra) is None]
    blocks = [block for block in BLOCKS if not any(extra in block for extra in missing)]
    assert len(blocks) == len(BLOCKS) - len(missing)
    session = {}
    for block in blocks:
        exec(compile(block, "docs/wrappers.md", "exec"), session)
    assert "times the lower bound" in capsys.readouterr().out
    assert bool(list(tmp_path.glob("films/*.mp4"))) == ("moviepy" not in missing)


def test_graph_tables_are_complete():
    """Columns and parts stand on the page as in the code, shapes included."""
    assert [row[0] for row in rows("column of `nodes`")] == list(NODE_COLUMNS)
    assert [row[0] for row in rows("column of `edges`")] == list(EDGE_COLUMNS)
    space = GraphObservation(LookaheadObservation(gym.make("SatLLMSplit-v0"))).observation_space
    sizes = {"N": 13, "E": 60, "D": 5, "Q": 9, "1 + D·Q": 46}
    described = {}
    for name, shape, _ in rows("part", 1):
        length, dtype = re.fullmatch(r"\((.*?),?\) (\w+)", shape).groups()
        axes = [sizes.get(axis) or int(axis) for axis in length.split(", ")]
        described[name.strip("`")] = (tuple(axes), dtype)
    assert described == {name: (part.shape, part.dtype.name) for name, part in space.items()}


def test_parts_are_listed():
    """Every part of the dictionary has a row."""
    env = LookaheadObservation(gym.make("SatLLMSplit-v0"))
    names = [row[0].strip("`") for row in rows("part")]
    assert names == list(DictObservation(env, action_mask=True).observation_space)


def test_scenario_sizes():
    """The sizes of every scenario's graphs are those that it says."""
    listed = {}
    for names, nodes, edges in rows("scenario"):
        listed |= dict.fromkeys(re.findall(r"`(.*?)`", names), (int(nodes), int(edges)))
    sizes = {name: load_scenario(name) for name in scenario_names()}
    assert listed == {name: (scenario.max_nodes, scenario.max_links) for name, scenario in sizes.items()}
