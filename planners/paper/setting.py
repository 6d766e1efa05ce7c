"""A point of a sweep: the reported request with what is swept fixed, and the rest as it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from satllm_env.problem import Instance
from satllm_env.scenarios import Scenario, load_form
from satllm_env.scenarios.form import ScenarioForm

RING = "paper"
"""The scenario that the requests are drawn from."""
RESOLUTIONS = ("240p", "480p", "720p", "1080p")
S2G_GBPS = (0.2, 0.4, 0.6, 0.8, 6.0)
"""[Gbit/s] the reported sweep, and the most that the reported Ka band carries."""
MODELS = ("vit-b", "vit-l", "vit-h", "vit-g")


@dataclass(frozen=True)
class Setting:
    """The reported request with some of it fixed; None leaves a thing as the scenario `paper` has it.

    Settings with the same seed share their draws as far as they can: the moment, the station, the luck of
    every satellite.
    """

    model: str = "vit-g"
    resolution: str = "1080p"
    s2g_gbps: float = 0.8
    """[Gbit/s] of every link to the ground."""
    over: str = RING
    """Scenario whose orbits, links and failures take the ring's place."""
    profile: str = "paper-fit"
    precision: Literal["fp32", "fp16"] = "fp16"
    boards: tuple[str, ...] | None = None
    utilisation: float | None = None
    ground_utilisation: float | None = None
    micro_batches: int | None = None
    hops: int | None = None
    """ISL hops from the source to its downlink."""
    accuracy_budget: float | None = None
    """[percentage points]"""
    source_computes: bool = True
    """Else one satellite more is drawn, so that as many compute beside the source."""
    ground_computes: bool = False

    def form(self) -> ScenarioForm:
        """The scenario of this setting."""
        form, shell = load_form(RING), load_form(self.over)
        model = {"name": self.model, "resolutions": (self.resolution,), "precision": self.precision}
        requests = {
            "models": (form.requests.models[0].model_copy(update=model),),
            "micro_batches": _one(self.micro_batches),
            "hops_from_downlink": _one(self.hops),
            "accuracy_budget": _one(self.accuracy_budget),
            "reach_hops": shell.requests.reach_hops,
        }
        ground = {"utilisation": self.ground_utilisation, "may_compute": self.ground_computes}
        compute = {
            "boards": self.boards,
            "utilisation": self.utilisation,
            "satellites": None if self.source_computes else _most(form) + 1,
        }
        # one of one, not a bare number: as many draws are made as for a choice
        downlink = shell.downlink.model_copy(update={"rate_bps": (1e9 * self.s2g_gbps,)})
        return form.model_copy(
            update={
                "orbits": shell.orbits,
                "isl": shell.isl,
                "downlink": downlink,
                "failures": shell.failures,
                "power": shell.power,
                "requests": form.requests.model_copy(update=_given(requests)),
                "compute": form.compute.model_copy(update=_given(compute)),
                "ground": form.ground.model_copy(update=_given(ground)),
                "compression": form.compression.model_copy(update={"profile": self.profile}),
            }
        )

    def draws(self, seeds: range) -> list[Instance]:
        """The requests of some seeds.

        Raises:
            InputError: a name or value is unknown or out of range.
        """
        scenario = Scenario(self.form(), self.over)
        drawn = [scenario.sample(seed).instance for seed in seeds]
        return drawn if self.source_computes else [_source_relays(instance) for instance in drawn]


def changed(instance: Instance, **update: object) -> Instance:
    """The instance of a problem with some fields replaced."""
    return Instance.from_problem(instance.problem.model_copy(update=update), instance.slots)


def _one(value: float | None) -> tuple[float, ...] | None:
    return None if value is None else (value,)


def _given(update: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in update.items() if value is not None}


def _most(form: ScenarioForm) -> int:
    counts = form.compute.satellites
    assert counts is not None
    return max(counts) if isinstance(counts, tuple) else counts


def _source_relays(instance: Instance) -> Instance:
    problem = instance.problem
    without = {"flops_per_s": None, "layer_s": None}
    nodes = (n.model_copy(update=without) if n.id == problem.source else n for n in problem.nodes)
    return changed(instance, nodes=tuple(nodes))
