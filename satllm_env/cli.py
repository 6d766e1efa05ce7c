"""What every command shares: flags to a dataclass, errors to one line, files written whole."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import tyro
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from satllm_env.errors import InputError, NoPlanError
from satllm_env.optional import EXTRA_OF, advice

EXIT_BAD_INPUT = 2
EXIT_NO_PLAN = 3

Arguments = TypeVar("Arguments")


def run_command(arguments: type[Arguments], main: Callable[[Arguments], int | None]) -> None:
    """Parse the command line into a dataclass, run `main` with it, and exit by the contract.

    Args:
        arguments: dataclass whose fields are the flags and whose docstring is the help.
        main: the command; returns its exit code, None for 0.
    """
    parsed = parse(arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _note_warning
            code = main(parsed) or 0
        sys.stdout.flush()
    except InputError as error:
        code = _complain(str(error), EXIT_BAD_INPUT)
    except NoPlanError as error:
        code = _complain(str(error), EXIT_NO_PLAN)
    except ModuleNotFoundError as error:
        if error.name not in EXTRA_OF:
            raise
        code = _complain(advice(error.name), EXIT_BAD_INPUT)
    except BrokenPipeError:
        # the reader of a pipe has left; python would complain again on closing stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except KeyboardInterrupt:
        code = _complain("interrupted", 130)
    sys.exit(code)


def _note_warning(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    """A warning as one line on stderr, without the place in the code."""
    _complain(
        f"warning: {message}" if issubclass(category, UserWarning) else f"{category.__name__}: {message}", 0
    )


def parse(arguments: type[Arguments]) -> Arguments:
    """Parse the command line; a wrong flag is one line on stderr and exit 2."""
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            return tyro.cli(arguments, config=(tyro.conf.FlagCreatePairsOff,))
    except SystemExit as stop:
        if stop.code == EXIT_BAD_INPUT:
            _complain(_one_line(complaint.getvalue()), EXIT_BAD_INPUT)
        else:
            sys.stderr.write(complaint.getvalue())
        raise


def _one_line(box: str) -> str:
    """The messages of tyro's framed report, without frame and advice."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", box)
    lines = [re.sub(r"[│╭╮╰╯─]+", " ", line).strip() for line in plain.splitlines()[1:]]
    kept: list[str] = []
    for line in lines:
        if not line or line.startswith("Argument helptext"):
            break
        kept.append(line)
    return " ".join(kept) + f"; see {Path(sys.argv[0]).name} --help"


def _complain(message: str, code: int) -> int:
    sys.stderr.write(" ".join(message.split()) + "\n")
    return code


def print_json(data: Any) -> None:
    """Print one JSON object on stdout."""
    sys.stdout.write(json.dumps(data, indent=1, allow_nan=False) + "\n")


def finite_or_none(value: float) -> float | None:
    """The number as JSON can hold it."""
    return value if math.isfinite(value) else None


def notes() -> Console:
    """Console for notes and progress: stderr, so that stdout holds results only."""
    return Console(stderr=True, highlight=False)


def progress(console: Console | None = None) -> Progress:
    """A progress bar on stderr that leaves no trace when it is done, and none where nobody watches."""
    out = console or notes()
    return Progress(
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=out,
        transient=True,
        disable=not out.is_terminal,
    )


def write_text(path: str | Path, text: str) -> None:
    """Write a file whole: under a temporary name beside it, then renamed."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write a file whole: under a temporary name beside it, then renamed.

    Raises:
        InputError: the file cannot be written, or the path names something that is not a plain file.
    """
    try:
        target = Path(os.path.realpath(path))  # behind a symbolic link: the link itself stays
        if target.exists() and not target.is_file():
            raise InputError(str(path), "", "cannot be written: not a plain file")
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(name).chmod(0o666 & ~_umask())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except InputError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        reason = getattr(error, "strerror", None) or error
        raise InputError(str(path), "", f"cannot be written: {reason}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
