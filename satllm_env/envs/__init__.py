"""Gymnasium environments over the split problem."""

from satllm_env.envs.lookahead_wrapper import LookaheadObservation
from satllm_env.envs.split import SatLLMSplitEnv

__all__ = ["LookaheadObservation", "SatLLMSplitEnv"]
