"""Other views of what `SatLLMSplit-v0` shows: named parts, and the network as a graph."""

from satllm_env.envs.wrappers.dict_observation import DictObservation, VectorDictObservation
from satllm_env.envs.wrappers.graph_observation import GraphObservation
from satllm_env.envs.wrappers.networkx_view import networkx_of

__all__ = ["DictObservation", "GraphObservation", "VectorDictObservation", "networkx_of"]
