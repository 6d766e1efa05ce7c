"""Settings of action scorers as data."""

from pathlib import Path
from typing import Any

import pytest

from agents.config import TrainingSettings
from agents.policies.settings import ScorerTraining
from agents.runs import changed, load_any
from satllm_env.errors import InputError
from tests.unit.agents.policies.cases import Q_LEARNING, TEACHING, tiny_settings

CONFIGS = Path(__file__).parents[4] / "agents" / "configs"


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_settings_load_and_are_named_after_their_file(path: Path) -> None:
    """So that the runs' folders tell them apart."""
    assert load_any(path).name == path.stem


@pytest.mark.parametrize(
    ("algorithm", "parts", "message"),
    [
        ("bc", {"q_learning": Q_LEARNING}, r"bc needs \[teaching\], and no \[q_learning\]"),
        ("dqn", {"teaching": TEACHING}, r"dqn needs \[q_learning\], and no \[teaching\]"),
        ("dqn", {"q_learning": None}, r"dqn needs \[q_learning\]"),
    ],
)
def test_an_algorithm_has_its_own_part_and_no_other(
    algorithm: str, parts: dict[str, Any], message: str
) -> None:
    """A part that would not be used is refused."""
    with pytest.raises(ValueError, match=message):
        tiny_settings(algorithm, **parts)


def test_the_command_lines_changes_reach_every_kind() -> None:
    """Scenarios, seeds and sizes, in place of the settings'."""
    made = changed(tiny_settings("dqn"), {"seed": 7, "steps": 12, "scenarios": ("paper",)})
    assert isinstance(made, ScorerTraining) and made.q_learning is not None
    assert (made.seed, made.q_learning.steps, made.scenarios) == (7, 12, ("paper",))
    ppo = changed(load_any(None), {"steps": 0, "demonstrations": Path("walks")})
    assert isinstance(ppo, TrainingSettings)
    assert (ppo.ppo.total_steps, ppo.cloning.episodes, ppo.cloning.demonstrations) == (0, 0, "walks")
    with pytest.raises(InputError, match="--steps: is not for settings of bc"):
        changed(tiny_settings("bc"), {"steps": 12})


def test_an_unknown_algorithm_is_refused(tmp_path: Path) -> None:
    """The line names file and field."""
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\nalgorithm = "sarsa"\n')
    with pytest.raises(InputError, match=r"mine\.toml: algorithm"):
        load_any(path)
