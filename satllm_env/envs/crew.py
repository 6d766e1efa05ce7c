"""Threads that share the walks of a vector environment: compiled loops leave the interpreter free."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

FEWEST_WALKS = 64
"""Walks worth a thread of their own."""

Work = Callable[[int, int, int], object]
"""Takes the number of the part, its first walk, and the one after its last."""


class Crew:
    """Does the parts of a loop over walks side by side; the result is the same for any number of threads.

    Threads are started when they are first needed, anew in a process that was forked.

    Args:
        num_threads: parts at most, at least one.
        num_walks: walks in all.
    """

    def __init__(self, num_threads: int, num_walks: int) -> None:
        self.num_parts = max(1, min(num_threads, num_walks // FEWEST_WALKS))
        bounds = [part * num_walks // self.num_parts for part in range(self.num_parts + 1)]
        self._parts = list(zip(range(self.num_parts), bounds[:-1], bounds[1:], strict=True))
        self._threads: ThreadPoolExecutor | None = None
        self._process = 0

    def run(self, work: Work) -> None:
        """Do all parts and wait for them."""
        if self.num_parts == 1:
            work(*self._parts[0])
            return
        if self._threads is None or self._process != os.getpid():
            self._threads = ThreadPoolExecutor(self.num_parts - 1, "satllm-walks")
            self._process = os.getpid()
        waiting = [self._threads.submit(work, *part) for part in self._parts[1:]]
        work(*self._parts[0])
        for part in waiting:
            part.result()

    def close(self) -> None:
        """Let the threads end."""
        if self._threads is not None and self._process == os.getpid():
            self._threads.shutdown()
        self._threads = None

    def __getstate__(self) -> dict[str, Any]:
        """Copies and pickles start threads of their own."""
        return {**self.__dict__, "_threads": None}
