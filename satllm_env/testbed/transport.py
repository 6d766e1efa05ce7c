"""Payloads between neighbours over `torch.distributed` with gloo: bytes only."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import torch
import torch.distributed as dist

from satllm_env.testbed import wire

START_S = 300.0
"""[s] that processes wait for each other to start."""


def join(store: str | None, rank: int, size: int) -> None:
    """Meet the other processes.

    Args:
        store: file that they meet at, on one machine; None is by torchrun's environment.
        rank: of this process.
        size: number of processes.
    """
    method = "env://" if store is None else f"file://{store}"
    patience = timedelta(seconds=START_S)
    dist.init_process_group("gloo", init_method=method, rank=rank, world_size=size, timeout=patience)


def leave() -> None:
    """Part in peace."""
    dist.destroy_process_group()


def meet() -> None:
    """Return once every process has called this."""
    dist.barrier()


class Outgoing:
    """The way to the next process.

    Args:
        target: its rank.
    """

    def __init__(self, target: int) -> None:
        self._target = target

    def send(self, header: bytes, body: bytes) -> None:
        """Send a payload; returns once the other end takes it.

        Raises:
            RuntimeError: the other end is gone.
        """
        dist.send(_tensor(header), self._target)
        if body:
            dist.send(_tensor(body), self._target)


class Incoming:
    """The way from the process before.

    Args:
        source: its rank.
    """

    def __init__(self, source: int) -> None:
        self._source = source

    def receive(self, form: wire.Form, run: int, micro_batch: int) -> tuple[wire.Header, bytes]:
        """Header and body of the next payload, checked.

        Raises:
            WireError: it is damaged or not the one that is due.
            RuntimeError: the other end is gone.
        """
        header = wire.parse_header(self._bytes(wire.HEADER_BYTES), form, run, micro_batch)
        body = self._bytes(header.length) if header.length else b""
        wire.check_body(header, body)
        return header, body

    def _bytes(self, count: int) -> bytes:
        tensor = torch.empty(count, dtype=torch.uint8)
        dist.recv(tensor, self._source)
        return tensor.numpy().tobytes()


def _tensor(data: bytes) -> torch.Tensor:
    return torch.from_numpy(np.frombuffer(bytearray(data), dtype=np.uint8))
