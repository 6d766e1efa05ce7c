"""Gymnasium environments over the split problem."""

from satllm_env.envs.lookahead_wrapper import LookaheadObservation
from satllm_env.envs.pool import InstancePool
from satllm_env.envs.split import SatLLMSplitEnv
from satllm_env.envs.stream import SatLLMStreamEnv
from satllm_env.envs.vector import SatLLMSplitVectorEnv
from satllm_env.envs.wrappers import DictObservation, GraphObservation, VectorDictObservation, networkx_of

__all__ = [
    "DictObservation",
    "GraphObservation",
    "InstancePool",
    "LookaheadObservation",
    "SatLLMSplitEnv",
    "SatLLMSplitVectorEnv",
    "SatLLMStreamEnv",
    "VectorDictObservation",
    "networkx_of",
]
