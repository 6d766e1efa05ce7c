"""What holds for every topology."""

from __future__ import annotations

from satllm_env.network import Topology


def links(topology: Topology) -> set[tuple[int, int]]:
    """Links as sorted pairs."""
    return {(min(pair), max(pair)) for pair in topology.pairs.tolist()}


def check_tables(topology: Topology) -> None:
    """Pairs and slots tell the same story, once."""
    assert len(links(topology)) == len(topology.pairs)
    assert (topology.pairs[:, 0] != topology.pairs[:, 1]).all()
    behind = set()
    for satellite, (row, rows) in enumerate(zip(topology.slot_neighbours, topology.slot_links, strict=True)):
        present = row[row >= 0].tolist()
        assert len(set(present)) == len(present)
        assert ((row < 0) == (rows < 0)).all()
        for neighbour, link in zip(row.tolist(), rows.tolist(), strict=True):
            if link >= 0:
                assert set(topology.pairs[link].tolist()) == {satellite, neighbour}
                behind.add((satellite, neighbour))
    assert behind == {(a, b) for pair in links(topology) for a, b in (pair, pair[::-1])}
