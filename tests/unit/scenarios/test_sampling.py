"""Tests that samples are decided by the seed, whole, and fit the problem's file form."""

import subprocess
import sys

import numpy as np
import pytest

from satllm_env.compression.profile import load_profile
from satllm_env.errors import InputError
from satllm_env.problem import Instance, dump_problem, parse_problem
from satllm_env.problem.schema import load_json
from satllm_env.scenarios import load_scenario
from tests.unit.scenarios.cases import NAMES, build, full_data, put

SEEDS = range(25)


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_problem(name):
    """A seed, a NumPy seed and a fresh generator of that seed give the same problem; another differs."""
    scenario = load_scenario(name)
    text = dump_problem(scenario.sample(3).problem)
    assert dump_problem(scenario.sample(np.int64(3)).problem) == text
    assert dump_problem(scenario.sample(np.random.default_rng(3)).problem) == text
    assert dump_problem(scenario.sample(4).problem) != text


def test_same_seed_same_problem_in_another_process():
    """A fresh process draws the same problems to the last digit."""
    code = (
        "from satllm_env.problem import dump_problem\n"
        "from satllm_env.scenarios import load_scenario, scenario_names\n"
        "for name in scenario_names(): print(dump_problem(load_scenario(name).sample(9).problem), end='')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "".join(dump_problem(load_scenario(name).sample(9).problem) for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_round_trip(name, tmp_path):
    """A drawn problem survives being written and read, and its arrays with it."""
    for seed in SEEDS:
        sample = load_scenario(name).sample(seed)
        path = tmp_path / f"{seed}.json"
        path.write_text(dump_problem(sample.problem), encoding="utf-8")
        again = parse_problem(load_json(path))
        assert again == sample.problem
        one, two = sample.instance.tables, Instance.from_problem(again, sample.instance.slots).tables
        for a, b in zip(one, two, strict=True):
            assert np.array_equal(a, b)


@pytest.mark.parametrize("name", NAMES)
def test_slots_cover_all_links(name):
    """Every link stands in exactly one slot, at its source."""
    for seed in SEEDS:
        instance = load_scenario(name).sample(seed).instance
        nodes, columns = np.nonzero(instance.slots >= 0)
        links = instance.slots[nodes, columns]
        assert sorted(links.tolist()) == list(range(len(instance.problem.links)))
        assert np.array_equal(instance.tables.link_source[links], nodes)


@pytest.mark.parametrize("name", NAMES)
def test_place_belongs_to_the_problem(name):
    """The map's satellites, links and station are those of the problem."""
    for seed in SEEDS:
        sample = load_scenario(name).sample(seed)
        place, problem = sample.place, sample.problem
        assert place.satellite_ids == tuple(n.id for n in problem.nodes if n.kind == "satellite")
        assert place.station_id == problem.destination
        # geodetic latitude lies up to 0.2° beyond the geocentric one, which the inclination limits
        assert np.abs(place.lat_lon_deg[:, 0]).max() <= load_scenario(name).form.orbits.inclination_deg + 0.3
        drawn = {frozenset((place.satellite_ids[a], place.satellite_ids[b])) for a, b in place.isls.tolist()}
        linked = {frozenset((k.source, k.target)) for k in problem.links if k.target != problem.destination}
        assert drawn == linked


def hops_to_downlink(problem):
    """ISL hops from the source to the nearest satellite with a downlink, by plain breadth-first search."""
    down = {k.source for k in problem.links if k.target == problem.destination}
    seen, frontier, hops = {problem.source}, {problem.source}, 0
    while not frontier & down:
        frontier = {k.target for k in problem.links if k.source in frontier} - seen
        seen |= frontier
        hops += 1
        assert frontier
    return hops


@pytest.mark.parametrize("name", NAMES)
def test_hops_from_downlink(name):
    """The source lies as many hops from a downlink as the scenario asks for, and each number occurs."""
    wished = set(load_scenario(name).form.requests.hops_from_downlink)
    found = {hops_to_downlink(load_scenario(name).sample(seed).problem) for seed in range(60)}
    assert found == wished


@pytest.mark.parametrize("hops", [0, 3])
def test_given_number_of_hops(hops):
    """A scenario with one number of hops draws only that."""
    scenario = build(put(full_data("walker-dense"), ("requests", "hops_from_downlink"), hops))
    assert {hops_to_downlink(scenario.sample(seed).problem) for seed in range(15)} == {hops}


def test_stations_are_kept_to():
    """Only the stations that a scenario names are drawn, and all of them."""
    names = ["Kiruna", "Troll", "White Sands"]
    scenario = build(put(full_data("walker-dense"), ("downlink", "stations"), names))
    assert {scenario.sample(seed).problem.destination for seed in range(40)} <= set(names)
    data = full_data("walker-dense")
    data["downlink"]["stations"] = ["Singapore", "White Sands"]
    assert {build(data).sample(s).problem.destination for s in range(40)} == {"Singapore", "White Sands"}


def test_weights_of_models():
    """Models are drawn as often as their weights say."""
    data = full_data("walker-dense")
    data["requests"]["models"] = data["requests"]["models"][:2]
    data["requests"]["models"][1]["weight"] = 3.0
    names = [build(data).sample(seed).problem.model.name for seed in range(120)]
    assert set(names) == {"vit-b", "vit-l"}
    assert 0.6 < names.count("vit-l") / len(names) < 0.9


def test_each_kind_of_model_has_its_own_levels():
    """Decoders take the decoders' profile, vision models the other; both are named once."""
    scenario = load_scenario("walker-dense")
    vision, decoder = (load_profile(name) for name in ("landcover-vit", "char-lm"))
    assert {profile.name for profile in scenario.profiles} == {vision.name, decoder.name}
    kinds = set()
    for seed in range(20):
        problem = scenario.sample(seed).problem
        is_vision = problem.model.name.startswith("vit")
        kinds.add(is_vision)
        expected = (vision if is_vision else decoder).levels(len(problem.model.layers) - 1)
        assert problem.compression == expected
    assert kinds == {True, False}


def test_a_profile_that_no_model_needs_is_not_read():
    """Vision models alone need no profile of decoders; a decoder does, and the fault names its key."""
    lonely = put(full_data("paper"), ("compression", "decoder_profile"), "none-such")
    assert len(build(lonely).profiles) == 1
    both = put(full_data("walker-dense"), ("compression", "decoder_profile"), "none-such")
    with pytest.raises(InputError, match=r"compression\.decoder_profile: compression profile: none-such"):
        build(both)


def test_boards_code_with_their_cores_unless_told_otherwise():
    """A satellite's codec speed is that of its board's cores, or what the scenario says."""
    plain = put(
        put(full_data("paper"), ("compute", "codec_speed"), ...), ("compute", "boards"), ["orin-64gb-30w"]
    )
    for data, expected in ((plain, 8 * 1.728 / 3.0), (put(plain, ("compute", "codec_speed"), 2.0), 2.0)):
        nodes = build(data).sample(0).problem.nodes
        speeds = {node.codec_speed for node in nodes if node.kind == "satellite" and node.flops_per_s}
        assert list(speeds) == [pytest.approx(expected)]
