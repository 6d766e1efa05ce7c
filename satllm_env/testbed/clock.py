"""How far the clocks of processes on several hosts are apart."""

from __future__ import annotations

import torch
import torch.distributed as dist

from satllm_env.testbed.shaping import clock_s

PINGS = 10


def offset_to_first_s(rank: int, size: int) -> float:
    """[s] to add to this process's `clock_s` to have the first process's.

    The quickest of some exchanges decides, its way there and back taken to be equally long (as in NTP,
    RFC 5905). On one machine the clocks are the same one, and the offset is below the exchange's time.
    """
    if rank == 0:
        for other in range(1, size):
            _answer(other)
        return 0.0
    return _ask()


def _answer(other: int) -> None:
    message = torch.zeros(1, dtype=torch.float64)
    for _ in range(PINGS):
        dist.recv(message, other)
        message[0] = clock_s()
        dist.send(message, other)


def _ask() -> float:
    message, exchanges = torch.zeros(1, dtype=torch.float64), []
    for _ in range(PINGS):
        sent_s = clock_s()
        dist.send(message, 0)
        dist.recv(message, 0)
        back_s = clock_s()
        exchanges.append((back_s - sent_s, float(message[0]) - (sent_s + back_s) / 2))
    round_trip_s, offset_s = min(exchanges)
    # below half a round trip nobody can tell the clocks apart
    return offset_s if abs(offset_s) > round_trip_s / 2 else 0.0
