"""The core without its extras, and what is said of an extra that is missing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from satllm_env.optional import EXTRA_OF, advice, is_installed, need
from satllm_env.versions import CORE, EXTRAS, show_versions, versions

BLOCKED = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Blocked())
"""


def without_extras(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process that has the core's packages only."""
    blocked = BLOCKED.format(names=sorted(EXTRA_OF))
    return subprocess.run(
        [sys.executable, "-c", blocked + code], capture_output=True, text=True, check=False, timeout=120
    )


def test_the_core_alone() -> None:
    """Environments step, planners plan and text is drawn without any extra."""
    done = without_extras(
        """
import gymnasium as gym
import satllm_env
from planners import solve

env = gym.make("SatLLMSplit-v0", scenario="paper", render_mode="ansi")
env.reset(seed=0)
plan = solve(env.unwrapped.instance).plan
for action in env.unwrapped.actions_of(plan.steps):
    _, _, over, _, info = env.step(action)
assert over and info["delay_s"] == plan.delay_s and env.render()
assert solve(env.unwrapped.instance, "sweeps").plan.delay_s >= plan.delay_s
gym.make_vec("SatLLMSplit-v0", num_envs=2).reset(seed=0)
gym.make("SatLLMStream-v0").reset(seed=0)
import satllm_env.compression.codec, satllm_env.figures
assert not {"torch", "matplotlib", "PIL", "tensorboard"} & set(sys.modules)
print("whole")
"""
    )
    assert (done.stdout, done.returncode) == ("whole\n", 0), done.stderr


@pytest.mark.parametrize(
    ("code", "extra"),
    [
        ('import gymnasium, satllm_env; gymnasium.make("SatLLMSplit-v0", render_mode="rgb_array")', "plot"),
        ("import agents.contenders", "train"),
        ("from satllm_env.figures.canvas import new_figure; new_figure(9, 9)", "plot"),
    ],
)
def test_a_missing_extra(code: str, extra: str) -> None:
    """What needs an extra names it in the error's last line."""
    done = without_extras(code)
    assert done.returncode == 1
    assert f"pip install 'satllm[{extra}]'" in done.stderr.splitlines()[-1]


def test_a_command_without_an_extra() -> None:
    """A command that comes to need one ends with one line and exit code 2."""
    done = without_extras(
        """
import sys
from dataclasses import dataclass
from satllm_env.cli import run_command
from satllm_env.optional import need

@dataclass
class Arguments:
    \"\"\"Draw.\"\"\"

sys.argv = ["draw.py"]
run_command(Arguments, lambda arguments: need("matplotlib"))
"""
    )
    assert done.returncode == 2
    assert done.stderr == advice("matplotlib") + "\n"


def test_need() -> None:
    """A package that is there is no trouble, and is not imported for the question."""
    assert is_installed("json")
    with pytest.raises(KeyError):
        advice("numpy")
    need("torch")


def test_versions(capsys: pytest.CaptureFixture[str]) -> None:
    """A bug report has this code, the machine, and every package, whether installed or not."""
    show_versions()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(versions()) >= 6 + len(CORE) + len(EXTRAS)
    assert any(line.split() == ["numpy", versions()["numpy"]] for line in lines)
    assert "not installed" not in [versions()[name] for name in CORE]
