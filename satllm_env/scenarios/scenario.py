"""Scenarios: seeded families of problems over a simulated constellation."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from operator import index
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from satllm_env.compression.profile_form import CompressionProfile
from satllm_env.errors import InputError
from satllm_env.hardware.boards import board, effective_flops
from satllm_env.network import hops_from, snapshot_links
from satllm_env.network.geodetic import geodetic
from satllm_env.problem import Instance, Problem
from satllm_env.problem.reachability import finishable
from satllm_env.problem.schema import Link, Node, first_error
from satllm_env.scenarios.form import Orbits, ScenarioForm, draw, load_form, pick, scenario_names
from satllm_env.scenarios.power import powered
from satllm_env.scenarios.requests import Request, RequestSampler
from satllm_env.scenarios.sample import Place, Sample
from satllm_env.scenarios.sites import Site, SiteSampler, shortest_way

ATTEMPTS = 1_000
"""Requests drawn before a scenario is taken to have no problem that could be solved."""

GRID_SLOTS = 4
"""In-plane fore and aft, cross-plane left and right."""


class Scenario:
    """A scenario file made ready to be sampled.

    Args:
        form: the checked file.
        source: where it came from, to name in errors.

    Raises:
        InputError: a name in it is unknown, or its parts do not fit together.
    """

    num_slots = GRID_SLOTS + 1

    def __init__(self, form: ScenarioForm, source: str) -> None:
        self.form, self.source = form, source
        self.requests = RequestSampler(form.requests, form.compression, source)
        self.sites = SiteSampler(form, source)
        self.num_levels = max(len(profile.levels(1)) for profile in self.profiles)
        self._check_compute()

    @property
    def name(self) -> str:
        """The scenario's name."""
        return self.form.name

    @property
    def sha256(self) -> str:
        """Of what its file says, defaults included."""
        data = json.dumps(self.form.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(data.encode()).hexdigest()

    @property
    def profiles(self) -> tuple[CompressionProfile, ...]:
        """The compression profiles of its models, each once."""
        return tuple({profile.name: profile for profile in self.requests.profiles}.values())

    @property
    def max_nodes(self) -> int:
        """No request has more nodes: the satellites within reach of a source, and the station."""
        satellites, hops = len(self.sites.network.constellation), self.form.requests.reach_hops
        return 1 + (satellites if hops is None else min(satellites, _most_within(hops, self.form.orbits)))

    @property
    def max_links(self) -> int:
        """No request has more links: every slot of every satellite."""
        return (self.max_nodes - 1) * self.num_slots

    def sample(self, rng: np.random.Generator | int) -> Sample:
        """Draw a request that could be served as far as reachability under memory tells.

        Args:
            rng: a generator, or a seed for a new one.

        Raises:
            InputError: none of very many draws could be served, or the seed is not a whole number ≥ 0.
        """
        generator = _generator(rng)
        for _ in range(ATTEMPTS):
            sample = self._draw(generator)
            if can_finish(sample.instance):
                return sample
        raise InputError(self.source, "", f"none of {ATTEMPTS} requests drawn could be served")

    def _draw(self, rng: np.random.Generator) -> Sample:
        site = self.sites.sample(rng)
        with self.naming_itself():
            return self._build(rng, site, self.requests.sample(rng))

    @contextmanager
    def naming_itself(self) -> Iterator[None]:
        """Say that a request that breaks the problem's form was drawn from this scenario.

        Raises:
            InputError: it was.
        """
        try:
            yield
            return
        except ValidationError as error:
            cause = first_error(error, "problem")
        except InputError as error:
            cause = error
        raise InputError(self.source, "", f"a request drawn from it is out of range: {cause}")

    def _check_compute(self) -> None:
        compute, ground = self.form.compute, self.form.ground
        names = [(f"compute.boards[{i}]", name) for i, name in enumerate(compute.boards)]
        modes = {} if self.form.power is None else self.form.power.lower_modes
        names += [(f"power.lower_modes.{usual}", name) for usual, name in modes.items()]
        for usual in modes:
            if usual not in compute.boards:
                problem = f"is none of compute.boards ({', '.join(compute.boards)})"
                raise InputError(self.source, f"power.lower_modes.{usual}", problem)
        for field, name in [*names, ("ground.board", ground.board)]:
            try:
                board(name)
            except InputError as error:
                raise InputError(self.source, field, str(error)) from None
        hops = self.form.requests.hops_from_downlink
        farthest = max(hops) if isinstance(hops, tuple) else hops
        counts = compute.satellites
        fewest = min(counts) if isinstance(counts, tuple) else counts
        if fewest is not None and fewest < farthest + 1:
            problem = f"{fewest} cannot hold the way over {farthest} hops to the downlink"
            raise InputError(self.source, "compute.satellites", problem)

    def _build(self, rng: np.random.Generator, site: Site, request: Request) -> Sample:
        power, network = self.form.power, self.sites.network
        return self.build(
            rng,
            site,
            request,
            draw_luck(rng, len(site.hops)),
            lambda usual: usual if power is None else powered(power, network, site, usual),
        )

    def build(
        self,
        rng: np.random.Generator,
        site: Site,
        request: Request,
        luck: list[Luck],
        modes_of: Callable[[dict[int, str]], dict[int, str]],
        downlink_bps: float | None = None,
    ) -> Sample:
        """The problem of a request at a site.

        Args:
            rng: draws what the scenario draws for each request.
            site: where and when.
            request: what is asked.
            luck: (S,) what decides what each satellite is like.
            modes_of: the power modes that satellites compute in, from their usual boards, by number.
            downlink_bps: [bit/s] in place of a rate that the scenario would draw.
        """
        satellites = self._within_reach(site)
        computing = self._computing(rng, site, satellites, luck)
        boards = modes_of({n: self.usual_board(luck[n]) for n in satellites if n in computing})
        names = self.sites.network.constellation.names
        ids = {number: names[number] for number in satellites}
        station = self.sites.network.stations[site.gid]
        nodes = [
            self._satellite(luck[n], ids[n], boards[n], request)
            if n in boards
            else Node(id=ids[n], kind="satellite")
            for n in satellites
        ]
        problem = Problem(
            model=request.model,
            nodes=(*nodes, self._ground(station.name, request)),
            links=self._links(rng, site, ids, station.name, downlink_bps),
            source=ids[site.source],
            destination=station.name,
            ground_may_compute=self.form.ground.may_compute,
            compression=request.compression,
            accuracy_budget=request.accuracy_budget,
            micro_batches=request.micro_batches,
        )
        slots = self._slots(problem, site, ids)
        return Sample(Instance.from_problem(problem, slots), self._place(site, ids))

    def _within_reach(self, site: Site) -> list[int]:
        limit = self.form.requests.reach_hops
        near = site.hops >= 0 if limit is None else (site.hops >= 0) & (site.hops <= limit)
        return [int(number) for number in np.flatnonzero(near)]

    def _computing(
        self, rng: np.random.Generator, site: Site, satellites: list[int], luck: list[Luck]
    ) -> set[int]:
        compute = self.form.compute
        if compute.share is not None:
            return {n for n in satellites if luck[n].computes < compute.share}
        assert compute.satellites is not None  # the form has checked that it is the one or the other
        run, wanted = set(shortest_way(site)), int(draw(rng, compute.satellites))
        # the way first, then what is nearest to it, so that the run hangs together and lies close by
        to_way = hops_from(site.graph, sorted(run))
        while len(run) < wanted:
            beside = sorted({n for member in run for n in site.neighbours(member)} - run)
            if not beside:
                break
            beside = [n for n in beside if to_way[n] == to_way[beside].min()]
            run.add(beside[int(rng.integers(len(beside)))])
        return run

    def usual_board(self, luck: Luck) -> str:
        """The board, or its mode, that a satellite computes with where power allows."""
        known = self.form.compute.boards
        return known[int(luck.board * len(known))]

    def _satellite(self, luck: Luck, node_id: str, board_name: str, request: Request) -> Node:
        compute = self.form.compute
        flops_per_s = effective_flops(board_name, request.precision, compute.utilisation)
        return Node(
            id=node_id,
            kind="satellite",
            flops_per_s=flops_per_s * (1.0 - pick(luck.load, compute.load)),
            memory_bytes=pick(luck.memory, compute.memory_bytes),
            codec_speed=self._codec_speed(luck, board_name),
        )

    def _ground(self, node_id: str, request: Request) -> Node:
        ground = self.form.ground
        return Node(
            id=node_id,
            kind="ground",
            flops_per_s=effective_flops(ground.board, request.precision, ground.utilisation),
            memory_bytes=ground.memory_bytes,
            codec_speed=board(ground.board).codec_speed,
        )

    def _codec_speed(self, luck: Luck, board_name: str) -> float:
        given = self.form.compute.codec_speed
        return board(board_name).codec_speed if given is None else pick(luck.codec, given)

    def _links(
        self,
        rng: np.random.Generator,
        site: Site,
        ids: dict[int, str],
        station: str,
        downlink_bps: float | None,
    ) -> tuple[Link, ...]:
        links = snapshot_links(site.snapshot, ids, {site.gid: station})
        rate = self.form.downlink.rate_bps
        if rate == "ka-band":
            return tuple(links)
        drawn = draw(rng, rate) if downlink_bps is None else downlink_bps
        return tuple(
            link.model_copy(update={"rate_bps": drawn}) if link.target == station else link for link in links
        )

    def _slots(self, problem: Problem, site: Site, ids: dict[int, str]) -> NDArray[np.int64]:
        """(N, 5) links of each node: the topology's four slots, then the downlink."""
        by_ends = {(link.source, link.target): index for index, link in enumerate(problem.links)}
        slots = np.full((len(problem.nodes), self.num_slots), -1, np.int64)
        neighbours = site.snapshot.topology.slot_neighbours
        for row, (number, node_id) in enumerate(ids.items()):
            ends = [ids.get(other, "") for other in neighbours[number].tolist()]
            for slot, target in enumerate([*ends, problem.destination]):
                slots[row, slot] = by_ends.get((node_id, target), -1)
        return slots

    def _place(self, site: Site, ids: dict[int, str]) -> Place:
        numbers = list(ids)
        row_of = {number: row for row, number in enumerate(numbers)}
        isl = site.snapshot.isl
        pairs = zip(isl.a[isl.usable].tolist(), isl.b[isl.usable].tolist(), strict=True)
        rows = [(row_of[a], row_of[b]) for a, b in pairs if a in row_of and b in row_of]
        station = self.sites.network.stations[site.gid]
        return Place(
            satellite_ids=tuple(ids.values()),
            lat_lon_deg=geodetic(site.snapshot.itrs_km[numbers])[:, [1, 0]],
            isls=np.array(rows, np.int64).reshape(-1, 2),
            station_id=station.name,
            station_lat_lon_deg=(station.lat_deg, station.lon_deg),
        )


class Luck(NamedTuple):
    """Uniform numbers in [0, 1) that decide what one satellite is like."""

    computes: float
    board: float
    load: float
    memory: float
    codec: float


def draw_luck(rng: np.random.Generator, satellites: int) -> list[Luck]:
    """Numbers of the whole constellation, so that a satellite is the same whatever else the problem holds."""
    return [Luck(*row) for row in rng.random((satellites, len(Luck._fields))).tolist()]


def _generator(rng: np.random.Generator | int) -> np.random.Generator:
    if isinstance(rng, np.random.Generator):
        return rng
    try:
        return np.random.default_rng(index(rng))
    except (TypeError, ValueError):
        raise InputError("seed", "", f"is {rng!r}, not a whole number ≥ 0 or a generator") from None


def _most_within(hops: int, orbits: Orbits) -> int:
    """Satellites within some hops of one at most, itself included.

    A Walker constellation's +Grid is a square grid that wraps; elsewhere four neighbours lead to three
    others each.
    """
    if orbits.topology == "ring":
        return 1 + 2 * hops
    if orbits.topology == "plus-grid" and orbits.elements is None:
        return 1 + 2 * hops * (hops + 1)
    return int(2 * (GRID_SLOTS - 1) ** hops - 1)


def can_finish(instance: Instance) -> bool:
    """Whether a request could be served, as far as reachability under memory tells."""
    tables = instance.tables
    nodes, links = np.zeros(tables.num_nodes, np.bool_), np.zeros(len(tables.link_source), np.bool_)
    return bool(finishable(tables, nodes, links, -1)[tables.source, 0])


@lru_cache(maxsize=32)
def _cached(name_or_path: str) -> Scenario:
    return Scenario(load_form(name_or_path), name_or_path)


def load_scenario(name_or_path: str | Path) -> Scenario:
    """A scenario by name, from a TOML file, or over element sets as ``tle:FILE``.

    The project's own are built once.

    Raises:
        InputError: no such scenario or file, or a key or name in it is wrong.
    """
    if str(name_or_path) not in scenario_names():
        return Scenario(load_form(name_or_path), str(name_or_path))
    return _cached(str(name_or_path))
