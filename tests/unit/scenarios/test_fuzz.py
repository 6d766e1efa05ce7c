"""Tests that no damage to a scenario file gets past the checks as anything but an `InputError`."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satllm_env.errors import InputError
from tests.unit.problem.mutations import places
from tests.unit.scenarios.cases import FILE, NAMES, build, full_data, put

DATA = {name: full_data(name) for name in NAMES}
VALUES = st.one_of(
    st.sampled_from(
        [None, True, False, -1, 0, 1, 2, 3, 7, 0.5, 1.5, -0.5, 1e-300, 1e18, 1e23, 1e300, 10**30]
    ),
    st.sampled_from(
        [float("inf"), float("nan"), "", "x", "all", "ka-band", [], {}, [1], [0.5, 2.0], ["x"], ...]
    ),
    st.sampled_from([{"low": 0, "high": 1}, {"low": 2, "high": 1}, {"low": 1}, {"low": 0.5, "high": 5e17}]),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.floats(0, 10), max_size=3),
)


@st.composite
def damaged(draw):
    """A shipped scenario with a key replaced or removed."""
    data = DATA[draw(st.sampled_from(NAMES))]
    way = draw(st.sampled_from(list(places(data))))
    return put(data, way, draw(VALUES))


@pytest.fixture(autouse=True)
def few_attempts():
    """Scenarios that cannot be served are given up sooner."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("satllm_env.scenarios.scenario.ATTEMPTS", 5)
        patch.setattr("satllm_env.scenarios.sites.ATTEMPTS", 20)
        yield


@settings(max_examples=400)
@given(damaged())
def test_damaged_scenarios(data):
    """A damaged scenario is drawn from, or refused in one line that names its file."""
    try:
        sample = build(data).sample(1)
    except InputError as error:
        assert str(error).startswith(f"{FILE}: ")
        assert "\n" not in str(error)
    else:
        assert sample.instance.tables.num_nodes == len(sample.problem.nodes)
