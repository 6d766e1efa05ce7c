"""Parts together: every reported result has an answer, every table a place on the page."""

from pathlib import Path

import pytest

from planners.paper.compression import Measurements
from planners.paper.report import RUN, check_page, section, write_page
from planners.paper.reproduction import PART_NAMES, PLANNED, SUMMARY, Reproduction, reproduce
from planners.paper.sweep import Effort
from satllm_env.errors import InputError
from satllm_env.figures.canvas import to_png

PAGE = Path(__file__).parents[4] / "docs" / "paper.md"
EFFORT = Effort(episodes=2, shell_episodes=1, deadline_s=20.0)
QUICK = tuple(part for part in PART_NAMES if part not in ("beyond", "sensitivity"))


@pytest.fixture(scope="module")
def made() -> Reproduction:
    """All parts but the two long ones."""
    return reproduce(QUICK, EFFORT, Measurements([]))


def test_every_reported_result_stands_beside_ours(made: Reproduction) -> None:
    """None is left out."""
    rows = made.as_data()["summary"]
    assert len(rows) == len(made.summary().rows) == 13
    assert all(row["ours"] for row in rows)


def test_points_as_data_say_what_they_are_about(made: Reproduction) -> None:
    """A setting, a scheme, how many requests have plans, and means."""
    entry = next(
        point
        for point in made.as_data()["points"]
        if point["setting"].get("source_computes") is False and point["scheme"] == "planner"
    )
    assert entry["setting"]["resolution"]
    assert (entry["requests"], entry["plans"]) == (2, 2)
    assert entry["delay_s_mean"] > 0


def test_figures_draw(made: Reproduction) -> None:
    """Each is a picture of its own."""
    pictures = {name: to_png(draw()) for name, draw in made.figures()}
    assert set(pictures) == {"delay", "gain", "models", "bytes", "splits", "compression"}
    assert len(set(pictures.values())) == len(pictures)


def test_the_page_has_a_place_for_every_table(made: Reproduction) -> None:
    """And the figures that it shows are there."""
    check_page([RUN, *(name for name, _ in made.tables())], PAGE)
    text = PAGE.read_text(encoding="utf-8")
    for name in ("sensitivity", "ranges", "ground", "measured", "shells", "outages", "eclipse"):
        assert section(name).begin in text
    assert "independent reconstruction" in text


def test_a_page_without_a_marker_is_left_alone(made: Reproduction, tmp_path: Path) -> None:
    """The missing marker is named and nothing is written."""
    page = tmp_path / "page.md"
    page.write_text("".join(f"{section(name).begin}\n{section(name).end}\n" for name in (RUN, SUMMARY)))
    with pytest.raises(InputError, match="has no <!-- reproduce_paper"):
        write_page(made, page)
    assert [path.name for path in tmp_path.iterdir()] == ["page.md"]


def test_how_much_was_planned_is_said(made: Reproduction) -> None:
    """And how much of it is proven."""
    proven, plans = made.results.proven()
    assert 0 < proven == plans
    assert f"{proven} of {plans} plans" in made.note
    assert made.note.startswith("2 requests per point over the ring, 1 over a shell")
    assert made.complete


def test_every_part_is_planned_or_measured() -> None:
    """The compression part alone plans nothing."""
    assert set(PART_NAMES) - set(PLANNED) == {"compression"}
