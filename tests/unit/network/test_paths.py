import itertools

import networkx as nx
import numpy as np
import pytest

from satllm_env.errors import InputError
from satllm_env.network import Walker, default_stations, walker_network
from satllm_env.network.paths import hops_from, latency_graph, shortest_paths

STATIONS = default_stations()[:6]


@pytest.fixture(scope="module", params=[(550.0, 144, 12, 1), (500.0, 40, 8, 3)])
def shot(request):
    """A dense grid, and one in which few neighbours see each other."""
    altitude_km, total, planes, phasing = request.param
    return walker_network(Walker(altitude_km, 53, total, planes, phasing), stations=STATIONS).snapshot(77.0)


def as_networkx(shot):
    """The usable links, written out one by one."""
    graph = nx.DiGraph()
    satellites = len(shot.itrs_km)
    graph.add_nodes_from(range(satellites + len(STATIONS)))
    for row in np.flatnonzero(shot.isl.rate_bps > 0):
        a, b = int(shot.isl.a[row]), int(shot.isl.b[row])
        graph.add_edge(a, b, weight=shot.isl.latency_s[row])
        graph.add_edge(b, a, weight=shot.isl.latency_s[row])
    for row in np.flatnonzero(shot.ground.rate_bps > 0):
        end = satellites + int(shot.ground.gid[row])
        graph.add_edge(int(shot.ground.sat[row]), end, weight=shot.ground.latency_s[row])
    return graph


@pytest.mark.parametrize("source", [0, 17])
def test_paths_agree_with_networkx(shot, source: int):
    """Every latency is that of another library's Dijkstra, and every way adds up to its latency."""
    graph = latency_graph(shot, len(STATIONS))
    paths = shortest_paths(graph, source)
    expected = nx.single_source_dijkstra_path_length(as_networkx(shot), source)
    reached = np.flatnonzero(np.isfinite(paths.latency_s))
    assert set(reached.tolist()) == set(expected)
    for node in reached.tolist():
        way = paths.way(node)
        assert (way[0], way[-1]) == (source, node)
        assert sum(graph[a, b] for a, b in itertools.pairwise(way)) == pytest.approx(expected[node])
        assert paths.latency_s[node] == pytest.approx(expected[node])


def test_the_ground_relays_nothing(shot):
    """Stations are reached from above and lead nowhere."""
    graph = latency_graph(shot, len(STATIONS))
    satellites = len(shot.itrs_km)
    assert graph[[satellites + gid for gid in range(len(STATIONS))]].nnz == 0
    from_station = shortest_paths(graph, satellites)
    assert np.isfinite(from_station.latency_s).sum() == 1


def test_a_node_out_of_reach_has_no_way(shot):
    """No way leads from a station to a satellite."""
    graph = latency_graph(shot, 1)
    assert shortest_paths(graph, len(shot.itrs_km)).way(0) == []


def test_hops_agree_with_networkx(shot):
    """Hops are counted from the nearest start, as another library counts them."""
    graph, starts = latency_graph(shot), [3, 20]
    by_start = [nx.single_source_shortest_path_length(as_networkx(shot), start) for start in starts]
    expected = [
        min((lengths[node] for lengths in by_start if node in lengths), default=-1)
        for node in range(len(shot.itrs_km))
    ]
    assert hops_from(graph, starts).tolist() == expected


def test_an_unknown_source_is_refused(shot):
    """The error says how nodes are numbered."""
    with pytest.raises(InputError, match="numbered 0 to"):
        shortest_paths(latency_graph(shot), -1)
