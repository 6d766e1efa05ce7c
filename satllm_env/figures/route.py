"""What all views show of a plan or of a walk in progress, and the names they give it."""

from __future__ import annotations

from dataclasses import dataclass

from satllm_env.problem.instance import Instance
from satllm_env.problem.plan import Plan, Stage, Transfer, walk_resources
from satllm_env.problem.walk import Walk


@dataclass(frozen=True)
class Route:
    """The payload's way so far; a plan's is a finished one."""

    instance: Instance
    resources: tuple[Stage | Transfer, ...]
    node: int
    """Where the payload is."""
    finished: bool
    delay_s: float
    sum_s: float
    bottleneck_s: float
    accuracy_loss: float
    """[percentage points]"""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages in order, one in progress included."""
        return tuple(r for r in self.resources if isinstance(r, Stage))

    @property
    def transfers(self) -> tuple[Transfer, ...]:
        """The sends in order."""
        return tuple(r for r in self.resources if isinstance(r, Transfer))

    @property
    def hops(self) -> list[tuple[int, int]]:
        """Source and target node of each send."""
        tables = self.instance.tables
        return [(int(tables.link_source[t.link]), int(tables.link_target[t.link])) for t in self.transfers]

    @property
    def layers_done(self) -> int:
        """Boundary of the payload."""
        return max((stage.end_layer for stage in self.stages), default=0)

    @property
    def bottleneck(self) -> int:
        """Index of the resource with the longest busy time, −1 where there is none."""
        busy = [resource.busy_s for resource in self.resources]
        return busy.index(max(busy)) if busy else -1


def route_of(way: Plan | Walk) -> Route:
    """The route of a plan or of a walk, finished or not."""
    if isinstance(way, Plan):
        resources, node, finished = way.resources, way.instance.tables.destination, True
    else:
        resources, node, finished = tuple(walk_resources(way)), way.node, way.finished
    return Route(
        instance=way.instance,
        resources=resources,
        node=node,
        finished=finished,
        delay_s=way.delay_s,
        sum_s=way.sum_s,
        bottleneck_s=way.bottleneck_s,
        accuracy_loss=way.accuracy_loss,
    )


def node_name(instance: Instance, node: int, limit: int = 24) -> str:
    """A node's id, fit to print."""
    return shorten(instance.problem.nodes[node].id, limit)


def level_name(instance: Instance, level: int, limit: int = 24) -> str:
    """A compression level's name, fit to print."""
    return shorten(instance.problem.compression[level].name, limit)


def layer_range(first: int, end: int) -> str:
    """``0–21`` for layers 0 to 21, ``7`` for one layer."""
    return str(first) if end == first + 1 else f"{first}–{end - 1}"


def layers_text(first: int, end: int) -> str:
    """``layers 0–21`` or ``layer 7``."""
    return ("layer " if end == first + 1 else "layers ") + layer_range(first, end)


def payload_text(instance: Instance, boundary: int) -> str:
    """``input``, ``boundary 22`` or ``result``."""
    if boundary == 0:
        return "input"
    return "result" if boundary == instance.tables.num_layers else f"boundary {boundary}"


def resource_text(instance: Instance, resource: Stage | Transfer, limit: int = 24) -> str:
    """``sat-3 · layers 0–21`` or ``sat-3 → sat-4 · boundary 22 · mask-22``, names cut to `limit`."""
    if isinstance(resource, Stage):
        layers = layers_text(resource.first_layer, resource.end_layer)
        return f"{node_name(instance, resource.node, limit)} · {layers}"
    tables = instance.tables
    source = node_name(instance, int(tables.link_source[resource.link]), limit)
    target = node_name(instance, int(tables.link_target[resource.link]), limit)
    text = f"{source} → {target} · {payload_text(instance, resource.boundary)}"
    if resource.boundary in (0, tables.num_layers):
        return text  # the input and the result have no level to choose
    return f"{text} · {level_name(instance, resource.level, limit)}"


def shorten(text: str, limit: int) -> str:
    """Cut the middle out of a long name; control characters become ``?``."""
    plain = "".join(c if c.isprintable() else "?" for c in text)
    if len(plain) <= limit:
        return plain
    tail = (limit - 1) // 2
    return plain[: limit - 1 - tail] + "…" + plain[len(plain) - tail :]
