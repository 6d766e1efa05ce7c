"""Scenarios: TOML files that say from what requests are drawn, and the sampler that draws them."""

from satllm_env.scenarios.form import ScenarioForm, load_form, scenario_names
from satllm_env.scenarios.sample import Place, Sample
from satllm_env.scenarios.scenario import Scenario, load_scenario

__all__ = ["Place", "Sample", "Scenario", "ScenarioForm", "load_form", "load_scenario", "scenario_names"]
