"""Random damage to plain data."""

import copy

from hypothesis import strategies as st

from tests.unit.problem.cases import line_data

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([10**30, -(10**400), 10**4000, 5e-324, 1e18, 1e300]),
    st.floats(),
    st.text(max_size=4),
    st.sampled_from(["a", "b", "g", "none"]),
    st.lists(st.floats(0, 10), max_size=3),
    st.just({}),
)


def places(data, path=()):
    """Every (path) in plain data, containers before what they hold."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


def mutate(data, draw):
    """Replace, remove, add or repeat something at a random place, in place."""
    way = draw(st.sampled_from(list(places(data))))
    place = data
    for key in way[:-1]:
        place = place[key]
    kind = draw(st.sampled_from(["replace", "replace", "remove", "add", "repeat"]))
    if kind == "replace":
        place[way[-1]] = draw(VALUES)
    elif kind == "remove":
        del place[way[-1]]
    elif isinstance(place, dict):
        place[draw(st.text(max_size=5))] = draw(VALUES)
    else:
        place.append(copy.deepcopy(place[way[-1]]) if kind == "repeat" else draw(VALUES))


@st.composite
def damaged(draw):
    """`line_data` with one to three random mutations."""
    data = line_data()
    for _ in range(draw(st.integers(1, 3))):
        if list(places(data)):
            mutate(data, draw)
    return data
