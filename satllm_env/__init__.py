"""satllm_env."""
