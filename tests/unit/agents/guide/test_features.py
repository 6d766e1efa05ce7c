"""What the guide sees: shares, whatever the units, and a network that does not mind the processors' order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.guide.features import PROCESSOR_FEATURES, PROCESSORS_AT, SIZE, write_features
from agents.guide.network import GuideNetwork, GuideShape, expected_best
from planners.sweeps.cells import NUM_CELLS
from planners.sweeps.scene import MAX_PROCESSORS
from planners.sweeps.search import scene_of
from satllm_env.problem import Instance, Problem, Walk
from satllm_env.scenarios import load_scenario
from tests.strategies import problems


def features_of(instance: Instance) -> np.ndarray:
    """What is seen at the source."""
    seen = np.full(SIZE, np.nan, np.float32)
    write_features(scene_of(Walk(instance)), seen)
    return seen


@settings(max_examples=80)
@given(problem=problems())
def test_shares(problem: Problem) -> None:
    """Every feature lies between 0 and 1, whatever the problem."""
    seen = features_of(Instance.from_problem(problem))
    assert np.isfinite(seen).all()
    assert seen.min() >= 0.0
    assert seen.max() <= 1.0


@settings(max_examples=15)
@given(power=st.integers(-9, 9), seed=st.integers(0, 20))
def test_no_units(power: int, seed: int) -> None:
    """A request all of whose times are longer by a factor looks the same; powers of two round nothing."""
    factor = 2.0**power
    instance = load_scenario("paper").sample(seed).instance
    tables = instance.tables
    slower = tables._replace(
        layer_s=tables.layer_s * factor,
        encode_s=tables.encode_s * factor,
        decode_s=tables.decode_s * factor,
        transfer_s=tables.transfer_s * factor,
        latency_s=tables.latency_s * factor,
    )
    assert features_of(replace(instance, tables=slower)) == pytest.approx(features_of(instance), abs=1e-4)


def test_the_processors_order() -> None:
    """The attention encoder prefers the same sweeps in whatever order processors are listed."""
    torch.manual_seed(1)
    network = GuideNetwork(GuideShape()).eval()
    seen = torch.as_tensor(features_of(load_scenario("walker-dense").sample(3).instance))[None]
    tokens = seen[:, PROCESSORS_AT:].reshape(1, MAX_PROCESSORS, PROCESSOR_FEATURES)
    assert (tokens[0, :, 0] > 0.5).sum() > 2
    other = torch.cat([seen[:, :PROCESSORS_AT], tokens[:, torch.randperm(MAX_PROCESSORS)].flatten(1)], dim=1)
    with torch.inference_mode():
        assert torch.allclose(network(seen), network(other), atol=1e-5)


@pytest.mark.parametrize("draws", [1, 3])
def test_expected_best(draws: int) -> None:
    """The closed form is the mean over all draws, weighted by their chances."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 5, generator=generator, dtype=torch.float64)
    regrets = torch.rand(2, 5, generator=generator, dtype=torch.float64).round(decimals=1)  # with ties
    chances = torch.softmax(logits, dim=1)
    for row in range(2):
        total = 0.0
        for drawn in torch.cartesian_prod(*[torch.arange(5)] * draws).reshape(-1, draws):
            total += (chances[row, drawn].prod() * regrets[row, drawn].min()).item()
        assert expected_best(logits, regrets, draws)[row].item() == pytest.approx(total, rel=1e-9)


def test_output_size() -> None:
    """A preference for every sweep, with either encoder."""
    for encoder in ("attention", "flat"):
        network = GuideNetwork(GuideShape.model_validate({"encoder": encoder}))
        assert network(torch.zeros(3, SIZE)).shape == (3, NUM_CELLS)
