"""Commands run in this process, as `python scripts/NAME.py` would run them."""

import contextlib
import io
import os
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import pytest

ROOT = Path(__file__).parents[2]


class Done(NamedTuple):
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


def command(name: str, **environment: str) -> Callable[..., Done]:
    """What runs a script of the project.

    Args:
        name: file in `scripts`.
        environment: variables to run it with.
    """
    path = str(ROOT / "scripts" / name)

    def run(*arguments: str | Path) -> Done:
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.object(sys, "argv", [path, *map(str, arguments)]),
            mock.patch.dict(os.environ, environment),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as stop,
        ):
            runpy.run_path(path, run_name="__main__")
        return Done(int(stop.value.code or 0), out.getvalue(), err.getvalue())

    return run
