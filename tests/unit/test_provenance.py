"""Which code made a result."""

import subprocess
import sys
from pathlib import Path

import pytest

from satllm_env import provenance
from satllm_env.provenance import command_line, git_revision


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder."""
    names = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    command = ["git", *names, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where the code is taken to lie, in no checkout."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "repository" / "package"
    folder.mkdir(parents=True)
    (folder / "provenance.py").write_text("first\n")
    monkeypatch.setattr(provenance, "__file__", str(folder / "provenance.py"))
    return folder


def committed(code: Path) -> str:
    """Make the folder a checkout with one commit; its name."""
    git(code.parent, "init", "-q")
    git(code.parent, "add", ".")
    git(code.parent, "commit", "-q", "-m", "first")
    return git(code.parent, "rev-parse", "HEAD")


def test_a_checkout_has_its_commit(code: Path) -> None:
    """Whole while files are as committed, marked where one differs; new files do not count."""
    commit = committed(code)
    assert git_revision() == commit
    (code.parent / "notes.txt").write_text("new\n")
    assert git_revision() == commit
    (code / "provenance.py").write_text("second\n")
    assert git_revision() == f"{commit} with changes"


def test_outside_a_checkout_it_is_unknown(code: Path) -> None:
    """Also in one without a commit."""
    assert git_revision() == "unknown"
    git(code.parent, "init", "-q")
    git(code.parent, "add", ".")
    assert git_revision() == "unknown"


def test_another_s_checkout_is_not_this_code_s(code: Path) -> None:
    """Installed into a folder of somebody else's repository, the code has not that one's commit."""
    (code.parent / "other.txt").write_text("x\n")
    git(code.parent, "init", "-q")
    git(code.parent, "add", "other.txt")
    git(code.parent, "commit", "-q", "-m", "theirs")
    assert git_revision() == "unknown"


def test_it_never_raises(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git, and where the code's folder is none."""
    committed(code)
    monkeypatch.setattr(provenance, "__file__", str(code / "archive.zip" / "provenance.py"))
    assert git_revision() == "unknown"
    monkeypatch.setattr(provenance, "__file__", str(code / "provenance.py"))
    monkeypatch.setenv("PATH", "")
    assert git_revision() == "unknown"


def test_this_code_s_own_revision_is_a_commit_or_unknown() -> None:
    """Forty hexadecimal digits, or the word."""
    revision = git_revision().removesuffix(" with changes")
    assert revision == "unknown" or (len(revision) == 40 and int(revision, 16) >= 0)


def test_commands_are_named_from_the_repository_s_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever they were started, with arguments quoted for a shell."""
    folder = tmp_path / "scripts"
    folder.mkdir()
    wanted = "python scripts/x.py --data 'a b'"
    for here, program in ((tmp_path, "scripts/x.py"), (folder, "x.py"), (tmp_path, str(folder / "x.py"))):
        monkeypatch.chdir(here)
        monkeypatch.setattr(sys, "argv", [program, "--data", "a b"])
        assert command_line() == wanted
