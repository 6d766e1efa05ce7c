"""The examples of the documentation's pages run."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import gymnasium as gym
import pytest

import satllm_env  # noqa: F401  registered before the registry is kept

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def own_registry() -> Iterator[None]:
    """What a page registers is forgotten afterwards."""
    before = dict(gym.registry)
    yield
    gym.registry.clear()
    gym.registry.update(before)


@pytest.mark.usefixtures("own_registry")
@pytest.mark.parametrize("page", ["dataset.md", "extending.md", "stream.md"])
def test_examples_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every block runs in order, as one session in a folder of its own, without a warning."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    assert blocks
    session = ModuleType(f"session_of_{Path(page).stem}")  # a module, so that its classes can be named
    monkeypatch.setitem(sys.modules, session.__name__, session)
    for block in blocks:
        exec(compile(block, page, "exec"), vars(session))
    sys.modules.pop("mine", None)


def test_links_between_pages_lead_somewhere() -> None:
    """No page points at one that is not there."""
    links = [
        (page, link)
        for page in DOCS.glob("*.md")
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    ]
    broken = [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()]
    assert broken == []
