"""Which code made a result."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path


def git_revision() -> str:
    """The commit of this code, marked where files differ from it; "unknown" outside a checkout."""
    here = Path(__file__)
    folder = here.parent
    try:
        _git(folder, "ls-files", "--error-unmatch", here.name)  # else the checkout is of something else
        revision = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", ":/")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{revision} with changes" if changed else revision


def command_line() -> str:
    """The command that runs, as one would type it from the repository's root."""
    program = Path(sys.argv[0]).resolve()
    return shlex.join(["python", f"{program.parent.name}/{program.name}", *sys.argv[1:]])


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()
