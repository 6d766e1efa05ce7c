"""The documentation's pages as tests read them: their blocks, links, headings and commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = tuple(
    page
    for page in (*ROOT.glob("*.md"), *sorted(DOCS.rglob("*.md")))
    if not page.is_relative_to(DOCS / "_build")
)
SHELL = ("", "bash", "console", "sh")
_ENDS = {"|", "||", "&&", ";", ">", "<"}


class Command(NamedTuple):
    """A command that a page quotes."""

    page: str
    words: tuple[str, ...]


def blocks(page: Path, *languages: str) -> list[str]:
    """The fenced blocks of some languages, in order."""
    return [token.content for token in _tokens(page) if token.type == "fence" and token.info in languages]


def codes(page: Path) -> list[str]:
    """The inline `code` of a page."""
    return [token.content for token in _inline(page) if token.type == "code_inline"]


def links(page: Path) -> list[str]:
    """What a page links to or shows, web addresses left out."""
    found = [token.attrs.get("href") or token.attrs.get("src") for token in _inline(page)]
    return [str(target) for target in found if target and not re.match(r"[a-z]+:", str(target))]


def anchors(page: Path) -> set[str]:
    """The names that a page's headings have, on GitHub and on the site."""
    tokens = _tokens(page)
    headings = [after for token, after in pairwise(tokens) if token.type == "heading_open"]
    named = re.findall(r"^\(([\w-]+)\)=$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {_slug(heading) for heading in headings} | set(named)


def commands(page: Path) -> list[Command]:
    """The commands that a page's shell blocks and inline code quote."""
    lines = [line for block in blocks(page, *SHELL) for line in _lines(block)]
    lines += [code for code in codes(page) if code.startswith(("python ", "make "))]
    split = [_words(line) for line in lines]
    return [Command(page.relative_to(ROOT).as_posix(), words) for words in split if words]


def _lines(block: str) -> Iterator[str]:
    """A shell block's lines, those with a prompt where it has any, continued ones joined."""
    joined = re.sub(r"\\\n\s*", "", block)
    prompted = re.findall(r"^\$ (.*)", joined, flags=re.MULTILINE)
    yield from prompted or joined.splitlines()


def _words(line: str) -> tuple[str, ...]:
    """A command's words up to a pipe, without variables before it; none where it goes on over lines."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return ()
    while words and re.match(r"\w+=", words[0]):
        del words[0]
    end = next((place for place, word in enumerate(words) if word in _ENDS), len(words))
    return tuple(words[:end])


def _tokens(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


def _inline(page: Path) -> Iterator[Token]:
    for token in _tokens(page):
        yield from token.children or ()


def _slug(heading: Token) -> str:
    shown = "".join(part.content for part in heading.children or () if part.type in ("text", "code_inline"))
    return re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
