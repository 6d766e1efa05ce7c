"""Build the wheel, install it in a fresh environment without any extra, and use it there."""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

from satllm_env.cli import notes, run_command
from satllm_env.errors import InputError

ROOT = Path(__file__).parents[1]

INSIDE = (
    "satllm_env/py.typed",
    "satllm_env/network/stations.csv",
    "satllm_env/scenarios/library/paper.toml",
    "satllm_env/compression/profiles/landcover-vit.json",
    "agents/weights/guide/policy.safetensors",
)
"""Files that people would miss."""

OUTSIDE = ("tests/", "scripts/", "docs/", "benchmarks/")

USE = """
import gymnasium as gym, satllm_env
from planners import solve
env = gym.make("SatLLMSplit-v0")
env.reset(seed=0)
plan = solve(env.unwrapped.instance).plan
for action in env.unwrapped.actions_of(plan.steps):
    _, _, over, _, info = env.step(action)
assert over and info["delay_s"] == plan.delay_s
gym.make_vec("SatLLMSplit-v0", num_envs=4).reset(seed=0)
gym.make("SatLLMStream-v0").reset(seed=0)
try:
    gym.make("SatLLMSplit-v0", render_mode="rgb_array")
except gym.error.DependencyNotInstalled as error:
    print(error)
satllm_env.show_versions()
"""


@dataclass(frozen=True)
class Arguments:
    """Check that the wheel is whole and that its core suffices to make environments and plan.

    Exit codes: 0; 2 something is missing or fails.
    """

    pip_args: str = ""
    """More words for pip, as in the Makefile's PIP_ARGS."""


def main(arguments: Arguments) -> None:
    """Run the command."""
    pip = ["-m", "pip", "--quiet", "--disable-pip-version-check"]
    more = shlex.split(arguments.pip_args)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        notes().print("building the wheel")
        _run(sys.executable, *pip, "wheel", *more, "--no-deps", "--wheel-dir", name, str(ROOT), where=folder)
        wheel = next(folder.glob("satllm-*.whl"))
        _check_files(wheel)
        notes().print(f"installing {wheel.name} and the core's packages")
        venv.create(folder / "venv", with_pip=True)
        python = str(folder / "venv" / "bin" / "python")
        constraints = ["-c", str(ROOT / "constraints.txt")]
        _run(python, *pip, "install", *more, *constraints, str(wheel), where=folder)
        notes().print("using it")
        print(_run(python, "-c", USE, where=folder), end="")


def _check_files(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    for name in INSIDE:
        if name not in names:
            raise InputError(wheel.name, name, "is missing")
    for name in names:
        if name.startswith(OUTSIDE):
            raise InputError(wheel.name, name, "does not belong there")


def _run(*command: str, where: Path) -> str:
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1]
        raise InputError(shlex.join(command)[:80], "", f"failed: {last}")
    return done.stdout


if __name__ == "__main__":
    run_command(Arguments, main)
