"""Report pages in a real browser: no errors, no requests, no overflow; hover, zoom and keyboard work."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.command import command
from tests.unit.agents.report_page.cases import compared_page, hostile_page

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright, the extra `browser`, is missing")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is missing (Debian: chromium)")

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
WIDTHS = (1280, 400)
COLOURS = """([ink, ground]) => {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = `var(${ink})`;
  probe.style.background = `var(${ground})`;
  const { color, backgroundColor } = getComputedStyle(probe);
  return [color, backgroundColor].map((text) => text.match(/[0-9.]+/g).slice(0, 3).map(Number));
}"""
"""What two of the page's colours come to, red, green and blue from 0 to 255."""
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium."""
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A plan on a map as the command writes it, a graph of hostile names, a comparison."""
    folder = tmp_path_factory.mktemp("pages")
    done = command("plan.py")(
        "--scenario", "paper", "--seed", "5", "--report", folder / "map.html", "--report-deadline", "2"
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (folder / "graph.html").write_text(hostile_page(), encoding="utf-8")
    (folder / "comparison.html").write_text(compared_page(), encoding="utf-8")
    return {path.stem: path for path in folder.glob("*.html")}


@pytest.fixture
def open_page(browser: Any, pages: dict[str, Path]) -> Iterator[Open]:
    """Open a page; afterwards it must have complained of nothing and asked for nothing."""
    faults: list[str] = []
    asked: list[str] = []
    contexts = []

    def opened(name: str, width: int = 1280, **settings: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("requestfailed", lambda request: faults.append(f"failed: {request.url}"))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(pages[name].as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert sum(url.startswith("file:") for url in asked) == len(contexts)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["map", "graph", "comparison"])
def test_nothing_is_wider_than_the_window(open_page: Open, name: str, width: int) -> None:
    """The page scrolls up and down alone; tables that are wider scroll in their own boxes."""
    page = open_page(name, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = page.locator(".scroll").all()
    assert boxes
    assert all(box.bounding_box()["width"] <= width for box in boxes if box.is_visible())


@pytest.mark.parametrize("width", WIDTHS)
def test_hover_tells_and_lights_up_the_step(open_page: Open, width: int) -> None:
    """Over a satellite, a hop and a bar the tip shows what they say, inside the window, and goes again."""
    page = open_page("map", width)
    tip = page.locator("#tip")
    assert not tip.is_visible()
    for selector in ("g.at[data-step='1']", "rect.bar-hit >> nth=0"):
        mark = page.locator(selector)
        mark.scroll_into_view_if_needed()
        mark.hover()
        assert tip.is_visible()
        assert tip.text_content() == mark.get_attribute("data-tip")
        box = tip.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert "on" in page.locator("li[data-step='1']").get_attribute("class")
        page.mouse.move(1, 1)
        assert not tip.is_visible()


def test_a_tap_tells_too(open_page: Open) -> None:
    """On a touch screen a tap shows the tip, and a tap beside it takes it away."""
    page = open_page("map", 400, has_touch=True)
    mark = page.locator("g.at[data-step='3']")
    mark.scroll_into_view_if_needed()
    mark.tap()
    assert page.locator("#tip").text_content() == mark.get_attribute("data-tip")
    page.locator("figcaption").first.tap(position={"x": 5, "y": 5})
    assert not page.locator("#tip").is_visible()


def test_the_map_zooms_and_moves(open_page: Open) -> None:
    """Buttons, wheel with Ctrl, dragging and keys change the view; reset brings the first one back."""
    page = open_page("map")
    svg = page.locator(".scene svg")

    def view() -> list[float]:
        return [float(number) for number in svg.get_attribute("viewBox").split()]

    first = view()
    page.get_by_label("Zoom in").click()
    assert view()[2] == pytest.approx(first[2] / 1.5, abs=1e-3)
    page.get_by_label("Show the whole Earth").click()
    assert view() == [-180, -90, 360, 180]
    page.get_by_label("Back to the first view").click()
    assert view() == first
    svg.focus()
    svg.press("ArrowRight")
    assert view()[0] > first[0]
    svg.press("0")
    assert view() == first
    svg.scroll_into_view_if_needed()
    box = svg.bounding_box()
    x, y = box["x"] + box["width"] / 3, box["y"] + box["height"] * 0.8
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y, steps=4)
    page.mouse.up()
    assert view()[0] > first[0]
    before = view()[2]
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    page.wait_for_function(f"document.querySelector('.scene svg').viewBox.baseVal.width < {before}")


def test_marks_keep_their_size_on_the_screen(open_page: Open) -> None:
    """Zooming spreads the satellites apart and does not blow them up."""
    page = open_page("map")
    mark = page.locator("g.at[data-step='1'] circle")
    before = mark.bounding_box()["width"]
    page.get_by_label("Zoom in").click()
    assert mark.bounding_box()["width"] == pytest.approx(before, rel=0.02)


@pytest.mark.parametrize("name", ["graph", "comparison"])
def test_figures_can_be_read_by_keyboard(open_page: Open, name: str) -> None:
    """A figure is one stop of the Tab key; its marks are told one by one, to screen readers too."""
    page = open_page(name)
    figure = page.locator("[data-walk]").first
    figure.focus()
    told = []
    for key in (".", ".", ","):
        figure.press(key)
        told.append(page.locator("#spoken").text_content())
        assert page.locator("#tip").text_content() == told[-1]
    assert told[0] == told[2] != told[1]
    figure.press("Escape")
    assert not page.locator("#tip").is_visible()


def test_hostile_names_run_nothing(open_page: Open) -> None:
    """No dialog opens, no element is made, and the name is read as it was given."""
    page = open_page("graph")
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
    page.locator("g.at[data-step]").first.hover()
    assert page.locator("main img, main script, main style").count() == 0
    assert "<script>alert(1)</script>" in page.locator("main").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out(open_page: Open, scheme: str) -> None:
    """Body, muted and warning texts have a contrast of 4.5 to 1 at least (WCAG 2.2, 1.4.3)."""
    page = open_page("map", color_scheme=scheme)
    shown = [
        page.evaluate(COLOURS, [ink, ground])
        for ink in ("--ink", "--muted", "--warn", "--accent")
        for ground in ("--paper", "--panel")
    ]
    assert min(_contrast(*pair) for pair in shown) >= 4.5


def _contrast(one: list[float], other: list[float]) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(rgb: list[float]) -> float:
    linear = [v / 3294.6 if v <= 10 else ((v / 255 + 0.055) / 1.055) ** 2.4 for v in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
