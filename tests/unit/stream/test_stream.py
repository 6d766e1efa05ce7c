"""Tests of streams: what they draw, what changes over them, and what does not."""

import itertools

import numpy as np
import pytest

from planners import solve
from satllm_env.errors import InputError
from satllm_env.problem import dump_problem
from satllm_env.scenarios import Scenario, load_form
from satllm_env.scenarios.service import Service
from satllm_env.stream import OrbitWorld, Poisson, Stream, world_of
from satllm_env.stream.stream import check_limits
from tests.unit.envs.cases import PROBLEMS


def changed(name, **sections):
    """A world whose scenario has sections changed."""
    return OrbitWorld(Scenario(load_form(name).model_copy(update=sections), name))


def requests_of(stream, planner=None):
    """All requests of a stream, each admitted with a planner's plan if there is one."""
    found = []
    while (request := stream.next()) is not None:
        found.append(request)
        if planner is not None:
            stream.admit(solve(request.instance, planner, seed=request.number).plan)
    return found


def told(requests):
    """Arrivals and problems, to compare."""
    return [(request.arrival_s, dump_problem(request.instance.problem)) for request in requests]


@pytest.mark.parametrize("name", ["paper", "busy-ring", "walker-dense", "starlink-outages"])
def test_the_seed_decides(name):
    """Two streams of a seed are equal, another seed's is not, and a stream foresees itself."""
    world = world_of(name, None)
    make = lambda seed: Stream(world, Poisson(60.0), seed, num_requests=4)  # noqa: E731
    first = told(requests_of(make(1)))
    assert len(first) == 4
    assert told(requests_of(make(1))) == first
    assert told(requests_of(make(2))) != first
    if make(1).era.foreseeable:
        stream = make(1)
        assert told(stream.foreseen()) == first
        assert told(requests_of(stream)) == first


def test_plans_change_no_request():
    """Arrivals and requests are the same whoever plans."""
    world = world_of("paper", None)
    greedy, random = (
        told(requests_of(Stream(world, Poisson(60.0), 5, num_requests=5), planner))
        for planner in ("greedy", "random")
    )
    assert greedy == random


def test_satellites_stay_what_they_are():
    """Memory and full speed of a satellite are the same in every request that holds it."""
    form = load_form("busy-ring")
    requests = form.requests.model_copy(update={"models": form.requests.models[:1]})
    world = changed("busy-ring", power=None, requests=requests)
    known = {}
    for request in requests_of(Stream(world, Poisson(2.0), 3, num_requests=8)):
        for node in request.instance.problem.nodes:
            if node.kind == "satellite":
                assert known.setdefault(node.id, node) == node
    assert len(known) == 12


def test_links_change_with_the_orbit():
    """Over an orbit the satellites with a downlink and the rates change; links fail and come back."""
    service = Service(world_of("busy-ring", None).scenario, np.random.default_rng(0))
    contacts, down = [], []
    for t_s in np.arange(0.0, 5700.0, 60.0).tolist():
        snapshot = service.snapshot(t_s)
        ground = snapshot.ground
        contacts.append(frozenset(zip(ground.gid[ground.usable], ground.sat[ground.usable], strict=True)))
        down.append(~snapshot.isl.usable)
    assert len(set(contacts)) >= 4
    down = np.array(down)
    assert (down[:-1] & ~down[1:]).any()
    assert (~down[:-1] & down[1:]).any()
    assert down.mean() < 0.2


def test_outages_are_those_of_the_snapshots():
    """A link that is in an outage by its intervals is missing in the snapshot of that moment."""
    service = Service(world_of("busy-ring", None).scenario, np.random.default_rng(1))
    names = service.constellation.names
    pairs = service.snapshot(0.0).topology.pairs.tolist()
    seen = 0
    for a, b in pairs:
        for start_s, end_s in service.outages_s(names[a], names[b], 0.0, 3000.0).tolist():
            isl = service.snapshot(max(0.0, (start_s + end_s) / 2)).isl
            row = pairs.index([a, b])
            assert not isl.usable[row]
            seen += 1
    assert seen > 5


def test_eclipse_lowers_compute():
    """A satellite in the shadow computes in its lower mode, one in the Sun in its usual one."""
    form = load_form("busy-ring")
    power = form.power.model_copy(update={"battery": None})
    world = changed("busy-ring", power=power)
    watts = {True: set(), False: set()}
    for request in requests_of(Stream(world, Poisson(2.0), 0, num_requests=6)):
        for sunlit, power_w in zip(request.sunlit[:-1], request.posed.power_w[:-1], strict=True):
            watts[bool(sunlit)].add(float(power_w))
    assert watts == {True: {30.0, 50.0}, False: {15.0}}


def test_energy_is_drawn():
    """A request costs what its processors and transmitter take, and empties the batteries that much more."""
    power = load_form("busy-ring").power
    weak = power.battery.model_copy(update={"panel_w": 1e-6})  # so that no full battery turns energy away
    world = changed("busy-ring", power=power.model_copy(update={"battery": weak}))
    streams = [Stream(world, Poisson(60.0), 4, num_requests=2) for _ in range(2)]
    request = streams[0].next()
    streams[1].next()
    served = streams[0].admit(solve(request.instance).plan)
    stages = [taken for taken in served.admission.occupations if len(taken.server) == 1]
    posed, tables = request.posed, request.instance.tables
    compute_j = sum(
        tables.micro_batches * taken.resource.busy_s * posed.power_w[taken.resource.node] for taken in stages
    )
    assert served.energy_j == pytest.approx(compute_j, rel=0.05)
    assert served.energy_j > compute_j
    for stream in streams:
        stream.era.batteries.advance(served.admission.end_s + 1.0, np.full(12, 2))
    busy, idle = (stream.era.batteries.charge for stream in streams)
    drawn_wh = (idle - busy).sum() * 250
    assert drawn_wh * 3600 == pytest.approx(served.energy_j, rel=1e-6)


def test_batteries_make_requests_depend_on_plans():
    """Where a battery may lower compute, requests cannot be known beforehand, and the stream says so."""
    stream = Stream(world_of("busy-ring", None), Poisson(60.0), 4, num_requests=2)
    with pytest.raises(InputError, match=r"power\.battery"):
        list(stream.foreseen())


def test_limits():
    """A stream ends after a number of requests or a span of time, whichever comes first."""
    world = world_of(None, PROBLEMS / "tiny-ring.json")
    assert len(requests_of(Stream(world, Poisson(60.0), 0, num_requests=7))) == 7
    timed = requests_of(Stream(world, Poisson(60.0), 0, span_s=30.0))
    assert all(request.arrival_s <= 30 for request in timed)
    times = Poisson(60.0).times_s(np.random.default_rng((0, 0)))
    assert [r.arrival_s for r in timed] == list(itertools.takewhile(lambda t: t <= 30, times))
    assert len(requests_of(Stream(world, Poisson(60.0), 0, num_requests=2, span_s=30.0))) == 2
    assert len(requests_of(Stream(world, Poisson(60.0), 0, span_s=0.0))) == 1


@pytest.mark.parametrize(
    ("num_requests", "span_s", "words"),
    [
        (None, None, "at least one"),
        (0, None, "num_requests"),
        (True, None, "num_requests"),
        (2.5, None, "num_requests"),
        (None, -1.0, "span_s"),
        (None, True, "span_s"),
        (None, "60", "span_s"),
        (None, float("inf"), "span_s"),
        (None, float("nan"), "span_s"),
    ],
)
def test_wrong_limits(num_requests, span_s, words):
    """One line says which limit is out of range."""
    with pytest.raises(InputError, match=words):
        check_limits(num_requests, span_s)


def test_arrivals_that_nothing_can_serve():
    """Where no station is ever in sight, the stream says so and does not go on for ever."""
    form = load_form("paper")
    downlink = form.downlink.model_copy(update={"stations": ("Troll",), "min_elevation_deg": 89.9})
    world = changed("paper", downlink=downlink)
    stream = Stream(world, Poisson(600.0), 0, span_s=2.0)
    assert stream.next() is None
    assert stream.unserved > 5
