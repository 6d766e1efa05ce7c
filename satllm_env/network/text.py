"""Reading text files with one-line errors."""

from __future__ import annotations

from pathlib import Path

from satllm_env.errors import InputError


def read_text(path: str | Path) -> str:
    """The text of a UTF-8 file, with or without a byte order mark.

    Raises:
        InputError: the file cannot be read or is not UTF-8.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(str(path), "", "cannot be read: not UTF-8 text") from None
    except OSError as error:
        raise InputError(str(path), "", f"cannot be read: {error.strerror or error}") from None
