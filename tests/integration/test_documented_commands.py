"""The commands that README and documentation quote can be given as they stand."""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Iterator
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from unittest import mock

import pytest

from satllm_env.cli import parse
from tests.integration.command import ROOT, command
from tests.pages import PAGES, Command, codes, commands

QUOTED = [quoted for page in PAGES for quoted in commands(page)]
SCRIPTS = sorted(path.name for path in (ROOT / "scripts").glob("*.py"))
ELLIPSIS = "…"


def of_script(name: str) -> Iterator[Command]:
    """What is quoted of one script."""
    for quoted in QUOTED:
        program, *words = quoted.words
        if program == "python" and words and words[0] == f"scripts/{name}":
            yield Command(quoted.page, tuple(word for word in words[1:] if word not in ("--help", ELLIPSIS)))


def fault(arguments: type, words: tuple[str, ...]) -> str:
    """What a command line is refused for, or nothing."""
    said = io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["command", *words]),
        contextlib.redirect_stderr(said),
        contextlib.suppress(SystemExit),
    ):
        parse(arguments)
    return said.getvalue()


@pytest.fixture(params=SCRIPTS)
def script(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A script as a module, which its annotations are looked up in."""
    spec = spec_from_file_location(f"script_{Path(request.param).stem}", ROOT / "scripts" / request.param)
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    spec.loader.exec_module(module)
    return module


def test_quoted_commands_parse(script: ModuleType) -> None:
    """Every flag and value that a page gives a script is one that it takes."""
    arguments, name = script.Arguments, Path(script.__file__).name
    faults = {quoted: fault(arguments, quoted.words) for quoted in of_script(name)}
    assert {quoted: said for quoted, said in faults.items() if said} == {}
    assert fault(arguments, ("--no-such-flag",)) != ""


def test_quoted_scripts_modules_and_targets_exist() -> None:
    """Pages name scripts in `scripts`, modules that can be found, and targets of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    missing = []
    for page, (program, *words) in QUOTED:
        if program == "make":
            missing += [f"{page}: make {word}" for word in words if word.isalpha() and word not in targets]
        elif program == "python" and words[:1] == ["-m"]:
            missing += [f"{page}: {words[1]}"] if find_spec(words[1]) is None else []
        elif program == "python" and words and words[0].endswith(".py"):
            missing += [] if (ROOT / words[0]).is_file() else [f"{page}: {words[0]}"]
    assert missing == []
    assert len(QUOTED) > 50


@pytest.mark.slow
def test_flags_named_in_prose_exist() -> None:
    """A `--flag` that stands alone in a text is one of some script, or of another program that is quoted."""
    known = {flag for name in SCRIPTS for flag in flags(name)}
    known |= {word for quoted in QUOTED if quoted.words[0] not in ("make", "python") for word in quoted.words}
    named = {
        (page, flag) for page in PAGES for code in codes(page) for flag in re.findall(r"^--[a-z-]+", code)
    }
    assert named
    assert {(page.name, flag) for page, flag in named if flag not in known} == set()


def flags(name: str) -> set[str]:
    """The flags in a script's help."""
    done = command(name, COLUMNS="200")("--help")
    assert done.returncode == 0
    return set(re.findall(r"--[a-z][a-z-]*", done.stdout))


def test_commands_are_found_in_pages(tmp_path: Path) -> None:
    """Prompts, continued lines, comments, variables and pipes are read as a shell would."""
    page = tmp_path / "page.md"
    page.write_text(
        "```console\n$ A=1 python x.py --a \\\n    'b c'  # note\nout\n$ make x | less\n```\n`python y.py`\n"
    )
    with mock.patch("tests.pages.ROOT", tmp_path):
        found = commands(page)
    assert [quoted.words for quoted in found] == [
        ("python", "x.py", "--a", "b c"),
        ("make", "x"),
        ("python", "y.py"),
    ]
