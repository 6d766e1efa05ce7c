"""When links that the kernel shapes were busy, from when payloads were ready and when they had arrived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from satllm_env.testbed.stage import Span


def with_link_times(spans: Sequence[Sequence[Span]]) -> list[list[Span]]:
    """All visits' spans, those of links as the receivers saw them.

    A link is busy from when a payload is ready and the one before it has left, until its latency begins.

    Args:
        spans: by visit; `link` spans begin when the payload was ready.
    """
    out = []
    for of_visit, of_next in zip(spans, [*spans[1:], []], strict=True):
        left_s = {(span.run, span.micro_batch): span.start_s for span in of_next if span.part == "latency"}
        out.append(_seen(of_visit, left_s))
    return out


def _seen(spans: Sequence[Span], left_s: Mapping[tuple[int, int], float]) -> list[Span]:
    out, free_s, run = [], float("-inf"), -1
    for span in spans:
        if span.part != "link":
            out.append(span)
            continue
        free_s = free_s if span.run == run else float("-inf")
        start_s = max(span.start_s, free_s)
        end_s = max(start_s, left_s[span.run, span.micro_batch])
        out.append(span._replace(start_s=start_s, end_s=end_s))
        free_s, run = end_s, span.run
    return out
