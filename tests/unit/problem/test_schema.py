"""Tests of the file form: what is refused, which field is named, and what comes back from a file."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.errors import InputError
from satllm_env.problem import dump_problem, load_problem, parse_problem
from tests.unit.problem.cases import line_data
from tests.unit.problem.generator import random_problem
from tests.unit.problem.mutations import damaged

REMOVED = object()


def changed(path, value):
    """`line_data` with one entry replaced, added or removed; `path` is keys and indices."""
    data = line_data()
    *way, last = path
    place = data
    for key in way:
        place = place[key]
    if value is REMOVED:
        del place[last]
    elif isinstance(place, list) and last == len(place):
        place.append(value)
    else:
        place[last] = value
    return data


def refusal(data):
    """The InputError of plain data, checked to be one line that begins with the source and the field."""
    with pytest.raises(InputError) as caught:
        parse_problem(data, "file.json")
    error = caught.value
    assert "\n" not in str(error)
    assert str(error) == f"file.json: {error.field}: {error.problem}"
    return error


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (("colour",), "colour"),
        (("x-ratio",), "x-ratio"),
        (("float",), "float"),
        (("model", "size"), "model.size"),
        (("model", "layers", 1, "flop"), "model.layers[1].flop"),
        (("nodes", 2, "speed"), "nodes[2].speed"),
        (("links", 0, "rate"), "links[0].rate"),
        (("links", 0, "source"), "links[0].source"),
        (("compression", 1, "int"), "compression[1].int"),
    ],
)
def test_unknown_keys(path, field):
    """A key that the form does not know is refused at every level, and named whatever it looks like."""
    error = refusal(changed(path, 1))
    assert error.field == field
    assert "not permitted" in error.problem


def test_unknown_key_with_a_line_break():
    """A key cannot break the message's line."""
    assert refusal(changed(("a\nb",), 1)).field == r"'a\nb'"


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (("format",), "format"),
        (("model",), "model"),
        (("model", "input_bytes"), "model.input_bytes"),
        (("model", "layers", 0, "flops"), "model.layers[0].flops"),
        (("nodes", 1, "kind"), "nodes[1].kind"),
        (("links", 3, "from"), "links[3].from"),
        (("links", 3, "latency_s"), "links[3].latency_s"),
        (("compression", 1, "loss"), "compression[1].loss"),
        (("accuracy_budget",), "accuracy_budget"),
        (("micro_batches",), "micro_batches"),
    ],
)
def test_missing_keys(path, field):
    """A key that the form needs is missed by name."""
    error = refusal(changed(path, REMOVED))
    assert error.field == field
    assert "required" in error.problem


NUMBERS = [
    ("model", "input_bytes"),
    ("model", "result_bytes"),
    ("model", "layers", 2, "flops"),
    ("model", "layers", 2, "weight_bytes"),
    ("model", "layers", 2, "activation_bytes"),
    ("model", "layers", 2, "state_bytes"),
    ("model", "layers", 2, "workspace_bytes"),
    ("nodes", 0, "flops_per_s"),
    ("nodes", 0, "memory_bytes"),
    ("nodes", 0, "codec_speed"),
    ("links", 1, "rate_bps"),
    ("links", 1, "latency_s"),
    ("compression", 1, "ratio"),
    ("compression", 1, "loss"),
    ("compression", 1, "encode_s_per_byte"),
    ("compression", 1, "decode_s_per_byte"),
    ("accuracy_budget",),
    ("micro_batches",),
]


def dotted(path):
    """A path as messages write it."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")


@pytest.mark.parametrize("path", NUMBERS, ids=dotted)
@pytest.mark.parametrize(
    "value",
    [-1.0, -1, float("nan"), float("inf"), 1e300, 10**400, 10**5000, "1", True, {}],
    ids=["-1.0", "-1", "nan", "inf", "1e300", "1e400", "1e5000", "text", "bool", "object"],
)
def test_numbers(path, value):
    """No number may be negative, endless, past its range, or of another type, not even a bool or a text."""
    assert refusal(changed(path, value)).field == dotted(path)


@pytest.mark.parametrize(
    "path",
    [
        ("nodes", 0, "flops_per_s"),
        ("nodes", 0, "codec_speed"),
        ("links", 1, "rate_bps"),
        ("compression", 1, "ratio"),
        ("micro_batches",),
    ],
    ids=dotted,
)
def test_zero_divisors(path):
    """What divides must not be zero."""
    assert refusal(changed(path, 0)).field == dotted(path)


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("format",), "satllm-split-problem/2", "format"),
        (("model",), [], "model"),
        (("model", "name"), "", "model.name"),
        (("model", "layers"), [], "model.layers"),
        (("model", "layers"), {}, "model.layers"),
        (("model", "layers", 0), 5, "model.layers[0]"),
        (("nodes",), [], "nodes"),
        (("nodes", 0, "id"), 5, "nodes[0].id"),
        (("nodes", 0, "id"), None, "nodes[0].id"),
        (("nodes", 1, "id"), "a", "nodes[1].id"),
        (("nodes", 1, "kind"), "balloon", "nodes[1].kind"),
        (("nodes", 1, "layer_s"), [1.0, 2.0], "nodes[1].layer_s"),
        (("nodes", 1, "layer_s"), [1.0, -2.0, 1.0], "nodes[1].layer_s[1]"),
        (("nodes", 1, "layer_s"), 1.0, "nodes[1].layer_s"),
        (("links",), None, "links"),
        (("links", 0, "from"), "nobody", "links[0].from"),
        (("links", 0, "to"), "nobody", "links[0].to"),
        (("links", 0, "to"), "a", "links[0].to"),
        (("links", 1), {"from": "a", "to": "b", "rate_bps": 1, "latency_s": 0}, "links[1]"),
        (("links", 1), {"source": "b", "target": "a", "rate_bps": 1, "latency_s": 0}, "links[1].from"),
        (("source",), "nobody", "source"),
        (("destination",), "nobody", "destination"),
        (("destination",), "a", "destination"),
        (("ground_may_compute",), 1, "ground_may_compute"),
        (("ground_may_compute",), "true", "ground_may_compute"),
        (("compression",), [], "compression"),
        (("compression", 0, "name"), "plain", "compression[0]"),
        (("compression", 0, "ratio"), 2.0, "compression[0]"),
        (("compression", 0, "ratio"), [1.0, 2.0], "compression[0]"),
        (("compression", 0, "loss"), 0.1, "compression[0]"),
        (("compression", 0, "encode_s_per_byte"), 1e-9, "compression[0]"),
        (("compression", 0, "decode_s_per_byte"), 1e-9, "compression[0]"),
        (("compression", 1, "name"), "none", "compression[1].name"),
        (("compression", 1, "ratio"), [2.0], "compression[1].ratio"),
        (("compression", 1, "ratio"), [2.0, 2.0, 2.0], "compression[1].ratio"),
        (("compression", 1, "ratio"), [2.0, 0.0], "compression[1].ratio[1]"),
        (("compression", 1, "ratio"), [2.0, "2"], "compression[1].ratio[1]"),
        (("compression", 1, "loss"), [0.1], "compression[1].loss"),
        (("compression", 1, "loss"), [0.1, -0.1], "compression[1].loss[1]"),
        (("micro_batches",), 1.5, "micro_batches"),
        (("micro_batches",), 10**6 + 1, "micro_batches"),
    ],
)
def test_rules(path, value, field):
    """Each rule of the form refuses what breaks it and names the field."""
    assert refusal(changed(path, value)).field == field


@pytest.mark.parametrize("data", [[], 3, None, "text", True])
def test_not_an_object(data):
    """Data that is no object at all is refused in one line."""
    with pytest.raises(InputError, match=r"^file: Input should be an object \(got .*\)$"):
        parse_problem(data, "file")


def test_first_fault_is_named():
    """Of several faults the first is named."""
    data = changed(("nodes", 1, "kind"), "balloon")
    data["micro_batches"] = 0
    assert refusal(data).field == "nodes[1].kind"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("links",), []),
        (("nodes", 0, "memory_bytes"), 0),
        (("nodes", 0, "flops_per_s"), None),
        (("nodes", 0, "layer_s"), [0, 0.5, 1]),
        (("compression", 0, "ratio"), [1, 1]),
        (("compression", 0, "loss"), [0.0, 0.0]),
        (("compression", 1, "ratio"), 0.5),
        (("model", "layers", 0, "flops"), 0),
        (("accuracy_budget",), 0),
        (("micro_batches",), 10**6),
    ],
)
def test_edges_of_the_form(path, value):
    """Edges that make sense are accepted."""
    assert parse_problem(changed(path, value)).format == "satllm-split-problem/1"


@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 5), st.integers(1, 4), st.integers(0, 12))
def test_round_trip(seed, satellites, layers, levels, links):
    """A problem written and read again is equal."""
    problem = random_problem(np.random.default_rng(seed), satellites, layers, levels, links)
    assert parse_problem(json.loads(dump_problem(problem))) == problem


def test_round_trip_through_a_file(tmp_path):
    """A problem file gives the same problem as its plain data."""
    path = tmp_path / "problem.json"
    path.write_text(dump_problem(parse_problem(line_data())), encoding="utf-8")
    assert load_problem(path) == parse_problem(line_data())


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "line 1: not JSON"),
        (b"{\n 'a': 1}", "line 2: not JSON"),
        (b"\xff\xfe{}", "cannot be read: not UTF-8 text"),
        (b'{"format": 1, "format": 2}', "format: appears twice"),
        (b'{"a\\n": 1, "a\\n": 2}', r"'a\\n': appears twice"),
        (b'{"a": {"b": 1, "b": 2}}', "b: appears twice"),
        (b'{"accuracy_budget": NaN}', "NaN is not a number"),
        (b'{"accuracy_budget": -Infinity}', "-Infinity is not a number"),
        (b'{"accuracy_budget": ' + b"9" * 5000 + b"}", "too many digits"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "should be an object"),
    ],
    ids=range(11),
)
def test_unreadable_files(tmp_path, content, problem):
    """A file that is not UTF-8 JSON with each key once is refused in one line that names the file."""
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=problem) as caught:
        load_problem(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_number_past_the_floats(tmp_path):
    """A number too large for a float is refused where it stands."""
    path = tmp_path / "huge.json"
    path.write_text(json.dumps(line_data()).replace('"input_bytes": 8000000.0', '"input_bytes": 1e400'))
    with pytest.raises(InputError, match=r"model\.input_bytes: Input should be a finite number"):
        load_problem(path)


@pytest.mark.parametrize("name", ["missing.json", ".", "null\0byte.json", "line\nbreak.json"])
def test_files_that_cannot_be_opened(tmp_path, name):
    """A path that cannot be read is refused in one line, whatever its name."""
    with pytest.raises(InputError, match="cannot be read: ") as caught:
        load_problem(tmp_path / name)
    assert "\n" not in str(caught.value)


@given(damaged())
def test_fuzzed_data(data):
    """Data mutated at random loads or is refused in one line that names a field: nothing else happens."""
    try:
        problem = parse_problem(data, "file")
    except InputError as error:
        assert error.field
        assert str(error).splitlines() == [f"file: {error.field}: {error.problem}"]
    else:
        assert parse_problem(json.loads(dump_problem(problem))) == problem


@given(
    st.integers(0, 10**6), st.sampled_from([b"", b"}", b",", b'"', b"\xff", b"1e999", b"-", b"[[", b"null"])
)
def test_fuzzed_files(tmp_path_factory, position, insert):
    """A file with bytes broken at random loads or is refused in one line that names the file."""
    text = json.dumps(line_data()).encode()
    cut = position % len(text)
    path = Path(tmp_path_factory.getbasetemp()) / "fuzzed.json"
    path.write_bytes(text[:cut] + insert + text[cut + 1 :])
    try:
        load_problem(path)
    except InputError as error:
        assert str(error).startswith(f"{path}: ")
        assert "\n" not in str(error)
