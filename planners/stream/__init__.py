"""Planners for streams of requests: each on the snapshot, around the backlog, or knowing all arrivals."""

from planners.stream.policies import StreamPolicy, policy, policy_names
from planners.stream.run import RunResult, alone_bound_s, run_stream

__all__ = ["RunResult", "StreamPolicy", "alone_bound_s", "policy", "policy_names", "run_stream"]
