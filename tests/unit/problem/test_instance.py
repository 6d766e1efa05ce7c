"""Tests of the arrays of a problem, against the problem's statement read field by field."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.errors import InputError
from satllm_env.problem import Instance, parse_problem
from tests.unit.problem.cases import AB, AG, BA, BG, HALF, instance_of, line_data, line_instance
from tests.unit.problem.generator import random_instance
from tests.unit.problem.mutations import damaged
from tests.unit.problem.reference import Reference

SEEDS = st.integers(0, 2**32)


def test_seconds_of_the_hand_made_problem():
    """The seconds of the hand-made problem are the even numbers that it states."""
    tables = line_instance().tables
    assert tables.layer_s.tolist() == [[1, 2, 4], [0.5, 1, 2], [0.125, 0.25, 0.5]]
    assert tables.transfer_s[AB].tolist() == [[8, 4, 4, 1], [np.inf, 2, 2, np.inf]]
    assert tables.encode_s[0, HALF, 1:3] == pytest.approx([1, 1], rel=1e-15)
    assert tables.decode_s[:, HALF, 1] == pytest.approx([0.5, 0.5, 0.125], rel=1e-15)
    assert not tables.encode_s[:, 0].any()
    assert not tables.decode_s[:, 0].any()
    assert tables.loss_units.tolist() == [[0, 0, 0, 0], [0, 10**11, 2 * 10**11, 0]]
    assert tables.stage_reach.tolist() == [[3, 3, 3]] * 3
    assert (tables.source, tables.destination, tables.micro_batches) == (0, 2, 4)


@given(SEEDS)
def test_layer_seconds(seed):
    """A layer takes its measured seconds, else its FLOP over the speed, else it cannot be computed."""
    instance = random_instance(seed)
    reference = Reference(instance.problem)
    for v, node in enumerate(instance.problem.nodes):
        assert bool(instance.can_compute[v]) == reference.computes(node.id)
        for layer in range(reference.last):
            seconds = instance.tables.layer_s[v, layer]
            if reference.computes(node.id):
                assert seconds == pytest.approx(reference.stage_s(node.id, layer, layer + 1, 0, 0), rel=1e-12)
            else:
                assert seconds == np.inf


@given(SEEDS)
def test_codec_seconds(seed):
    """Encoding and decoding take the level's seconds per uncompressed byte over the node's codec speed."""
    instance = random_instance(seed)
    reference = Reference(instance.problem)
    for v, node in enumerate(instance.problem.nodes):
        for q, level in enumerate(instance.problem.compression):
            for j in range(reference.last + 1):
                raw = reference.raw_bytes(j) / node.codec_speed
                assert instance.tables.encode_s[v, q, j] == pytest.approx(raw * level.encode_s_per_byte)
                assert instance.tables.decode_s[v, q, j] == pytest.approx(raw * level.decode_s_per_byte)


@given(SEEDS)
def test_transfers_and_losses(seed):
    """A transfer takes 8 bytes-over-ratio over the rate, and is endless where the level is not allowed."""
    instance = random_instance(seed)
    tables, reference = instance.tables, Reference(instance.problem)
    for q in range(tables.num_levels):
        for j in range(reference.last + 1):
            assert tables.loss_units[q, j] == reference.loss(q, j) * 10**12
            for e, link in enumerate(instance.problem.links):
                expected = reference.transfer_s(link, q, j) if reference.allowed(q, j) else np.inf
                assert tables.transfer_s[e, q, j] == pytest.approx(expected, rel=1e-12)
                payload = instance.payload_bytes[q, j]
                assert payload == pytest.approx(expected * link.rate_bps / 8, rel=1e-12)


@given(SEEDS)
def test_stage_reach(seed):
    """A stage reaches as far as its memory, added up layer by layer, fits."""
    instance = random_instance(seed)
    reference = Reference(instance.problem)
    for v, node in enumerate(instance.problem.nodes):
        for first in range(reference.last):
            ends = range(first + 1, reference.last + 1)
            fitting = [
                end for end in ends if reference.computes(node.id) and reference.fits(node, first, end)
            ]
            assert instance.tables.stage_reach[v, first] == max(fitting, default=first)


@given(SEEDS)
def test_links_by_node(seed):
    """Links are listed once at their source, in slot order, and once at their target."""
    instance = random_instance(seed)
    tables = instance.tables
    for v in range(tables.num_nodes):
        out = tables.out_links[tables.out_start[v] : tables.out_start[v + 1]].tolist()
        into = tables.in_links[tables.in_start[v] : tables.in_start[v + 1]].tolist()
        assert out == [link for link in instance.slots[v].tolist() if link >= 0]
        assert sorted(out) == np.flatnonzero(tables.link_source == v).tolist()
        assert sorted(into) == np.flatnonzero(tables.link_target == v).tolist()


@given(SEEDS)
def test_default_slots(seed):
    """A node's default slots hold its out-links in the order of their targets, the destination last."""
    instance = random_instance(seed)
    tables = instance.tables
    for v, row in enumerate(instance.slots.tolist()):
        links = [link for link in row if link >= 0]
        assert row == links + [-1] * (len(row) - len(links))
        targets = [int(tables.link_target[link]) for link in links]
        assert targets == sorted(targets, key=lambda target: (target == tables.destination, target))
        assert len(links) == int((tables.link_source == v).sum())


def test_slots_of_the_caller():
    """Slots given by the caller are kept, gaps and all, and set the order of the out-links."""
    slots = np.array([[-1, AG, -1, AB], [BG, -1, -1, BA], [-1] * 4])
    instance = Instance.from_problem(parse_problem(line_data()), slots)
    assert instance.num_slots == 4
    assert instance.tables.out_links.tolist() == [AG, AB, BG, BA]


@pytest.mark.parametrize(
    "slots",
    [
        [[AB, AG], [BA, -1], [-1, -1]],
        [[AB, AG], [BA, BG], [AG, -1]],
        [[BA, AG], [AB, BG], [-1, -1]],
        [[AB, AG], [BA, BG]],
        [[AB, AG], [BA, 4], [-1, -1]],
        [[AB, AG], [BA, BG], [-2, -1]],
        [AB, AG, BA],
        [[0.0, 2.0], [1.0, 3.0], [-1.0, -1.0]],
    ],
    ids=["missing", "twice", "elsewhere", "rows", "unknown", "negative", "flat", "floats"],
)
def test_wrong_slots(slots):
    """Slots that do not name every link once, at its source, are refused."""
    with pytest.raises(InputError, match=r"^slots: must "):
        Instance.from_problem(parse_problem(line_data()), np.array(slots))


def test_names_and_kinds():
    """Nodes, links and levels are found by name; a link with an end on the ground is a downlink."""
    instance = line_instance()
    assert instance.node_index == {"a": 0, "b": 1, "g": 2}
    assert instance.link_index == {(0, 1): AB, (1, 0): BA, (0, 2): AG, (1, 2): BG}
    assert instance.level_index == {"none": 0, "half": 1}
    assert instance.is_downlink.tolist() == [False, False, True, True]


def test_ground_that_may_not_compute():
    """A destination that may not compute has no seconds and reaches nowhere."""
    tables = line_instance(ground_may_compute=False).tables
    assert np.isinf(tables.layer_s[2]).all()
    assert tables.stage_reach[2].tolist() == [0, 1, 2]
    assert np.isfinite(tables.layer_s[:2]).all()


@pytest.mark.parametrize(
    ("memory", "reach"), [(59.0, [2, 3, 3]), (60.0, [3, 3, 3]), (29.0, [1, 2, 2]), (0.0, [0, 1, 2])]
)
def test_memory_limit_is_inclusive(memory, reach):
    """A stage that fills the memory exactly fits; one byte less does not do."""
    data = line_data()
    data["nodes"][0]["memory_bytes"] = memory
    assert instance_of(data).tables.stage_reach[0].tolist() == reach


def test_workspace_is_shared_and_state_is_not():
    """A stage needs all its weights and states, but only the largest of its workspaces."""
    data = line_data()
    for layer, workspace in zip(data["model"]["layers"], (5, 1, 7), strict=True):
        layer |= {"state_bytes": 2, "workspace_bytes": workspace}
    for memory, reach in ((72, 2), (73, 3)):
        data["nodes"][0]["memory_bytes"] = memory
        assert instance_of(data).tables.stage_reach[0, 0] == reach


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("nodes", 1, "flops_per_s"), 5e-324, "nodes[1].flops_per_s"),
        (("nodes", 1, "flops_per_s"), 1e-10, "nodes[1].flops_per_s"),
        (("nodes", 0, "codec_speed"), 5e-324, "nodes[0].codec_speed"),
        (("links", 2, "rate_bps"), 5e-324, "links[2].rate_bps"),
        (("links", 2, "rate_bps"), 1e-12, "links[2].rate_bps"),
        (("compression", 1, "ratio"), 5e-324, "links[0].rate_bps"),
        (("compression", 1, "ratio"), [2.0, 1e-300], "links[0].rate_bps"),
    ],
)
def test_endless_seconds_are_refused(path, value, field):
    """Seconds that overflow are refused by name and never pass for a node that cannot compute."""
    data = line_data()
    *way, last = path
    place = data
    for key in way:
        place = place[key]
    place[last] = value
    with pytest.raises(InputError, match=r"would take .* s; the limit is 1e\+18 s") as caught:
        instance_of(data)
    assert caught.value.field == field


@given(damaged())
def test_fuzzed_problems(data):
    """What the form lets through has arrays without NaN or is refused as an InputError."""
    try:
        tables = instance_of(data).tables
    except InputError as error:
        assert "\n" not in str(error)
        return
    finite = np.isfinite(tables.layer_s[:, :1])
    assert np.isfinite(tables.layer_s[finite[:, 0]]).all()
    assert np.isfinite(tables.encode_s).all()
    assert np.isfinite(tables.decode_s).all()
    assert np.isfinite(tables.transfer_s[:, :, 1:-1]).all()
    assert np.isfinite(tables.transfer_s[:, 0]).all()


def test_one_layer():
    """A model of one layer has no cuts: lists per cut are empty and both boundaries are plain."""
    data = line_data()
    data["model"]["layers"] = data["model"]["layers"][:1]
    data["compression"][1] |= {"ratio": [], "loss": []}
    tables = instance_of(data).tables
    assert tables.layer_s.shape == (3, 1)
    assert tables.transfer_s[AB].tolist() == [[8, 1], [np.inf, np.inf]]


def test_no_links():
    """A problem without links has empty arrays of links and one empty slot."""
    instance = line_instance(links=[])
    assert instance.tables.transfer_s.shape == (0, 2, 4)
    assert instance.slots.tolist() == [[-1]] * 3
    assert instance.is_downlink.shape == (0,)


def test_zeros():
    """Layers without FLOP and payloads without bytes take no time."""
    data = line_data()
    data["model"] |= {"input_bytes": 0, "result_bytes": 0}
    for layer in data["model"]["layers"]:
        layer |= {"flops": 0, "activation_bytes": 0, "weight_bytes": 0}
    data["nodes"][0]["memory_bytes"] = 0
    tables = instance_of(data).tables
    assert not tables.layer_s.any()
    assert not tables.transfer_s[:, 0].any()
    assert not tables.encode_s.any()
    assert tables.stage_reach[0].tolist() == [3, 3, 3]
