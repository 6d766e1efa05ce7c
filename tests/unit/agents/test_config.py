"""Training settings as data."""

from pathlib import Path

import pytest

from agents.config import load_settings, parse_settings
from satllm_env.errors import InputError


def test_the_shipped_settings_load() -> None:
    """The defaults keep their own form."""
    assert load_settings().name == "ppo"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "not TOML"),
        ("name = 'x'\nsurprise = 1", "surprise|seed"),
        ("", "name"),
    ],
)
def test_bad_settings_are_one_line_that_names_file_and_field(tmp_path: Path, text: str, message: str) -> None:
    """Whoever brings settings of their own learns what is wrong with them."""
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as error:
        load_settings(path)
    assert "mine.toml" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """No traceback for a wrong path."""
    with pytest.raises(InputError, match=r"none\.toml"):
        load_settings(tmp_path / "none.toml")


def test_walks_are_either_planned_or_read() -> None:
    """Settings that ask for both do not say which of them is cloned."""
    data = load_settings().model_dump(mode="json")
    data["cloning"]["demonstrations"] = "walks"
    with pytest.raises(InputError, match=r"mine: cloning.*give either episodes or demonstrations"):
        parse_settings(data, "mine")
    data["cloning"]["episodes"] = 0
    assert parse_settings(data, "mine").cloning.demonstrations == "walks"
