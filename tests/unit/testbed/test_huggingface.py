"""Hugging Face models from a local folder, run in processes."""

from pathlib import Path

import pytest

from agents.execution import TOLERANCE, Execution
from agents.execution_network import Network, batch_of, open_network
from satllm_env.problem import Instance, Plan, evaluate
from satllm_env.problem.plan import parse_steps
from satllm_env.problem.schema import Problem
from satllm_env.testbed.job import NetSource
from satllm_env.testbed.run import Settings
from tests.unit.testbed.conftest import BATCH, PROCESSES, chain

transformers = pytest.importorskip("transformers")
ITEMS = 4 * BATCH


def folder_of(kind: str, path: Path) -> Path:
    """A small model with random weights, as the library saves it."""
    if kind == "vit":
        model = transformers.ViTForImageClassification(
            transformers.ViTConfig(
                hidden_size=32, num_hidden_layers=4, num_attention_heads=2, intermediate_size=48,
                image_size=32, patch_size=8, num_labels=5,
            )
        )  # fmt: skip
    else:
        model = transformers.LlamaForCausalLM(
            transformers.LlamaConfig(
                hidden_size=32, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2,
                intermediate_size=48, vocab_size=90, bos_token_id=1, eos_token_id=2,
            )
        )  # fmt: skip
    model.save_pretrained(path / kind)
    return path / kind


def plan_at(network: Network, problem: Problem, level: str) -> Plan:
    """Two stages and the ground, the cut between the stages at a level."""
    given = problem.model_copy(update={"compression": network.codecs.levels(BATCH), "accuracy_budget": 100.0})
    ways = (("a", 0, 1, "b", 2, level), ("b", 2, 3, "ground", 4, "none"))
    steps = [
        step
        for node, first, last, target, boundary, name in ways
        for step in (
            {"action": "compute", "node": node, "first_layer": first, "last_layer": last},
            {"action": "send", "from": node, "to": target, "boundary": boundary, "level": name},
        )
    ]
    return evaluate(Instance.from_problem(given), parse_steps(steps))


@PROCESSES
@pytest.mark.parametrize(("kind", "random_init"), [("vit", False), ("llama", True)])
def test_models_are_run_as_any_network(tmp_path: Path, kind: str, random_init: bool) -> None:
    """Without compression outputs are the unsplit model's; with it, most keep their likeliest class."""
    source = NetSource(net=str(folder_of(kind, tmp_path)), random_init=random_init)
    network, inputs, targets = open_network(source, BATCH, ITEMS, print)
    assert targets is None
    batch, problem = batch_of(inputs, None, BATCH, 3), chain(network.measured)
    settings = Settings(repeats=1, patience_s=60.0)
    whole = Execution(network, batch, settings).execute(plan_at(network, problem, "none"))
    assert whole.output_max_abs_diff is not None
    assert whole.output_max_abs_diff <= TOLERANCE
    coded = Execution(network, batch, settings).execute(plan_at(network, problem, "step-0.25"))
    assert coded.output_max_abs_diff is coded.accuracy_drop is None
    assert coded.agreement_pct is not None
    assert coded.agreement_pct > 50
    assert sum(coded.run.sent) < sum(whole.run.sent)
