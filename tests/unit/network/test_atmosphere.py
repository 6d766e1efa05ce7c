"""Atmospheric loss from a table."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.errors import InputError
from satllm_env.network import AtmosphericLoss


def test_the_loss_meets_its_points():
    """The defaults lose 5, 2 and 1 dB at 10°, 30° and 90°."""
    assert AtmosphericLoss().at_db(np.array([10.0, 30.0, 90.0])) == pytest.approx([5, 2, 1])


def test_the_loss_is_linear_in_path_length():
    """Halfway in 1/sin(elevation) the loss is halfway, and below the lowest point the slope goes on."""
    path = np.array([(1 / np.sin(np.radians(10)) + 2) / 2, 2 / np.sin(np.radians(10)) - 2])
    assert AtmosphericLoss().at_db(np.degrees(np.arcsin(1 / path))) == pytest.approx([3.5, 8])


@given(st.floats(0.001, 90), st.floats(0.001, 90))
def test_the_loss_falls_with_elevation(a_deg: float, b_deg: float):
    """Higher is never worse where the points fall, and loss is never negative."""
    low, high = AtmosphericLoss().at_db(np.sort(np.array([a_deg, b_deg])))
    assert low >= high - 1e-12 >= 0


@given(
    st.lists(st.floats(1, 90), min_size=2, max_size=9, unique=True),
    st.lists(st.floats(0, 60), min_size=9, max_size=9),
    st.floats(1, 90),
)
def test_any_table_is_interpolated(elevations: list[float], losses: list[float], at_deg: float):
    """Between its outermost points a table gives what numpy's interpolation in the path length gives."""
    knots, values = sorted(elevations), losses[: len(elevations)]
    values[0] = max(values[:2])
    at_deg = min(max(at_deg, knots[0]), knots[-1])

    def path(elevation_deg: float | list[float]) -> np.ndarray:
        return 1 / np.sin(np.radians(elevation_deg))

    expected = np.interp(path(at_deg), path(knots[::-1]), values[::-1])
    loss = AtmosphericLoss(tuple(knots), tuple(values)).at_db(np.array(at_deg))
    assert loss == pytest.approx(expected, abs=1e-6)


def test_nothing_comes_through_at_the_horizon():
    """At 0° and below the loss is infinite, without a warning."""
    assert np.isinf(AtmosphericLoss().at_db(np.array([0.0, -5.0]))).all()


@pytest.mark.parametrize(
    ("elevation_deg", "loss_db", "message"),
    [
        ((10.0,), (5.0,), "loss_db: needs one value per elevation"),
        ((10.0, 90.0), (5.0, 2.0, 1.0), "loss_db: needs one value per elevation"),
        ((30.0, 10.0), (5.0, 2.0), "elevation_deg: must ascend"),
        ((0.0, 90.0), (5.0, 2.0), "elevation_deg: must be from 0.1 to 90 deg"),
        ((10.0, 90.0), (5.0, -1.0), "loss_db: must be from 0"),
        ((10.0, 30.0, 90.0), (1.0, 2.0, 5.0), "loss_db: must not rise from the lowest"),
    ],
)
def test_lists_that_do_not_fit_are_refused(
    elevation_deg: tuple[float, ...], loss_db: tuple[float, ...], message: str
):
    """Each fault is one line that names the field."""
    with pytest.raises(InputError, match=f"^atmospheric loss: {message}"):
        AtmosphericLoss(elevation_deg, loss_db)
