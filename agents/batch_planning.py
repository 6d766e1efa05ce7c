"""Many requests planned together: one compiled step of all walks and one pass of the network per move."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from agents.guide.policy import GuidePolicy
from agents.learned import AnyPolicy, LearnedPolicy
from agents.network_threads import one_network_thread
from agents.policies.policy import ScorerPolicy
from planners import Result
from satllm_env.envs import InstancePool, SatLLMSplitVectorEnv
from satllm_env.envs.arguments import at_least
from satllm_env.envs.observation import ObservationLayout
from satllm_env.errors import NoPlanError
from satllm_env.problem import Plan
from satllm_env.scenarios import Sample

TOGETHER = 256
"""Walks side by side: enough for the network, few enough for the caches."""

BatchPolicy = LearnedPolicy | ScorerPolicy
"""A policy that takes its moves one by one."""

AT_ONCE = 1024
"""Requests made ready before the first of them is walked."""


def plan_batch(policy: AnyPolicy, samples: Sequence[Sample], num_threads: int = 1) -> list[Result]:
    """Plan requests together, as the policy's `plan` does one by one.

    Policies that walk take their likeliest legal moves. A walk that gets stuck is planned again alone, where
    moves are drawn. The network's sums round in another order for many rows than for one, so a near tie can
    fall the other way.

    Args:
        policy: a trained policy.
        samples: the requests.
        num_threads: threads that step walks or sweep; the network runs on one.

    Returns:
        A result per request, in their order; ``plan_time_s`` is a request's share of the time that it and
        those planned with it took.

    Raises:
        InputError: a request needs more slots or levels than the policy's action space has, or there is
            no thread.
    """
    at_least(1, num_threads, "num_threads")
    if isinstance(policy, GuidePolicy):
        return policy.plan_batch(samples, num_threads)
    results: list[Result] = []
    with one_network_thread():
        for first in range(0, len(samples), AT_ONCE):
            results += _plan_some(policy, samples[first : first + AT_ONCE], num_threads)
    return results


def _plan_some(policy: BatchPolicy, samples: Sequence[Sample], num_threads: int) -> list[Result]:
    begin = time.perf_counter()
    layout = ObservationLayout(policy.card.num_slots, policy.card.num_levels)
    pool, members, refused = pool_of(samples, layout)
    plans: dict[int, Plan] = {}
    if pool is not None:
        plans = {members[number]: plan for number, plan in _walk_all(policy, pool, num_threads)}
    share_s = (time.perf_counter() - begin) / max(len(samples), 1)
    name, results = policy.card.name, []
    for i, sample in enumerate(samples):
        if i in plans:
            results.append(Result(name, "feasible", plans[i], 0.0, share_s))
        elif i in refused:
            results.append(Result(name, "infeasible", None, 0.0, share_s, refused[i]))
        else:
            alone = policy.plan(sample)
            results.append(replace(alone, plan_time_s=alone.plan_time_s + share_s))
    return results


def pool_of(
    samples: Sequence[Sample], layout: ObservationLayout
) -> tuple[InstancePool | None, list[int], dict[int, str]]:
    """Requests made ready for walks, leaving out those without a plan.

    Args:
        samples: the requests.
        layout: slots and levels that they have to fit in.

    Returns:
        The pool (None where no request has a plan), the requests' numbers in it, and why each of the
        others has no plan.

    Raises:
        InputError: a request needs more slots or levels.
    """
    everyone = list(range(len(samples)))
    try:
        return (InstancePool(samples, layout) if samples else None), everyone, {}
    except NoPlanError:  # rare, so that looking which it was may take as long again
        refused = {i: text for i, text in ((i, _refusal(samples[i], layout)) for i in everyone) if text}
    members = [i for i in everyone if i not in refused]
    pool = InstancePool([samples[i] for i in members], layout) if members else None
    return pool, members, refused


def _refusal(sample: Sample, layout: ObservationLayout) -> str:
    """Why a request has no plan, "" where it may have one."""
    try:
        InstancePool([sample], layout)
    except NoPlanError as error:
        return str(error)
    return ""


def _walk_all(policy: BatchPolicy, pool: InstancePool, num_threads: int) -> Iterator[tuple[int, Plan]]:
    """The pool's numbers of walks that finish, with their plans; every instance is walked once."""
    envs = SatLLMSplitVectorEnv(
        min(TOGETHER, len(pool)),
        pool=pool,
        observation="lookahead",
        autoreset_mode="SameStep",
        num_threads=num_threads,
    )
    observations, _ = envs.reset(seed=0)
    done = np.zeros(len(pool), np.bool_)
    while not done.all():
        numbers = envs.instance_numbers
        observations, _, over, _, infos = envs.step(policy.act_all(observations, envs.action_masks()))
        for i in np.flatnonzero(over).tolist():
            number = int(numbers[i])
            if not done[number] and infos["final_info"]["is_success"][i]:
                yield number, infos["final_info"]["plan"][i].plan
            done[number] = True
