"""Tests that the environment's page says what the code does."""

import re
from pathlib import Path

from satllm_env.envs import SatLLMSplitEnv
from satllm_env.scenarios import scenario_names

PAGE = (Path(__file__).parents[3] / "docs" / "environment.md").read_text(encoding="utf-8")


def one_line(text):
    """Text without what Markdown and line breaks add."""
    return re.sub(r"\s+", " ", text.replace("`", ""))


def test_examples_run(capsys):
    """The page's examples run in order, as one session, without a warning."""
    session = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len(blocks) >= 5
    for block in blocks:
        exec(compile(block, "docs/environment.md", "exec"), session)
    assert "Request" in capsys.readouterr().out


def test_tables_agree_with_the_docstring():
    """Every table row and numbered end of the class's docstring stands on the page too."""
    page, docstring = one_line(PAGE), re.sub(r"\n\s*(?=the same for)", " ", SatLLMSplitEnv.__doc__)
    lines = [line.strip() for line in docstring.splitlines()]
    rows = [one_line(line) for line in lines if line.startswith("|") and "---" not in line]
    assert len(rows) >= 15
    assert [row for row in rows if row not in page] == []
    ends = re.findall(
        r"^\s*\d\. Termination: .*?(?=\n\s*\d\.|\n\n)", docstring, flags=re.DOTALL | re.MULTILINE
    )
    assert len(ends) == 3
    assert [end for end in ends if one_line(end).strip() not in page] == []


def test_scenarios_are_listed():
    """Every scenario that comes with the project has a row."""
    assert all(f"| `{name}` |" in PAGE for name in scenario_names())
