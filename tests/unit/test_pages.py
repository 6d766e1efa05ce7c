"""The examples of the documentation's pages run."""

import doctest
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import gymnasium as gym
import pytest

import satllm_env  # noqa: F401  registered before the registry is kept
from tests.pages import DOCS, blocks

RUN = ("dataset", "extending", "models", "network", "planner", "problem", "stream")
HOWTO = [f"howto/{page.stem}" for page in sorted((DOCS / "howto").glob("*.md"))]
NOT_AT_HAND = "starlink.tle"


@pytest.fixture
def own_registry() -> Iterator[None]:
    """What a page registers is forgotten afterwards."""
    before = dict(gym.registry)
    yield
    gym.registry.clear()
    gym.registry.update(before)


@pytest.mark.usefixtures("own_registry")
@pytest.mark.parametrize("page", [*RUN, *HOWTO, "../README"])
def test_examples_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every block runs in order, as one session in a folder of its own, without a warning."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    examples = [code for code in blocks(DOCS / f"{page}.md", "python") if NOT_AT_HAND not in code]
    assert examples
    session = ModuleType(f"session_of_{Path(page).stem}")  # a module, so that its classes can be named
    monkeypatch.setitem(sys.modules, session.__name__, session)
    for example in examples:
        exec(compile(example, page, "exec"), vars(session))
    sys.modules.pop("mine", None)


@pytest.mark.slow
def test_the_tutorial_shows_what_comes_out() -> None:
    """The tutorial's examples run as one session and print what stands there."""
    text = "\n".join(blocks(DOCS / "tutorial.md", "pycon"))
    session = doctest.DocTestParser().get_doctest(text, {}, "tutorial.md", None, None)
    assert len(session.examples) > 30
    assert doctest.DocTestRunner(verbose=False).run(session).failed == 0
