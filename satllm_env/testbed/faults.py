"""Faults by their description: `kill:NODE@3`, `slow:NODE@3=5`, `cut:FROM>TO@1:3`, `corrupt:FROM>TO`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from satllm_env.errors import InputError
from satllm_env.testbed.job import Fault, Visit

_FORM = re.compile(
    r"(kill|slow|cut|corrupt):([^@=>]+)(?:>([^@=>]+))?(?:@(?:(\d+):)?(\d+))?(?:=(\d+(?:\.\d+)?))?"
)


def parse_fault(text: str, visits: Sequence[Visit], slow_s: float) -> Fault:
    """The fault that a description asks for.

    Args:
        text: the description; `@` is the first micro-batch that it strikes, 0 by default, or pass and
            micro-batch, `=` the seconds that a slow stage takes longer for each.
        visits: of the job.
        slow_s: [s] the default for that.

    Raises:
        InputError: the description is none, or its node or link is not on the plan's way.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        words = (
            f"{text!r} is none of kill:NODE, slow:NODE=SECONDS, cut:FROM>TO, corrupt:FROM>TO, each with @N "
            "or @PASS:N"
        )
        raise InputError("--fault", "", words)
    kind, node, target, run, micro_batch, seconds = match.groups()
    if (kind in ("cut", "corrupt")) != (target is not None) or (seconds and kind != "slow"):
        raise InputError("--fault", "", f"{text!r}: kill and slow name a node, cut and corrupt FROM>TO")
    visit = _visit(visits, node, target, text)
    longer_s = float(seconds or slow_s) if kind == "slow" else 0.0
    return Fault(
        kind=kind, visit=visit, run=int(run or 0), micro_batch=int(micro_batch or 0), seconds=longer_s
    )


def _visit(visits: Sequence[Visit], node: str, target: str | None, text: str) -> int:
    """Where on the way; a node's stage goes before its relays."""
    there = [n for n, visit in enumerate(visits) if visit.node == node]
    if target is not None:
        there = [n for n in there if (hop := visits[n].hop) is not None and hop.target == target]
    if not there:
        way = ", ".join(visit.node for visit in visits)
        raise InputError("--fault", "", f"{text!r} is not on the plan's way: {way}")
    return min(there, key=lambda n: visits[n].work is None)
