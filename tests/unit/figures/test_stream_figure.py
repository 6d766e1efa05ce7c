"""Tests of the figure and the text of a stream."""

import numpy as np
import pytest

from planners.stream import policy, run_stream
from satllm_env.envs import SatLLMStreamEnv
from satllm_env.figures import to_pixels, to_png
from satllm_env.figures.stream import busiest_servers, busiest_window, server_name, stream_figure
from satllm_env.stream import Outcome
from tests.unit.envs.cases import PROBLEMS


@pytest.fixture(scope="module")
def outcomes() -> tuple[Outcome, ...]:
    """Requests that meet on a ring."""
    env = SatLLMStreamEnv(
        problem=str(PROBLEMS / "tiny-ring.json"), arrivals="poisson", rate_per_min=1500.0, num_requests=8
    )
    return run_stream(env, policy("greedy"), [0]).outcomes


def test_it_shows_every_request(outcomes):
    """Delays and waits are bars at the arrivals, work is bars in the rows of its servers."""
    figure = stream_figure(outcomes, outcomes[-1].arrival_s, subject="a ring")
    delays, _, chart = figure.axes
    static, waiting = delays.collections[:2]
    for lines, low, high in (
        (static, [0.0] * 8, [o.static_s for o in outcomes]),
        (waiting, [o.static_s for o in outcomes], [o.delay_s for o in outcomes]),
    ):
        ends = np.array(lines.get_segments())
        assert ends[:, 0, 0] == pytest.approx([o.arrival_s / 60 for o in outcomes])
        assert ends[:, 0, 1] == pytest.approx(low)
        assert ends[:, 1, 1] == pytest.approx(high)
    names = [label.get_text() for label in chart.get_yticklabels()]
    window = busiest_window(outcomes)
    assert names == [server_name(server) for server in busiest_servers(outcomes, window)]
    bars = sum(len(collection.get_paths()) for collection in chart.collections)
    inside = [
        span
        for o in outcomes
        for taken in o.admission.occupations
        if server_name(taken.server) in names
        for span in taken.spans
        if span[1] > window.start_s and span[0] < window.end_s
    ]
    assert bars == len(inside) > 8
    assert any("a ring · 8 requests" in text.get_text() for text in figure.texts)
    assert to_png(figure).startswith(b"\x89PNG")


def test_the_window_is_where_requests_wait(outcomes):
    """The chart begins with an arrival and holds the longest wait."""
    window = busiest_window(outcomes)
    longest = max(outcomes, key=lambda o: o.delay_s - o.static_s)
    assert window.start_s in [o.arrival_s for o in outcomes]
    assert window.start_s <= longest.arrival_s < window.end_s


def test_natural_order(outcomes):
    """Rows are processors, then links, numbers in names in their order."""
    servers = busiest_servers(outcomes, busiest_window(outcomes))
    assert servers == sorted(servers, key=len)


def test_empty_and_failed_streams_can_be_drawn():
    """Before the first request is served, and when walks fail, there is a picture too."""
    assert to_pixels(stream_figure((), 0.0)).ndim == 3
    env = SatLLMStreamEnv(
        problem=str(PROBLEMS / "tiny-ring.json"), on_illegal="penalty", num_requests=1, render_mode="ansi"
    )
    env.reset(seed=0)
    env.step(-1)
    assert to_pixels(stream_figure(env.outcomes, 0.0)).ndim == 3
    assert "failed: there is no action -1" in env.render()
