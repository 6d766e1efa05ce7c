"""Streams to test, and a second way to know their delays: a simulation event by event."""

from collections.abc import Sequence

import numpy as np
import simpy

from planners import solve
from satllm_env.problem import Instance, Plan, Problem
from satllm_env.problem.plan import Transfer
from satllm_env.stream.servers import Servers, server_of

Job = tuple[float, Plan]
"""[s] arrival, and what is asked."""


def drawn_jobs(problem: Problem, seed: int, count: int) -> list[Job]:
    """Random plans and the optimum of a problem, which arrive within some of its delays; none without one."""
    instance, rng = Instance.from_problem(problem), np.random.default_rng(seed)
    plans = [solve(instance, "random", seed=seed + i).plan for i in range(count - 1)]
    found = [plan for plan in (*plans, solve(instance).plan) if plan is not None]
    if not found:
        return []
    span_s = min(plan.delay_s for plan in found)
    arrivals_s = np.sort(rng.uniform(0, span_s, len(found))).tolist()
    chosen = rng.permutation(len(found)).tolist()
    return [(t_s, found[i]) for t_s, i in zip(arrivals_s, chosen, strict=True)]


def admitted_s(jobs: Sequence[Job], servers: Servers | None = None) -> list[float]:
    """[s] delays by the core."""
    servers, delays = servers or Servers(), []
    for arrival_s, plan in jobs:
        servers.advance(arrival_s)
        delays.append(servers.admit(plan).delay_s)
    return delays


def simulated_s(jobs: Sequence[Job]) -> list[float]:
    """[s] delays by a simulation: servers that the earlier request takes from the later one."""
    clock, servers, done_s = simpy.Environment(), {}, [0.0] * len(jobs)

    def micro_batch(number, batch, arrival_s, plan):
        yield clock.timeout(arrival_s)
        for resource in plan.resources:
            server = servers.setdefault(
                server_of(plan.instance, resource), simpy.PreemptiveResource(clock, capacity=1)
            )
            left_s = resource.busy_s
            while True:
                with server.request(priority=number * 100_000 + batch) as turn:
                    begun_s = None
                    try:
                        yield turn
                        begun_s = clock.now
                        yield clock.timeout(left_s)
                        break
                    except simpy.Interrupt:
                        left_s -= 0.0 if begun_s is None else clock.now - begun_s
                if left_s <= 1e-12 * max(clock.now, 1e-9):
                    break  # interrupted in the moment in which it was done
            if isinstance(resource, Transfer):
                yield clock.timeout(resource.latency_s)
        done_s[number] = max(done_s[number], clock.now - arrival_s)

    for number, (arrival_s, plan) in enumerate(jobs):
        for batch in range(plan.instance.tables.micro_batches):
            clock.process(micro_batch(number, batch, arrival_s, plan))
    clock.run()
    return done_s
