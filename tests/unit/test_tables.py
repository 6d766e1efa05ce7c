from pathlib import Path

from satllm_env.tables import Grid, Section, markdown_table, rich_table

SECTION = Section("measure_all")
BEGIN, END = "<!-- measure_all:begin -->", "<!-- measure_all:end -->"


def test_only_the_section_between_markers_is_replaced(tmp_path: Path) -> None:
    """Once and again; a page without markers, or none, becomes the section."""
    page = tmp_path / "page.md"
    assert SECTION.in_page(page, "new\n") == f"{BEGIN}\n\nnew\n\n{END}\n"
    page.write_text(f"# Title\n\n{BEGIN}\nold\n{END}\n\nafter\n")
    for section in ("new\n", "newer\n"):
        page.write_text(SECTION.in_page(page, section))
        assert page.read_text() == f"# Title\n\n{BEGIN}\n\n{section}\n{END}\n\nafter\n"
    page.write_text(f"{END} wrong way round {BEGIN}")
    assert SECTION.in_page(page, "new\n") == f"{BEGIN}\n\nnew\n\n{END}\n"


def test_tables_have_a_column_per_heading() -> None:
    """In Markdown numbers stand to the right; on a terminal a miss is red."""
    grid = Grid(("what", "met"), [("speed", "NO"), ("size", "yes")])
    assert markdown_table(grid).splitlines() == [
        "| what | met |",
        "| --- | ---: |",
        "| speed | NO |",
        "| size | yes |",
    ]
    assert list(rich_table(grid).columns[1].cells) == ["[red]NO[/red]", "yes"]
