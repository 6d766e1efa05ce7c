"""Gymnasium environments over the split problem."""

from satllm_env.envs.lookahead_wrapper import LookaheadObservation
from satllm_env.envs.pool import InstancePool
from satllm_env.envs.split import SatLLMSplitEnv
from satllm_env.envs.vector import SatLLMSplitVectorEnv

__all__ = ["InstancePool", "LookaheadObservation", "SatLLMSplitEnv", "SatLLMSplitVectorEnv"]
