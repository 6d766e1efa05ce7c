"""Streams of requests: when they arrive, the servers that they queue at, and what they come to."""

from satllm_env.stream.arrivals import Arrivals, Bursty, Poisson, arrivals_of
from satllm_env.stream.outcome import Outcome
from satllm_env.stream.servers import Admission, Servers
from satllm_env.stream.stream import Request, Stream
from satllm_env.stream.worlds import FixedWorld, OrbitWorld, World, world_of

__all__ = [
    "Admission",
    "Arrivals",
    "Bursty",
    "FixedWorld",
    "OrbitWorld",
    "Outcome",
    "Poisson",
    "Request",
    "Servers",
    "Stream",
    "World",
    "arrivals_of",
    "world_of",
]
