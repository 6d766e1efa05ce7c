"""The reported results as data."""

import pytest

from planners.paper.compression import fitted_stages
from planners.paper.reported import reported, reported_results
from planners.paper.reproduction import PART_NAMES


def test_every_result_says_what_and_why() -> None:
    """Each once, beside a part that exists."""
    found = reported_results()
    assert "2604.04654" in found.source
    ids = [result.id for result in found.results]
    assert len(set(ids)) == len(ids)
    for result in found.results:
        assert result.part in PART_NAMES
        assert result.why.endswith(".")


def test_values_are_those_of_the_text() -> None:
    """Numbers that figures draw stand in what readers see."""
    for result in reported_results().results:
        for name, value in result.values.items():
            if name in ("memory_gb", "within_pct"):  # of the setting; 194 of 200
                continue
            digits = f"{abs(value):g}"
            assert digits in result.text.replace("98.30", "98.3"), (result.id, name)
    assert reported("cut-sets").values["within_pct"] == pytest.approx(100 * 194 / 200)


def test_the_fit_gives_the_reported_stages() -> None:
    """To 0.1 %: by construction."""
    values = reported("compression-stages").values
    for name, value in fitted_stages().items():
        assert value == pytest.approx(values[name], rel=2e-3)


def test_unknown_results_are_refused() -> None:
    """By their id."""
    with pytest.raises(KeyError):
        reported("none-such")
