"""How many threads the networks run on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_network_thread() -> Iterator[None]:
    """Some hundred rows are soon done, while threads that spin for a busy core take far longer."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
