"""Reading text files."""

from pathlib import Path

import pytest

from satllm_env.errors import InputError
from satllm_env.text import read_text, read_utf8

MARKED = b"\xef\xbb\xbfa\r\n"


def test_text_comes_without_mark_and_carriage_returns(tmp_path: Path) -> None:
    """Files of other systems read as ours do; their bytes stay as they are where bytes are asked for."""
    path = tmp_path / "marked.txt"
    path.write_bytes(MARKED)
    assert read_text(path) == "a\n"
    assert read_utf8(path) == MARKED


@pytest.mark.parametrize("read", [read_text, read_utf8])
def test_what_is_no_text_gets_one_line(read: object, tmp_path: Path) -> None:
    """No file, a folder, a name that no file can have, bytes that are no UTF-8."""
    assert callable(read)
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    for name, problem in (
        ("none", "No such file"),
        (".", "directory"),
        ("a\0b", "null"),
        ("latin", "not UTF-8"),
    ):
        with pytest.raises(InputError, match=f"cannot be read: .*{problem}"):
            read(tmp_path / name)
