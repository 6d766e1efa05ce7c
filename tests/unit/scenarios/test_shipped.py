"""Tests that the scenarios that come with the project are what they say."""

import pytest

from satllm_env.problem import Problem
from satllm_env.scenarios import load_form, load_scenario, scenario_names

SEEDS = range(60)
LIGHT_KM_S = 299_792.458


@pytest.fixture(scope="module")
def drawn():
    """Problems of each scenario."""
    return {name: [load_scenario(name).sample(s).problem for s in SEEDS] for name in scenario_names()}


def computing(problem: Problem):
    """Satellites that compute."""
    return [n for n in problem.nodes if n.kind == "satellite" and n.flops_per_s is not None]


def isls(problem: Problem):
    """Links between satellites."""
    return [k for k in problem.links if k.target != problem.destination]


def downlinks(problem: Problem):
    """Links to the ground."""
    return [k for k in problem.links if k.target == problem.destination]


def test_names():
    """Each file's name is the scenario's, and each has a description in one line."""
    assert {"paper", "paper-ground", "walker-dense", "starlink-shell1"} < set(scenario_names())
    for name in scenario_names():
        form = load_form(name)
        assert form.name == name == load_scenario(name).name
        assert "\n" not in form.description


@pytest.mark.parametrize("name", ["paper", "paper-ground"])
def test_paper_nodes(name, drawn):
    """Twelve satellites in a ring and the ground; five compute, in one run with source and downlink."""
    for problem in drawn[name]:
        *satellites, ground = problem.nodes
        assert [n.id for n in satellites] == [f"sat-{i}" for i in range(12)]
        assert (ground.kind, ground.id) == ("ground", problem.destination)
        assert {(k.source, k.target) for k in isls(problem)} == {
            (f"sat-{i}", f"sat-{(i + step) % 12}") for i in range(12) for step in (1, -1)
        }
        run = sorted(int(n.id.removeprefix("sat-")) for n in computing(problem))
        assert len(run) == 5
        assert any({(start + i) % 12 for i in range(5)} == set(run) for start in range(12))
        assert int(problem.source.removeprefix("sat-")) in run
        assert set(run) & {int(k.source.removeprefix("sat-")) for k in downlinks(problem)}
        assert {n.memory_bytes for n in computing(problem)} == {8e9}


@pytest.mark.parametrize("name", ["paper", "paper-ground"])
def test_paper_model(name, drawn):
    """ViT-G in 48 layers of 12 GB in all, in 8, 16 or 32 micro-batches of 64 images."""
    for problem in drawn[name]:
        layers = problem.model.layers
        assert (problem.model.name, len(layers)) == ("vit-g", 48)
        assert {layer.weight_bytes for layer in layers} == {12e9 / 48}
        assert sum(layer.state_bytes + layer.workspace_bytes for layer in layers) == 0
        images = 64 // problem.micro_batches
        pixels = problem.model.input_bytes / (3 * images)
        assert pixels in {426 * 240, 854 * 480, 1280 * 720, 1920 * 1080}
    assert {problem.micro_batches for problem in drawn[name]} == {8, 16, 32}
    assert {problem.accuracy_budget for problem in drawn[name]} == {0.5, 1.0}


@pytest.mark.parametrize("name", ["paper", "paper-ground"])
def test_paper_links(name, drawn):
    """0.5 Gbit/s over the ring's 3,557 km, 0.2 to 0.8 Gbit/s to the ground, over the whole range."""
    rates = []
    for problem in drawn[name]:
        assert {k.rate_bps for k in isls(problem)} == {0.5e9}
        assert all(k.latency_s == pytest.approx(3557 / LIGHT_KM_S, rel=0.01) for k in isls(problem))
        (rate,) = {k.rate_bps for k in downlinks(problem)}
        rates.append(rate)
        assert all(500 / LIGHT_KM_S < k.latency_s < 1700 / LIGHT_KM_S for k in downlinks(problem))
    assert min(rates) >= 0.2e9
    assert max(rates) <= 0.8e9
    assert min(rates) < 0.3e9
    assert max(rates) > 0.7e9


def test_paper_ground_is_paper_with_ground(drawn):
    """The two scenarios draw the same requests; they differ in whether the ground may compute."""
    for satellites_only, with_ground in zip(drawn["paper"], drawn["paper-ground"], strict=True):
        assert satellites_only.ground_may_compute is False
        assert with_ground.ground_may_compute is True
        assert with_ground.nodes[-1].flops_per_s is not None
        assert with_ground == satellites_only.model_copy(update={"ground_may_compute": True})


def test_no_satellite_holds_the_papers_model(drawn):
    """The paper's footprint is more than any one satellite's memory."""
    for problem in drawn["paper"]:
        weights = sum(layer.weight_bytes for layer in problem.model.layers)
        assert all(node.memory_bytes < weights for node in computing(problem))


def test_walker_dense(drawn):
    """Satellites within reach of the source on a +Grid of 144, every kind of request among them."""
    form = load_form("walker-dense")
    for problem in drawn["walker-dense"]:
        reached, frontier = {problem.source}, {problem.source}
        for _ in range(form.requests.reach_hops):
            frontier = {k.target for k in isls(problem) if k.source in frontier} - reached
            reached |= frontier
        assert reached == {n.id for n in problem.nodes if n.kind == "satellite"}
        assert all(0 <= int(n.removeprefix("sat-")) < 144 for n in reached)
        assert {n.memory_bytes for n in computing(problem)} <= set(form.compute.memory_bytes)
        assert 0.2 <= problem.accuracy_budget <= 2.0
        assert max(k.rate_bps for k in isls(problem)) <= 2.5e9
        assert problem.ground_may_compute is form.ground.may_compute
    problems = drawn["walker-dense"]
    models = {entry.name for entry in form.requests.models}
    assert {problem.model.name for problem in problems} == models
    assert {problem.micro_batches for problem in problems} == {1, 4, 8, 16}
    assert len({problem.destination for problem in problems}) > 5
    nodes = sum(len(problem.nodes) - 1 for problem in problems)
    assert 0.5 < sum(len(computing(problem)) for problem in problems) / nodes < 0.7
    assert any(layer.state_bytes for problem in problems for layer in problem.model.layers)
