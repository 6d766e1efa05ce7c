"""A guide in a stream of requests: it proposes plans, and the stream's core says which is done first."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from agents.guide.policy import GuidePolicy
from planners.stream.backlog import lengthened
from planners.sweeps.search import plan_by_cells
from satllm_env.envs import SatLLMStreamEnv
from satllm_env.problem import Instance, Plan, evaluate
from satllm_env.problem.plan import Step


class GuideStreamPolicy:
    """Plans each request when it arrives, around the work that is left at servers.

    Each of the sweeps that the guide prefers gives a plan: for the request as if every server were idle, and
    for the request with the work that is left added to what servers take (`lengthened`). The core tries all
    of them on the servers as they are known; the one that is done first is taken.

    Args:
        name: of the policy.
        guide: whose preferences count.
    """

    def __init__(self, name: str, guide: GuidePolicy) -> None:
        self.name, self._guide = name, guide

    def begin(self, env: SatLLMStreamEnv) -> None:
        """Nothing to look at."""

    def plan(self, env: SatLLMStreamEnv) -> Plan | None:
        """The proposal that is done first, None without any."""
        instance, servers = env.instance, env.stream.servers.as_known()
        proposals = dict.fromkeys(self._steps(instance))
        if proposals:
            proposals |= dict.fromkeys(self._steps(lengthened(instance, servers)))
        plans = [evaluate(instance, steps) for steps in proposals]
        return min(plans, key=lambda plan: servers.try_out(plan).delay_s, default=None)

    def _steps(self, instance: Instance) -> Iterator[tuple[Step, ...]]:
        """What each preferred sweep proposes; the next ones' where none of them finds a plan."""
        scene, order = self._guide.look(instance)
        found = 0
        for number, cell in enumerate(order):
            if number >= self._guide.card.sweeps and found:
                return
            plan, _ = plan_by_cells(instance, scene, np.array([cell]), 1)
            if plan is not None:
                found += 1
                yield plan.steps
