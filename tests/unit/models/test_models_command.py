"""`python -m satllm_env.models` and the page that shows its output."""

import subprocess
import sys
from pathlib import Path

import pytest

from satllm_env.models.__main__ import main

ROOT = Path(__file__).parents[3]


def table_lines(text: str) -> list[str]:
    """Give the lines that are not blank, without the blanks around them."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def test_page_shows_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    """Every line of the command's output stands in docs/models.md."""
    main()
    printed = table_lines(capsys.readouterr().out)
    page = table_lines((ROOT / "docs" / "models.md").read_text(encoding="utf-8"))
    assert len(printed) == 2 * 2 + 17
    assert [line for line in printed if line not in page] == []


def test_command_on_configurations(tmp_path: Path) -> None:
    """A configuration gives its row; a broken one ends with exit code 2 and one line on stderr."""
    config = tmp_path / "mine.json"
    config.write_text(
        '{"model_type": "gpt2", "n_embd": 8, "n_head": 2, "n_layer": 1, "n_positions": 9, "vocab_size": 7}'
    )
    command = [sys.executable, "-m", "satllm_env.models", str(config)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert "| mine " in shown.stdout
    config.write_text("{}")
    broken = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (broken.returncode, broken.stdout) == (2, "")
    assert broken.stderr.startswith(f"{config}: model_type: missing")
    assert broken.stderr.count("\n") == 1
