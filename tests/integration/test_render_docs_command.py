"""render_docs.py: the page of the environments is what their docstrings say."""

import re
from pathlib import Path

from satllm_env.envs import SatLLMSplitEnv
from tests.integration.command import ROOT, command

render_docs = command("render_docs.py")


def test_the_page_is_up_to_date() -> None:
    """A docstring that was changed without its page fails here: run python scripts/render_docs.py."""
    done = render_docs("--check")
    assert done.stderr == ""
    assert done.returncode == 0


def test_a_page_that_differs_is_told(tmp_path: Path) -> None:
    """Checking writes nothing; rendering makes it right."""
    page = tmp_path / "page.md"
    page.write_text("old")
    done = render_docs("--check", "--out", page)
    assert (done.returncode, page.read_text()) == (1, "old")
    assert "out of date" in done.stderr
    assert render_docs("--out", page).returncode == 0
    assert render_docs("--check", "--out", page).returncode == 0


def test_examples_and_tables_are_markdown() -> None:
    """Every example stands in a fence, every table row is whole, and no heading is left over."""
    page = (ROOT / "docs" / "environment-reference.md").read_text(encoding="utf-8")
    fences = re.findall(r"```pycon\n(.*?)\n```\n", page, flags=re.DOTALL)
    assert sum(fence.count(">>>") for fence in fences) == page.count(">>>") > 0
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert all(row.endswith("|") for row in rows)
    headings = re.findall(r"^ *## (.*)$", SatLLMSplitEnv.__doc__, flags=re.MULTILINE)
    assert [heading for heading in headings if f"\n#### {heading}\n" not in page] == []
