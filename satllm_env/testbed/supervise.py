"""Start a job's processes, watch them, and end them all: well, or with an error that names the culprit."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from satllm_env.testbed import transport
from satllm_env.testbed.job import Job
from satllm_env.testbed.messages import WATCHED, parse
from satllm_env.testbed.namespaces import Namespaces, NoNamespaces
from satllm_env.testbed.network import Array

GRACE_S = 0.5
"""[s] that a fault is given for its cause to be told, too: what falls over first is not always it."""
_POLL_S = 0.05

FaultFound = Literal["killed", "failed", "corrupt", "slow", "stuck", "cut", "lost"]
_ROOTS: tuple[FaultFound, ...] = ("killed", "corrupt", "slow", "failed", "cut", "stuck", "lost")
"""Kinds of faults: each may be what those behind it follow from."""


class PipelineError(RuntimeError):
    """A run that did not end well.

    Args:
        kind: of the fault.
        problem: what is wrong, in words that name the stage and the link.
        node: the node at fault, if it is one.
        link: the nodes at the ends of the link at fault, if it is one.
    """

    def __init__(
        self, kind: FaultFound, problem: str, node: str | None = None, link: tuple[str, str] | None = None
    ) -> None:
        self.kind, self.node, self.link = kind, node, link
        self.results: dict[int, Array] = {}
        """Results that were reached before, by micro-batch."""
        super().__init__(" ".join(problem.split()))


@dataclass
class _Progress:
    """Micro-batches that one visit has done in the pass it is in."""

    run: int = -1
    received: int = 0
    processed: int = 0
    sent: int = 0

    def count(self, event: str, run: int) -> None:
        if run != self.run:
            self.run, self.received, self.processed, self.sent = run, 0, 0, 0
        if hasattr(self, event):
            setattr(self, event, getattr(self, event) + 1)


class Supervisor:
    """The watch over one job's processes.

    Args:
        folder: the job's.
        job: what to run.
        tick: told the number of micro-batches that have reached the destination, of all passes.
    """

    def __init__(self, folder: Path, job: Job, tick: Callable[[int], None] | None = None) -> None:
        self.folder, self.job, self.tick = folder, job, tick
        self.processes: list[subprocess.Popen[bytes]] = []
        self.messages: queue.Queue[dict[str, Any]] = queue.Queue()
        self.progress = [_Progress() for _ in job.visits]
        self.ready: set[int] = set()
        self.done: set[int] = set()
        self.faults: list[dict[str, Any]] = []
        self.last_s = time.monotonic()

    def run(self) -> None:
        """Run the job to its end; no process is left in any case.

        Raises:
            PipelineError: it did not end well.
        """
        with Namespaces(self.job) if self.job.links != "sender" else NoNamespaces() as places:
            self._run(places)

    def _run(self, places: NoNamespaces) -> None:
        try:
            for number in range(len(self.job.visits)):
                self._start(number, places)
            self.last_s = time.monotonic()
            while any(process.poll() is None for process in self.processes):
                self._read()
                self._check()
            self._read()
            self._check()
            missing = [v.title for n, v in enumerate(self.job.visits) if n not in self.done]
            if missing:
                raise PipelineError("failed", f"{missing[0]} ended before its work was done")
        finally:
            self._end_all()

    def _start(self, number: int, places: NoNamespaces) -> None:
        environment = {
            **os.environ, WATCHED: str(os.getpid()), "RANK": str(number), "LOCAL_RANK": str(number),
            "WORLD_SIZE": str(len(self.job.visits)), "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
            **places.environment(),
        }  # fmt: skip
        worker = [sys.executable, "-m", "satllm_env.testbed.worker"]
        with (self.folder / f"stderr-{number}.txt").open("wb") as errors:
            process = subprocess.Popen(
                [*places.command(number), *worker, str(self.folder)],
                env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
            )  # fmt: skip
        self.processes.append(process)
        threading.Thread(target=self._listen, args=(process,), daemon=True).start()

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                if (message := parse(line)) is not None:
                    self.messages.put(message)

    def _read(self) -> None:
        """Take in what has been told."""
        try:
            message = self.messages.get(timeout=_POLL_S)
        except queue.Empty:
            return
        while True:
            self._note(message)
            try:
                message = self.messages.get_nowait()
            except queue.Empty:
                return

    def _note(self, message: dict[str, Any]) -> None:
        self.last_s = time.monotonic()
        event, visit = message["event"], int(message["visit"])
        if event == "fault":
            self.faults.append(message)
        elif event == "ready":
            self.ready.add(visit)
        elif event == "done":
            self.done.add(visit)
        else:
            self.progress[visit].count(event, int(message["run"]))
            if self.tick and event == "processed" and visit == len(self.job.visits) - 1:
                self.tick(1)

    def _check(self) -> None:
        """Look for faults; the one that the others follow from is raised."""
        dead = [n for n, process in enumerate(self.processes) if process.poll() not in (None, 0)]
        if self.faults or dead:
            self._gather()
            raise self._root()
        if self._silent_s() > self._patience_s():
            raise self._stall()

    def _silent_s(self) -> float:
        return time.monotonic() - self.last_s

    def _patience_s(self) -> float:
        if len(self.ready) < len(self.job.visits):
            return transport.START_S
        return self.job.patience_s + self.job.longest_s

    def _gather(self) -> None:
        """Wait a little for what else is told."""
        end_s = time.monotonic() + GRACE_S
        while time.monotonic() < end_s:
            self._read()

    def _root(self) -> PipelineError:
        found = [self._killed(n, p.returncode) for n, p in enumerate(self.processes) if (p.poll() or 0) < 0]
        found += [self._told(fault) for fault in self.faults]
        told = {int(fault["visit"]) for fault in self.faults}
        codes = [(n, process.poll()) for n, process in enumerate(self.processes)]
        found += [self._crashed(n) for n, code in codes if code is not None and code > 0 and n not in told]
        return min(found, key=lambda error: _ROOTS.index(error.kind))

    def _killed(self, number: int, code: int) -> PipelineError:
        visit = self.job.visits[number]
        name = signal.Signals(-code).name
        problem = f"stage {number} on {visit.title} was ended by {name}{self._neighbours(number)}"
        return PipelineError("killed", problem, node=visit.node)

    def _crashed(self, number: int) -> PipelineError:
        lines = (self.folder / f"stderr-{number}.txt").read_text(errors="replace").strip().splitlines()
        reason = lines[-1] if lines else "it said nothing"
        visit = self.job.visits[number]
        return PipelineError("failed", f"stage {number} on {visit.title} failed: {reason}", node=visit.node)

    def _told(self, fault: dict[str, Any]) -> PipelineError:
        number, kind, problem = int(fault["visit"]), fault["kind"], fault["problem"]
        visit = self.job.visits[number]
        if fault["upstream"]:
            before = self.job.visits[number - 1].node
            words = (
                f"the payload on link {before} to {visit.node} (stage {number - 1} to {number}): {problem}"
            )
            return PipelineError(kind, words, link=(before, visit.node))
        where = self._neighbours(number)
        return PipelineError(kind, f"stage {number} on {visit.title}: {problem}{where}", node=visit.node)

    def _stall(self) -> PipelineError:
        """Who holds the batch up: the first place that has taken more than it gave."""
        behind_s = f"nothing has moved for {self._silent_s():.3g} s"
        if len(self.ready) < len(self.job.visits):
            number = min(set(range(len(self.job.visits))) - self.ready)
            title = self.job.visits[number].title
            return PipelineError("stuck", f"stage {number} on {title} has not started: {behind_s}")
        run = min(progress.run for progress in self.progress)
        for number, visit in enumerate(self.job.visits):
            here = self.progress[number]
            if number and self._sent(number - 1, run) > self._received(number, run):
                before = self.job.visits[number - 1].node
                words = (
                    f"link {before} to {visit.node} (stage {number - 1} to {number}) has lost micro-batch "
                    f"{self._received(number, run)}: {behind_s}"
                )
                return PipelineError("cut", words, link=(before, visit.node))
            taken = self._received(number, run) if number else self._total(run)
            given = here.processed if here.run == run else (self._total(run) if here.run > run else 0)
            if taken > given:
                words = f"stage {number} on {visit.title} holds micro-batch {given}: {behind_s}"
                return PipelineError("slow", words + self._neighbours(number), node=visit.node)
        return PipelineError("stuck", f"the pipeline stands still: {behind_s}")

    def _sent(self, number: int, run: int) -> int:
        return self._count(number, run, "sent")

    def _received(self, number: int, run: int) -> int:
        return self._count(number, run, "received")

    def _count(self, number: int, run: int, event: str) -> int:
        progress = self.progress[number]
        if progress.run == run:
            return int(getattr(progress, event))
        return self._total(run) if progress.run > run else 0

    def _total(self, run: int) -> int:
        return self.job.items if run == 0 else self.job.micro_batches

    def _neighbours(self, number: int) -> str:
        """The links of a visit, for messages."""
        near = range(max(0, number - 1), min(number + 2, len(self.job.visits)))
        ends = [self.job.visits[n].node for n in near]
        return f" (on the way {' to '.join(ends)})"

    def _end_all(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
        for process in self.processes:
            process.wait()
