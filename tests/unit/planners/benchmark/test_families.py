"""The families that the planner's speed is measured on."""

import json

import pytest

from planners.benchmark.families import MIXED, family, family_names
from planners.benchmark.sizes import size_of
from satllm_env.errors import InputError
from satllm_env.problem import Instance, dump_problem, parse_problem
from satllm_env.scenarios import scenario_names

SIZES = {  # layers, satellites, levels, micro-batches of seeds 0 and 1
    "paper-chain": (48, 5, 6, (8, 16)),
    "paper-line": (48, 5, 6, (8, 16)),
    "paper-ring": (48, 5, 6, (16, 16)),
    "ring-12": (32, 12, 8, (16, 16)),
    "deep-line": (80, 12, 8, (64, 64)),
    "deep-chain": (80, 12, 8, (64, 64)),
    "grid-1584-l32-q4": (32, 1584, 4, (16, 16)),
    "grid-1584-l32-q8": (32, 1584, 8, (16, 16)),
    "grid-1584-l48-q6": (48, 1584, 6, (16, 16)),
}
DRAWN = (*SIZES, MIXED)


def test_all_families_are_listed() -> None:
    """The sized ones, every shipped scenario, and the mixed one."""
    assert family_names() == (*SIZES, *scenario_names(), MIXED)


@pytest.mark.parametrize("name", family_names())
def test_a_seed_is_always_the_same_valid_problem(name: str) -> None:
    """Two draws are equal, differ from the next seed's, and have arrays."""
    make = family(name).make
    problem = make(3)
    assert problem == make(3) != make(4)
    Instance.from_problem(problem)


@pytest.mark.parametrize("name", SIZES)
def test_sizes_are_as_promised(name: str) -> None:
    """Layers, satellites, levels and micro-batches."""
    layers, satellites, levels, micro_batches = SIZES[name]
    for seed in range(2):
        assert size_of(family(name).make(seed))[1:] == (layers, satellites, levels, micro_batches[seed])


def test_mixed_problems_are_of_all_shapes_and_of_the_sizes_promised() -> None:
    """Over many seeds every shape comes up and no size leaves its range."""
    sizes = [size_of(family(MIXED).make(seed)) for seed in range(60)]
    assert {size.shape for size in sizes} == {"chain", "line", "ring", "full", "one-way", "grid"}
    for _, layers, satellites, levels, micro_batches in sizes:
        assert 12 <= layers <= 48
        assert 4 <= satellites <= 12
        assert 2 <= levels <= 8
        assert 1 <= micro_batches <= 64


@pytest.mark.parametrize("name", DRAWN)
def test_problems_are_written_and_read_back_whole(name: str) -> None:
    """The slowest one can be handed on as a file."""
    problem = family(name).make(0)
    assert parse_problem(json.loads(dump_problem(problem))) == problem


def test_only_satellites_compute_and_some_of_them_only_relay() -> None:
    """So that most plans split the model."""
    problems = [family("ring-12").make(seed) for seed in range(20)]
    satellites = [node for p in problems for node in p.nodes if node.kind == "satellite"]
    assert not any(p.ground_may_compute for p in problems)
    assert 0.7 < sum(node.flops_per_s is not None for node in satellites) / len(satellites) < 0.9


def test_links_of_chains_go_one_way_and_those_of_lines_both() -> None:
    """Between satellites; the last one has the downlink."""
    for name, ways in (("paper-chain", 1), ("paper-line", 2)):
        links = family(name).make(0).links
        down = [link for link in links if link.target == "ground"]
        assert [link.source for link in down] == ["sat-4"]
        assert len(links) == 4 * ways + 1


def test_the_grid_gives_every_satellite_four_neighbours() -> None:
    """Both ways, seam included, and six downlinks close together."""
    links = family("grid-1584-l32-q4").make(0).links
    between = [(link.source, link.target) for link in links if link.target != "ground"]
    assert len(between) == len(set(between)) == 4 * 1584
    assert {(b, a) for a, b in between} == set(between)
    assert ("sat-1562", "sat-17") in between  # from the last plane to the first, shifted
    assert len(links) - len(between) == 6


def test_an_unknown_family_is_refused_with_the_known_ones() -> None:
    """One line that names both."""
    with pytest.raises(InputError, match="unknown family 'nothing'; known are paper-chain"):
        family("nothing")
