"""Reading text files with one-line errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from satllm_env.errors import InputError


def read_text(path: str | Path) -> str:
    """The text of a UTF-8 file, with or without a byte order mark, its lines ended by line feeds.

    Raises:
        InputError: the file cannot be read or is not UTF-8.
    """
    with _one_line(path):
        return Path(path).read_text(encoding="utf-8-sig")


def read_utf8(path: str | Path) -> bytes:
    """The bytes of a UTF-8 file as they are, mark and line ends included.

    Raises:
        InputError: as `read_text`.
    """
    with _one_line(path):
        data = Path(path).read_bytes()
        data.decode("utf-8")
        return data


@contextmanager
def _one_line(path: str | Path) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError:
        raise InputError(str(path), "", "cannot be read: not UTF-8 text") from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        reason = getattr(error, "strerror", None) or error
        raise InputError(str(path), "", f"cannot be read: {reason}") from None
