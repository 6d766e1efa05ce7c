"""Settings of a sweep: what they fix, and what they leave as it is drawn."""

import pytest

from planners.paper.setting import Setting
from satllm_env.errors import InputError
from satllm_env.models.registry import PAPER_FOOTPRINT_BYTES
from satllm_env.scenarios import load_scenario

SEEDS = range(4)


def test_the_plainest_setting_is_the_paper_scenario() -> None:
    """Five satellites compute with 8 GB and the stated footprint; the rest is as drawn."""
    for instance in Setting().draws(SEEDS):
        problem = instance.problem
        satellites = [node for node in problem.nodes if node.kind == "satellite"]
        computing = [node for node in satellites if node.flops_per_s is not None]
        assert (len(satellites), len(computing)) == (12, 5)
        assert {node.memory_bytes for node in computing} == {8e9}
        assert sum(layer.weight_bytes for layer in problem.model.layers) == pytest.approx(
            PAPER_FOOTPRINT_BYTES["vit-g"]
        )
        assert problem.model.input_bytes * problem.micro_batches == 64 * 3 * 1920 * 1080
        assert {link.rate_bps for link in problem.links if link.target == problem.destination} == {0.8e9}
        assert not problem.ground_may_compute


def test_what_is_fixed_changes_nothing_else_that_is_drawn() -> None:
    """Rate, resolution, micro-batches, compression and utilisation leave the network and the modes alone."""
    plain = Setting().draws(SEEDS)
    others = Setting(
        s2g_gbps=0.2, resolution="240p", micro_batches=16, accuracy_budget=0.0, utilisation=0.165
    ).draws(SEEDS)
    for one, other in zip(plain, others, strict=True):
        assert other.problem.source == one.problem.source
        assert other.problem.micro_batches == 16
        for before, after in zip(one.problem.nodes[:-1], other.problem.nodes[:-1], strict=True):
            assert before.id == after.id
            if before.flops_per_s is not None:
                assert after.flops_per_s == pytest.approx(before.flops_per_s / 2)
            else:
                assert after.flops_per_s is None


def test_hops_are_those_of_the_source() -> None:
    """With no hop the source itself sees the ground, with four it does not."""
    for hops in (0, 4):
        for instance in Setting(hops=hops).draws(SEEDS):
            problem = instance.problem
            down = {link.source for link in problem.links if link.target == problem.destination}
            assert (problem.source in down) == (hops == 0)


def test_a_source_that_only_relays_has_as_many_satellites_beside_it() -> None:
    """Five others compute."""
    for instance in Setting(source_computes=False).draws(SEEDS):
        computing = {n.id for n in instance.problem.nodes[:-1] if n.flops_per_s is not None}
        assert len(computing) == 5
        assert instance.problem.source not in computing


def test_a_shell_brings_its_orbits_and_links() -> None:
    """Over Starlink a request has the paper's model and the shell's satellites and laser links."""
    instance = Setting(over="starlink-shell1").draws(range(1))[0]
    shell = load_scenario("starlink-shell1").sample(0)
    assert instance.problem.model.name.startswith("vit-g")
    assert {n.id for n in instance.problem.nodes[:-1]} & {n.id for n in shell.problem.nodes[:-1]}
    between = [
        link.rate_bps for link in instance.problem.links if link.target != instance.problem.destination
    ]
    assert min(between) > 1e9


@pytest.mark.parametrize(
    ("setting", "field"),
    [
        (Setting(model="none-such"), "requests.models"),
        (Setting(profile="none-such"), "compression.profile"),
        (Setting(boards=("none-such",)), "compute.boards"),
        (Setting(over="none-such"), "none-such"),
    ],
)
def test_unknown_names_are_told(setting: Setting, field: str) -> None:
    """By the field that they stand in."""
    with pytest.raises(InputError, match=field):
        setting.draws(SEEDS)
