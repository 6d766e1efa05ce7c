"""A page as tests read it: its elements in order, refused where they do not nest."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import NamedTuple

VOID = {"br", "hr", "img", "input", "link", "meta"}


class Element(NamedTuple):
    """A start tag."""

    tag: str
    attributes: dict[str, str]


@dataclass
class Page(HTMLParser):
    """Elements and text of a page."""

    elements: list[Element] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Character references become characters."""
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"an attribute stands twice: {tag} {names}"
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An SVG element that closes itself."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Close the element opened last, which must be this one."""
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        """Text that is shown."""
        if not self.open or self.open[-1] not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self) -> str:
        """All text, blanks as they come."""
        return " ".join(self.words)

    def having(self, attribute: str) -> list[Element]:
        """Elements with an attribute."""
        return [element for element in self.elements if attribute in element.attributes]

    def of(self, *tags: str) -> list[Element]:
        """Elements of some names."""
        return [element for element in self.elements if element.tag in tags]


def read(html: str) -> Page:
    """Parse a page to its end."""
    page = Page()
    page.feed(html)
    page.close()
    assert page.open == []
    return page
