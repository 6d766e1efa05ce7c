"""Tests of what every command shares: exit codes, one-line errors, files written whole."""

import json
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from satllm_env import cli
from satllm_env.errors import InputError, NoPlanError


@dataclass
class Flags:
    """A command for tests."""

    problem: str
    """File of the problem."""
    seed: int = 0
    """Seed."""
    kind: Literal["none", "two"] = "none"
    """Kind."""
    json: bool = False
    """Print JSON."""


def run(monkeypatch, capsys, main, *flags):
    """(exit code, stdout, stderr) of a command."""
    monkeypatch.setattr(sys, "argv", ["command.py", *flags])
    with pytest.raises(SystemExit) as stop:
        cli.run_command(Flags, main)
    out, err = capsys.readouterr()
    return stop.value.code, out, err


@pytest.mark.parametrize(("code", "expected"), [(None, 0), (0, 0), (1, 1)])
def test_exit_code_of_the_command(monkeypatch, capsys, code, expected):
    """A command's own code is the exit code, 0 where it returns none."""
    seen = []

    def main(flags):
        seen.append(flags)
        return code

    assert run(monkeypatch, capsys, main, "--problem", "x.json", "--json") == (expected, "", "")
    assert seen == [Flags("x.json", json=True)]


def raising(error):
    """A command that fails."""

    def main(_):
        raise error

    return main


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (InputError("f.json", "model.layers[3].flops", "bad"), 2, "f.json: model.layers[3].flops: bad\n"),
        (InputError("a\nb.json", "", "two\nlines"), 2, "a b.json: two lines\n"),
        (NoPlanError("no plan\nexists"), 3, "no plan exists\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_errors_are_one_line(monkeypatch, capsys, error, code, line):
    """Each error that a user can cause is one line on stderr, with the contract's exit code."""
    assert run(monkeypatch, capsys, raising(error), "--problem", "x") == (code, "", line)


def test_programming_errors_are_not_hidden(monkeypatch, capsys):
    """An error of the program itself keeps its traceback."""
    monkeypatch.setattr(sys, "argv", ["command.py", "--problem", "x"])
    with pytest.raises(ZeroDivisionError):
        cli.run_command(Flags, lambda _: 1 // 0)


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        ([], "--problem"),
        (["--problem"], "--problem"),
        (["--problem", "x", "--seed", "one"], "--seed"),
        (["--problem", "x", "--seed", "1.5"], "--seed"),
        (["--problem", "x", "--kind", "three"], "--kind"),
        (["--problem", "x", "--speed", "1"], "--speed"),
        (["--problem", "x", "stray"], "stray"),
        (["--problem", "x", "--json", "yes"], "yes"),
        (["--problem", "x", "--no-json"], "--no-json"),
    ],
)
@pytest.mark.parametrize("columns", ["40", "200"])
def test_wrong_flags(monkeypatch, capsys, flags, named, columns):
    """A wrong flag is one line that names it and exit 2, however narrow the terminal."""
    monkeypatch.setenv("COLUMNS", columns)
    code, out, err = run(monkeypatch, capsys, raising(AssertionError("must not run")), *flags)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.endswith("; see command.py --help\n")
    assert named in err
    assert "│" not in err


def test_help(monkeypatch, capsys):
    """Help goes to stdout with exit 0 and holds the docstrings."""
    code, out, err = run(monkeypatch, capsys, raising(AssertionError("must not run")), "--help")
    assert (code, err) == (0, "")
    assert "A command for tests." in out
    assert "File of the problem." in out


def test_reader_that_leaves():
    """A command whose reader closes the pipe ends quietly with exit 1."""
    program = (
        "from dataclasses import dataclass\n"
        "from satllm_env.cli import print_json, run_command\n"
        "@dataclass\n"
        "class Flags:\n"
        "    '''Prints a lot.'''\n"
        "run_command(Flags, lambda _: print_json({'x': 'y' * 10**6}))\n"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 1


def test_print_json(capsys):
    """JSON is one object and a line's end."""
    data = {"delay_s": 0.1, "steps": [], "name": "München"}
    cli.print_json(data)
    out = capsys.readouterr().out
    assert json.loads(out) == data
    assert out.endswith("}\n")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_print_json_refuses_nan(capsys, value):
    """NaN and endless numbers are no JSON: nothing is printed."""
    with pytest.raises(ValueError, match="JSON compliant"):
        cli.print_json({"delay_s": value})
    assert capsys.readouterr().out == ""


def test_write_makes_folders_and_keeps_the_umask(tmp_path):
    """A file is written with its folders, readable as any other."""
    path = tmp_path / "new" / "deep" / "file.txt"
    cli.write_text(path, "grün\n")
    plain = tmp_path / "plain.txt"
    plain.touch()
    assert path.read_text(encoding="utf-8") == "grün\n"
    assert path.stat().st_mode == plain.stat().st_mode
    assert list(path.parent.iterdir()) == [path]


def test_write_replaces(tmp_path):
    """Writing again replaces the whole file."""
    path = tmp_path / "file"
    cli.write_bytes(path, b"a long first version")
    cli.write_bytes(path, b"short")
    assert path.read_bytes() == b"short"


def test_no_half_written_file(tmp_path):
    """A write that fails in the middle leaves the old file and nothing beside it."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(InputError, match=r"file: cannot be written: File too large$"):
            cli.write_bytes(path, bytes(10**6))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_rename_that_fails(tmp_path, monkeypatch):
    """A rename that fails leaves the old file and nothing beside it."""
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(InputError, match="cannot be written: Permission denied"):
        cli.write_text(path, "new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["", "folder", "file/inside", "null\0byte", "x" * 300, "pipe"])
def test_places_that_cannot_be_written(tmp_path, name):
    """A path that cannot be written is one line that names it; what stands there stays."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    os_pipe = tmp_path / "pipe"
    subprocess.run(["mkfifo", os_pipe], check=True)
    with pytest.raises(InputError, match="cannot be written") as caught:
        cli.write_text(tmp_path / name, "text")
    assert str(caught.value).startswith(f"{tmp_path / name}: ")
    assert os_pipe.is_fifo()
    assert {entry.name for entry in tmp_path.iterdir()} == {"folder", "file", "pipe"}


def test_devices_are_left_alone():
    """A device is not replaced by a file."""
    with pytest.raises(InputError, match="not a plain file"):
        cli.write_text("/dev/null", "text")
    assert Path("/dev/null").is_char_device()


def test_symbolic_links_stay(tmp_path):
    """Writing through a symbolic link changes what it points to."""
    (tmp_path / "target").touch()
    (tmp_path / "link").symlink_to("target")
    cli.write_text(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text(encoding="utf-8") == "text"


def test_progress_goes_to_stderr(capsys):
    """Progress bars leave stdout alone."""
    with cli.progress() as bar:
        for _ in bar.track(range(3), description="counting"):
            pass
    assert capsys.readouterr().out == ""
