"""Problems that are run on the testbed: a network of this machine over a scenario's satellites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from satllm_env.errors import InputError
from satllm_env.problem import Problem
from satllm_env.problem.schema import Layer, Level, Link, Model, Node
from satllm_env.testbed.measure import Measured

PLAIN = Level(name="none", ratio=1.0, loss=0.0)


@dataclass(frozen=True)
class Scale:
    """How the testbed's problem relates to the one it is made after.

    Args:
        slow_down: [1] seconds of the fastest node over seconds of one core of this machine.
        rate: [1] of the testbed's link rates over the given ones.
        latency: [1] of its latencies over the given ones.
    """

    slow_down: float = 10.0
    rate: float = 0.1
    latency: float = 1.0

    def check(self) -> None:
        """Refuse what makes no sense.

        Raises:
            InputError: a scale is not above 0 (a latency's below 0).
        """
        for field in ("slow_down", "rate", "latency"):
            value = getattr(self, field)
            if not 0 < value < float("inf") and (field != "latency" or value != 0):
                raise InputError("--" + field.replace("_", "-"), "", f"must be above 0 (got {value})")


def problem_over(given: Problem, measured: Measured, levels: Sequence[Level], scale: Scale) -> Problem:
    """A network over the satellites and links of a problem of some other model.

    Relative speeds, who computes, who is linked to whom, and the number of micro-batches are the given
    problem's; seconds are measured here and slowed down, rates and latencies scaled. A node may hold the same
    share of the network as it may of the given model.

    Args:
        given: the problem.
        measured: the network.
        levels: compression levels, `none` first.
        scale: of time and rates.

    Raises:
        InputError: no node computes.
    """
    scale.check()
    slow_downs = relative_slow_downs(given)
    share = sum(measured.weight_bytes) / max(1.0, sum(layer.weight_bytes for layer in given.model.layers))
    return given.model_copy(
        update={
            "model": model_of(measured),
            "nodes": tuple(
                _node(node, slow_down and slow_down * scale.slow_down, measured, share)
                for node, slow_down in zip(given.nodes, slow_downs, strict=True)
            ),
            "links": tuple(_link(link, scale) for link in given.links),
            "compression": tuple(levels),
        }
    )


def model_of(measured: Measured) -> Model:
    """The network as a problem's model, per micro-batch."""
    layers = [
        Layer(
            name=f"block{number}", flops=0.0, weight_bytes=float(weight),
            activation_bytes=float(measured.activation_bytes),
        )
        for number, weight in enumerate(measured.weight_bytes)
    ]  # fmt: skip
    return Model(
        name=measured.name,
        input_bytes=float(measured.input_bytes),
        result_bytes=float(measured.result_bytes),
        layers=tuple(layers),
    )


def relative_slow_downs(problem: Problem) -> tuple[float | None, ...]:
    """[1] seconds of each node over the fastest one's; None where it cannot compute.

    Raises:
        InputError: no node computes.
    """
    flops = [layer.flops for layer in problem.model.layers]
    total_s: list[float | None] = []
    for node in problem.nodes:
        if node.id == problem.destination and not problem.ground_may_compute:
            total_s.append(None)
        elif node.layer_s is not None:
            total_s.append(sum(node.layer_s))
        else:
            total_s.append(None if node.flops_per_s is None else sum(flops) / node.flops_per_s)
    fastest_s = min((seconds for seconds in total_s if seconds is not None), default=0.0)
    if fastest_s <= 0:
        raise InputError("problem", "nodes", "none takes any time to compute: nothing to run")
    return tuple(None if seconds is None else seconds / fastest_s for seconds in total_s)


def _node(node: Node, slow_down: float | None, measured: Measured, share: float) -> Node:
    layer_s = None if slow_down is None else tuple(slow_down * seconds for seconds in measured.layer_s)
    memory = None if node.memory_bytes is None else node.memory_bytes * share
    return Node(
        id=node.id, kind=node.kind, layer_s=layer_s, memory_bytes=memory,
        codec_speed=1.0 if slow_down is None else 1 / slow_down,
    )  # fmt: skip


def _link(link: Link, scale: Scale) -> Link:
    return link.model_copy(
        update={"rate_bps": link.rate_bps * scale.rate, "latency_s": link.latency_s * scale.latency}
    )
