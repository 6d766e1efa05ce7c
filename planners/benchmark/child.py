"""Modules of this package run in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]


class ChildError(RuntimeError):
    """A process ended without its results."""


def lines_of(module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[Any]:
    """Run a module of this package that prints one JSON value per line.

    Args:
        module: its name in this package.
        arguments: of the process.
        environment: variables beside those of this process.

    Yields:
        The values as they come; the process is killed where the caller stops asking.

    Raises:
        ChildError: the process failed.
    """
    command = [sys.executable, "-P", "-m", f"planners.benchmark.{module}", *arguments]
    paths = [str(_ROOT), os.environ.get("PYTHONPATH", "")]
    variables = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        **(environment or {}),
    }
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command, env=variables, stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8"
        )
        assert process.stdout is not None
        try:
            for line in process.stdout:
                yield json.loads(line)
            code = process.wait()
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        if code:
            errors.seek(0)
            reason = errors.read().strip().rpartition("\n")[2] or f"exit status {code}"
            raise ChildError(f"{module} {' '.join(arguments)}: {reason}")
