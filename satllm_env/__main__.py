"""`python -m satllm_env` prints what a bug report should say."""

from satllm_env.versions import show_versions

if __name__ == "__main__":
    show_versions()
