"""What processes tell the one that watches them: a JSON object a line on their standard output."""

from __future__ import annotations

import json
import os
import threading
from typing import Any, Literal

Event = Literal["ready", "received", "processed", "sent", "pass_done", "done", "fault"]
WATCHED = "SATLLM_TESTBED_WATCHED"
"""Set in the environment where somebody reads what is told."""
_lock = threading.Lock()


def tell(event: Event, **facts: Any) -> None:
    """Write a message, if somebody reads; a pipe without reader ends the process soon anyway."""
    if os.environ.get(WATCHED) or event == "fault":
        line = json.dumps({"event": event, **facts}) + "\n"
        with _lock:
            os.write(1, line.encode())


def parse(line: bytes) -> dict[str, Any] | None:
    """A message, or None for a line that is none."""
    try:
        data = json.loads(line)
    except ValueError:
        return None
    return data if isinstance(data, dict) and isinstance(data.get("event"), str) else None
