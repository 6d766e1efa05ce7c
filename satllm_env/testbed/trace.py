"""Runs as traces in the Chrome trace event format, which Perfetto and chrome://tracing open.

Format: "Trace Event Format", Google 2016. Times are microseconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from satllm_env.problem.instance import Floats
from satllm_env.testbed.run import Run

_S_TO_US = 1e6
PREDICTED = 1000
"""Added to a visit's number for the row of what the plan promises of it."""


def chrome_trace(run: Run, predicted: tuple[Floats, Floats]) -> str:
    """The measured pass of median delay, and beside it what the plan promises.

    Args:
        run: a run.
        predicted: (R, M) [s] starts and ends of the plan's schedule, by its resources.
    """
    events = [*_names(run), *_measured(run), *_predicted(run, predicted)]
    made = {"model": run.plan.instance.problem.model.name, "compute": run.job.compute}
    return json.dumps({"traceEvents": events, "displayTimeUnit": "ms", "otherData": made}) + "\n"


def _names(run: Run) -> Iterator[dict[str, Any]]:
    for number, visit in enumerate(run.job.visits):
        for shift, word in ((0, "measured"), (PREDICTED, "predicted")):
            pid = number + shift
            name = {"name": f"{word} {number}: {visit.title}"}
            yield {"ph": "M", "name": "process_name", "pid": pid, "tid": 0, "args": name}
            yield {"ph": "M", "name": "process_sort_index", "pid": pid, "tid": 0, "args": {"sort_index": pid}}
            yield {"ph": "M", "name": "thread_name", "pid": pid, "tid": 0, "args": {"name": "processor"}}
            if visit.hop is not None:
                link = {"name": f"link to {visit.hop.target}"}
                yield {"ph": "M", "name": "thread_name", "pid": pid, "tid": 1, "args": link}


def _measured(run: Run) -> Iterator[dict[str, Any]]:
    chosen = run.median_pass
    begin_s = min(span.start_s for spans in run.spans for span in spans if span.run == chosen)
    for number, spans in enumerate(run.spans):
        for span in (span for span in spans if span.run == chosen):
            start_s, end_s = span.start_s - begin_s, span.end_s - begin_s
            if span.part == "latency":  # told by the receiver; those of several micro-batches overlap
                yield from _flight(number - 1, span.micro_batch, start_s, end_s)
            elif span.part in ("busy", "link"):
                yield _slice(number, int(span.part == "link"), span.micro_batch, start_s, end_s)


def _predicted(run: Run, predicted: tuple[Floats, Floats]) -> Iterator[dict[str, Any]]:
    places = [
        (number, thread)
        for number, visit in enumerate(run.job.visits)
        for thread, there in ((0, visit.work), (1, visit.hop))
        if there is not None
    ]
    for (number, thread), starts_s, ends_s in zip(places, *predicted, strict=True):
        for micro_batch, (start_s, end_s) in enumerate(zip(starts_s, ends_s, strict=True)):
            yield _slice(number + PREDICTED, thread, micro_batch, float(start_s), float(end_s))


def _slice(pid: int, thread: int, micro_batch: int, start_s: float, end_s: float) -> dict[str, Any]:
    return {
        "ph": "X", "name": f"micro-batch {micro_batch}", "cat": "link" if thread else "stage", "pid": pid,
        "tid": thread, "ts": start_s * _S_TO_US, "dur": (end_s - start_s) * _S_TO_US,
    }  # fmt: skip


def _flight(pid: int, micro_batch: int, start_s: float, end_s: float) -> Iterator[dict[str, Any]]:
    shared = {"cat": "latency", "name": f"micro-batch {micro_batch} under way", "pid": pid, "tid": 1}
    for phase, at_s in (("b", start_s), ("e", end_s)):
        yield {**shared, "ph": phase, "id": f"{pid}-{micro_batch}", "ts": at_s * _S_TO_US}
