"""One process of the pipeline at work: a thread that receives, one that computes, two that send.

Receiver, processor, link and delay line work on different micro-batches at a time, as a satellite's radio
and processor do.
"""

from __future__ import annotations

import os
import queue
import signal
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from satllm_env.compression.codec import Codec
from satllm_env.errors import InputError
from satllm_env.testbed import wire
from satllm_env.testbed.job import Fault, Hop, Job, Visit
from satllm_env.testbed.messages import tell
from satllm_env.testbed.network import Array, StageNet
from satllm_env.testbed.shaping import TimedProcessor, TokenBucket, clock_s, wait_until
from satllm_env.testbed.transport import Incoming, Outgoing


class Span(NamedTuple):
    """Something a visit did for one micro-batch."""

    run: int
    micro_batch: int
    part: str
    """`busy` (a stage), `link`, `latency` (of the link before, told by the receiver), or `arrived` (at the
    destination)."""
    start_s: float
    end_s: float


class VisitError(RuntimeError):
    """A fault that a visit sees.

    Args:
        kind: `corrupt`, `slow`, `lost` (the neighbour is gone) or `failed`.
        problem: what is wrong.
        upstream: whether the link from the visit before is at fault.
    """

    def __init__(self, kind: str, problem: str, upstream: bool = False) -> None:
        self.kind, self.upstream = kind, upstream
        super().__init__(problem)


class _Item(NamedTuple):
    micro_batch: int
    ready_s: float
    body: bytes


@dataclass
class VisitRunner:
    """A visit's process.

    Args:
        job: what to do.
        number: of the visit.
        net: the stage's part of the network; None where nothing is computed.
        codecs: of incoming and outgoing payloads, by level and boundary.
        inputs: (items, B, …) where the pipeline begins.
        keep: told every result of the first pass, where the pipeline ends.
    """

    job: Job
    number: int
    net: StageNet | None
    codecs: Mapping[tuple[int, int], Codec]
    inputs: Array | None
    keep: Callable[[int, Array], None]
    spans: list[Span] = field(default_factory=list)
    bytes_sent: list[int] = field(default_factory=list)
    """[bytes] of each measured pass."""
    offset_s: float = 0.0
    """[s] to add to this process's time to have the first one's."""

    def __post_init__(self) -> None:
        """Nothing has been seen yet."""
        self.visit: Visit = self.job.visits[self.number]
        self.incoming: Hop | None = self.job.visits[self.number - 1].hop if self.number else None
        self._outputs: list[bytes] = []
        self._input_checksums: list[int] = []
        self._faults = {fault.kind: fault for fault in self.job.faults if fault.visit == self.number}

    def run_pass(self, run: int) -> None:
        """Take part in one pass over the batch; pass 0 computes the results, the others are measured.

        Raises:
            VisitError: something went wrong; the message says what.
        """
        one_pass = _Pass(self, run, self.job.items if run == 0 else self.job.micro_batches)
        one_pass.work()

    def fault(self, kind: str, run: int, micro_batch: int) -> Fault | None:
        """The fault that is due."""
        found = self._faults.get(kind)  # type: ignore[call-overload]
        return found if found and run == found.run and micro_batch >= found.micro_batch else None

    def process(self, body: bytes, run: int, micro_batch: int) -> bytes:
        """Decode, compute and encode; or, in a timed pass, what the first pass gave for the same input."""
        if run > 0 and self.job.compute == "timed":
            if self.incoming and zlib.crc32(body) != self._input_checksums[micro_batch]:
                raise VisitError("corrupt", f"micro-batch {micro_batch} differs between passes", True)
            return self._outputs[micro_batch]
        out = self._compute(body, micro_batch, run)
        if run == 0:
            self._input_checksums.append(zlib.crc32(body))
            self._outputs.append(out)
        return out

    def _compute(self, body: bytes, micro_batch: int, run: int) -> bytes:
        hop = self.visit.hop
        if self.net is None:
            if hop is None and run == 0:
                self._keep(micro_batch, wire.to_array(self._form(self.incoming), body))
            return body
        values = self.net(self._decode(body, micro_batch))
        if hop is None:
            self._check_result(micro_batch, values, run)
            return values.tobytes()
        if not hop.level:
            return values.tobytes()
        return self.codecs[hop.level, hop.boundary].encode(values.astype(np.float32), hop.boundary)

    def _check_result(self, micro_batch: int, values: Array, run: int) -> None:
        if run == 0:
            self._keep(micro_batch, values)
        elif values.tobytes() != self._outputs[micro_batch]:
            raise VisitError("failed", f"the result of micro-batch {micro_batch} differs between passes")

    def _keep(self, micro_batch: int, values: Array) -> None:
        self.keep(micro_batch, values)

    def _decode(self, body: bytes, micro_batch: int) -> Array:
        if self.incoming is None:
            assert self.inputs is not None
            micro_batch_values: Array = self.inputs[micro_batch]
            return micro_batch_values
        form = self._form(self.incoming)
        if not form.level:
            return wire.to_array(form, body)
        try:
            decoded = self.codecs[form.level, form.boundary].decode(body)
        except InputError as error:
            raise VisitError("corrupt", str(error), True) from None
        values: Array = np.asarray(decoded)
        if values.shape != form.shape:
            raise VisitError("corrupt", f"decodes to {values.shape} where {form.shape} is due", True)
        return values

    def _form(self, hop: Hop | None) -> wire.Form:
        assert hop is not None
        return self.job.form_at(hop.boundary, hop.level)


class _Pass:
    """One pass of one visit.

    Args:
        runner: the visit.
        run: number of the pass.
        count: micro-batches.
    """

    def __init__(self, runner: VisitRunner, run: int, count: int) -> None:
        self.runner, self.run, self.count = runner, run, count
        self.job, self.visit = runner.job, runner.visit
        self.arrived: queue.Queue[_Item | None] = queue.Queue()
        self.processed: queue.Queue[_Item | None] = queue.Queue()
        self.on_link: queue.Queue[_Item | None] = queue.Queue()
        self.measured = run > 0
        self.late_s = 0.0
        self.bytes_sent = 0
        self.errors: list[VisitError] = []
        self.failed = threading.Event()

    def work(self) -> None:
        """Run all threads to the end.

        Raises:
            VisitError: one of them failed.
        """
        steps = [self._process] if self.visit.hop is None else [self._process, self._occupy, self._deliver]
        threads = [
            threading.Thread(target=self._guarded, args=(step,), daemon=True)
            for step in (self._receive, *steps)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive() and not self.failed.is_set():
                thread.join(0.1)
        if self.errors:
            raise self.errors[0]
        self.runner.bytes_sent += [self.bytes_sent] if self.measured else []

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except VisitError as error:  # handed to the thread that waits
            self.errors.append(error)
        except Exception as error:  # neighbours that are gone are told apart where they are called
            words = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
            self.errors.append(VisitError("failed", words))
        finally:
            if self.errors:
                self.failed.set()

    def _receive(self) -> None:
        hop = self.runner.incoming
        if hop is None:
            now_s = clock_s()
            for number in range(self.count):
                self.arrived.put(_Item(number, now_s, b""))
            return
        form, way = self.job.form_at(hop.boundary, hop.level), Incoming(self.runner.number - 1)
        for number in range(self.count):
            try:
                header, body = way.receive(form, self.run, number)
            except wire.WireError as error:
                raise VisitError("corrupt", f"micro-batch {number} {error}", True) from None
            except RuntimeError as error:
                raise VisitError("lost", f"the process before is gone: {error}", True) from None
            self.arrived.put(_Item(number, self._through_s(hop, number, header.due_s), body))
            tell("received", visit=self.runner.number, run=self.run, micro_batch=number)

    def _through_s(self, hop: Hop, micro_batch: int, due_s: float) -> float:
        """[s] when what has just arrived is through its emulated link."""
        got_s = clock_s()
        if not self.measured:
            return got_s
        left_s = due_s - self.runner.offset_s - hop.latency_s
        if self.job.links != "sender":
            left_s = got_s - (hop.latency_s if self.job.links == "tc" else 0.0)
        through_s = max(got_s, left_s + hop.latency_s)
        self._note(micro_batch, "latency", left_s, through_s)
        return through_s

    def _process(self) -> None:
        processor = TimedProcessor()
        for _ in range(self.count):
            item = self.arrived.get()
            assert item is not None
            start_s, end_s, out = self._serve(processor, item)
            if self.visit.work is not None:
                self._note(item.micro_batch, "busy", start_s, clock_s())
            elif self.visit.hop is None:
                self._note(item.micro_batch, "arrived", item.ready_s, clock_s())
            self.processed.put(_Item(item.micro_batch, end_s, out))
            tell("processed", visit=self.runner.number, run=self.run, micro_batch=item.micro_batch)

    def _serve(self, processor: TimedProcessor, item: _Item) -> tuple[float, float, bytes]:
        """[s] start and end of a stage's time on a micro-batch, and what it gives."""
        wait_until(item.ready_s)  # what is not through its link yet is not touched
        work, begun_s = self.visit.work, clock_s()
        self._break_down(item.micro_batch)
        if work is None:
            out = self._plain_output(item)
            return item.ready_s, item.ready_s, out
        out = self.runner.process(item.body, self.run, item.micro_batch)
        start_s, end_s = begun_s, clock_s()
        if self.measured and self.job.compute == "timed":
            start_s, end_s = processor.serve(item.ready_s, work.busy_s)
        elif self.measured:
            end_s = begun_s + (end_s - begun_s) * work.slow_down
            wait_until(end_s)
        due_s = work.busy_s if self.measured else self.job.unshaped_s(work)
        self._check_lateness(clock_s() - begun_s, due_s)
        return start_s, end_s, out

    def _plain_output(self, item: _Item) -> bytes:
        """What a relay passes on: the payload, or the input where the pipeline begins."""
        if self.runner.incoming is None:
            assert self.runner.inputs is not None
            raw: bytes = self.runner.inputs[item.micro_batch].tobytes()
            return raw
        return self.runner.process(item.body, self.run, item.micro_batch)

    def _break_down(self, micro_batch: int) -> None:
        """Die or dawdle, where that is asked for."""
        if self.runner.fault("kill", self.run, micro_batch):
            os.kill(os.getpid(), signal.SIGKILL)
        if slow := self.runner.fault("slow", self.run, micro_batch):
            wait_until(clock_s() + slow.seconds)

    def _check_lateness(self, took_s: float, due_s: float) -> None:
        """Complain once a stage has kept the batch for far longer than it should."""
        self.late_s += max(0.0, took_s - due_s)
        if self.late_s > self.job.patience_s:
            raise VisitError("slow", f"is {self.late_s:.3g} s behind the plan")

    def _occupy(self) -> None:
        """The link's rate."""
        hop = self.visit.hop
        assert hop is not None
        own = self.measured and self.job.links == "sender"
        bucket = TokenBucket(hop.rate_bps if own else None)
        for _ in range(self.count):
            item = self.processed.get()
            assert item is not None
            start_s, end_s = bucket.take(item.ready_s, hop.byte_scale * len(item.body))
            wait_until(end_s)
            self.bytes_sent += len(item.body)
            self._note(item.micro_batch, "link", start_s, clock_s())
            self.on_link.put(_Item(item.micro_batch, end_s, item.body))

    def _deliver(self) -> None:
        """The real transfer: a part of the link's latency, for the rest of which the other end waits."""
        hop = self.visit.hop
        assert hop is not None
        own = self.measured and self.job.links == "sender"
        way, form = Outgoing(self.runner.number + 1), self.job.form_at(hop.boundary, hop.level)
        for _ in range(self.count):
            item = self.on_link.get()
            assert item is not None
            due_s = clock_s() + hop.latency_s + self.runner.offset_s if own else 0.0
            header = wire.pack_header(form, self.run, item.micro_batch, item.body, due_s)
            if not self.runner.fault("cut", self.run, item.micro_batch):
                try:
                    way.send(header, self._harmed(item))
                except RuntimeError as error:
                    raise VisitError("lost", f"the process behind is gone: {error}") from None
            tell("sent", visit=self.runner.number, run=self.run, micro_batch=item.micro_batch)

    def _harmed(self, item: _Item) -> bytes:
        """The body, one bit of it flipped where that is asked for."""
        if not self.runner.fault("corrupt", self.run, item.micro_batch) or not item.body:
            return item.body
        middle = len(item.body) // 2
        return item.body[:middle] + bytes([item.body[middle] ^ 1]) + item.body[middle + 1 :]

    def _note(self, micro_batch: int, part: str, start_s: float, end_s: float) -> None:
        if self.measured:
            self.runner.spans.append(Span(self.run, micro_batch, part, start_s, end_s))
