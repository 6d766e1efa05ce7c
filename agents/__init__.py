"""Policies: trained, scored against the proven optimum, and run for real. Needs the extra `train`."""

from satllm_env.optional import need

for package in ("torch", "stable_baselines3", "sb3_contrib", "tensorboard"):
    need(package)
