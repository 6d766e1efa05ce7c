"""A stream as plain text: what ``render_mode="ansi"`` shows."""

from __future__ import annotations

from collections.abc import Sequence

from satllm_env.figures.quantities import format_s
from satllm_env.figures.walk_text import walk_text
from satllm_env.problem import Walk
from satllm_env.stream.outcome import Outcome
from satllm_env.stream.servers import Servers
from satllm_env.stream.stream import Request

_SERVERS, _OUTCOMES, _NAME, _BAR = 8, 5, 30, 40


def stream_text(servers: Servers, outcomes: Sequence[Outcome], request: Request | None, walk: Walk) -> str:
    """The clock, the backlog, the last requests, and the walk at hand.

    Args:
        servers: with what is booked of them.
        outcomes: of the requests so far.
        request: at hand, None at the end.
        walk: of the request at hand, or of the last one.
    """
    blocks = [_head(servers, outcomes, request), _backlog(servers), _last(outcomes)]
    text = "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks if block)
    return f"{text}\n\n{walk_text(walk)}"


def _head(servers: Servers, outcomes: Sequence[Outcome], request: Request | None) -> list[str]:
    at_hand = "the stream is over" if request is None else f"request {request.number} at hand"
    missed = sum(outcome.missed for outcome in outcomes)
    return [
        f"Stream    {format_s(servers.now_s)} on the clock · {at_hand}, {len(outcomes)} done, {missed} late"
    ]


def _backlog(servers: Servers) -> list[str]:
    load_s = servers.load_s
    if not load_s:
        return ["Backlog   none: all servers are idle"]
    most_s = max(load_s.values())
    lines = [f"Backlog   work left at {len(load_s)} servers"]
    for server, left_s in list(load_s.items())[:_SERVERS]:
        bar = "█" * max(1, round(_BAR * left_s / most_s))
        lines.append(f"  {' → '.join(server)[:_NAME]:<{_NAME}}  {bar:<{_BAR}}  {format_s(left_s)}")
    return lines


def _last(outcomes: Sequence[Outcome]) -> list[str]:
    lines = [f"Requests  the last {min(_OUTCOMES, len(outcomes))}"] if outcomes else []
    for outcome in outcomes[-_OUTCOMES:]:
        if outcome.served:
            what = (
                f"{format_s(outcome.delay_s)}, {format_s(outcome.delay_s - outcome.static_s)} of it waiting"
            )
        else:
            what = f"failed: {outcome.failure}"
        late = " · late" if outcome.missed else ""
        lines.append(f"  {outcome.number:>4} at {format_s(outcome.arrival_s):<10} {what}{late}")
    return lines
