"""Split inference of large models over LEO satellites: the problem and its Gymnasium environment.

Importing this package registers ``SatLLMSplit-v0`` and ``SatLLMStream-v0`` with Gymnasium.
"""

import gymnasium

from satllm_env.versions import show_versions

__all__ = ["show_versions"]

if "SatLLMSplit-v0" not in gymnasium.registry:
    gymnasium.register(
        id="SatLLMSplit-v0",
        entry_point="satllm_env.envs.split:SatLLMSplitEnv",
        vector_entry_point="satllm_env.envs.vector:SatLLMSplitVectorEnv",
        kwargs={"scenario": "paper"},
    )

if "SatLLMStream-v0" not in gymnasium.registry:
    gymnasium.register(
        id="SatLLMStream-v0",
        entry_point="satllm_env.envs.stream:SatLLMStreamEnv",
        kwargs={"scenario": "busy-ring"},
    )
