"""The file form ``satllm-split-problem/1``, checked field by field.

Bytes are per micro-batch and uncompressed, seconds are seconds, rates are bit/s; unknown keys, NaN
and numbers out of range are refused. `docs/problem.md` states the rules.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from satllm_env.errors import InputError
from satllm_env.text import read_text

FORMAT: Literal["satllm-split-problem/1"] = "satllm-split-problem/1"

Finite = Annotated[float, Field(allow_inf_nan=False, strict=True)]
NonNegative = Annotated[Finite, Field(ge=0, le=1e18)]
Count = Annotated[int, Field(ge=1, strict=True)]
Positive = Annotated[Finite, Field(gt=0, le=1e24)]
LossPoints = Annotated[Finite, Field(ge=0, le=1e6)]
Name = Annotated[str, Field(min_length=1)]


class Form(BaseModel):
    """A part of the file form: immutable, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Layer(Form):
    """One layer of the model, per micro-batch."""

    name: Name
    flops: NonNegative
    weight_bytes: NonNegative
    activation_bytes: NonNegative
    """[bytes] uncompressed output of the layer."""
    state_bytes: NonNegative = 0.0
    """[bytes] kept beside the weights, such as a KV cache."""
    workspace_bytes: NonNegative = 0.0
    """[bytes] scratch memory while the layer runs; a stage needs its largest."""


class Model(Form):
    """The model that is split; boundary ``j`` is the payload after ``j`` layers."""

    name: Name
    input_bytes: NonNegative
    result_bytes: NonNegative
    layers: Annotated[tuple[Layer, ...], Field(min_length=1)]


class Node(Form):
    """A satellite or a ground site; without ``flops_per_s`` and ``layer_s`` it can only relay."""

    id: Name
    kind: Literal["satellite", "ground"]
    flops_per_s: Positive | None = None
    """[FLOP/s] effective for this model (peak times utilisation)."""
    layer_s: tuple[NonNegative, ...] | None = None
    """[s] measured seconds per layer and micro-batch; replaces ``flops / flops_per_s``."""
    memory_bytes: NonNegative | None = None
    """[bytes] limit on a stage; ``None`` is unlimited."""
    codec_speed: Positive = 1.0
    """[1] divides the node's encode and decode seconds."""


class Link(Form):
    """A directed link."""

    source: Name = Field(alias="from")
    target: Name = Field(alias="to")
    rate_bps: Positive
    latency_s: NonNegative


class Level(Form):
    """A compression level; lists have one entry per cut (entry ``j − 1`` for boundary ``j``)."""

    name: Name
    ratio: Positive | tuple[Positive, ...]
    """[1] uncompressed bytes over sent bytes."""
    loss: LossPoints | tuple[LossPoints, ...]
    """[percentage points] of accuracy lost when a cut is encoded at this level."""
    encode_s_per_byte: NonNegative = 0.0
    decode_s_per_byte: NonNegative = 0.0


class Problem(Form):
    """A whole instance of the split problem."""

    format: Literal["satllm-split-problem/1"] = FORMAT
    model: Model
    nodes: Annotated[tuple[Node, ...], Field(min_length=2)]
    links: tuple[Link, ...]
    source: Name
    destination: Name
    ground_may_compute: Annotated[bool, Field(strict=True)] = True
    compression: Annotated[tuple[Level, ...], Field(min_length=1)]
    accuracy_budget: LossPoints
    """[percentage points] the losses of all cuts add up to at most this."""
    micro_batches: Annotated[int, Field(ge=1, le=10**6, strict=True)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_nodes(self)
        _check_links(self)
        _check_compression(self)
        return self


def _check_nodes(problem: Problem) -> None:
    seen: set[str] = set()
    layers = len(problem.model.layers)
    for index, node in enumerate(problem.nodes):
        if node.id in seen:
            raise _FieldError(f"nodes[{index}].id", f"duplicate id {node.id!r}")
        seen.add(node.id)
        if node.layer_s is not None and len(node.layer_s) != layers:
            raise _FieldError(
                f"nodes[{index}].layer_s", f"has {len(node.layer_s)} entries, the model has {layers} layers"
            )
    for field, value in (("source", problem.source), ("destination", problem.destination)):
        if value not in seen:
            raise _FieldError(field, f"unknown node {value!r}")
    if problem.source == problem.destination:
        raise _FieldError("destination", "is the source itself; the payload would have nowhere to go")


def _check_links(problem: Problem) -> None:
    ids = {node.id for node in problem.nodes}
    seen: set[tuple[str, str]] = set()
    for index, link in enumerate(problem.links):
        for field, end in (("from", link.source), ("to", link.target)):
            if end not in ids:
                raise _FieldError(f"links[{index}].{field}", f"unknown node {end!r}")
        if link.source == link.target:
            raise _FieldError(f"links[{index}].to", f"link from {link.source!r} to itself")
        if (link.source, link.target) in seen:
            raise _FieldError(f"links[{index}]", f"duplicate link {link.source!r} to {link.target!r}")
        seen.add((link.source, link.target))


def _check_compression(problem: Problem) -> None:
    cuts = len(problem.model.layers) - 1
    names: set[str] = set()
    for index, level in enumerate(problem.compression):
        where = f"compression[{index}]"
        if level.name in names:
            raise _FieldError(f"{where}.name", f"duplicate level {level.name!r}")
        names.add(level.name)
        for field in ("ratio", "loss"):
            value = getattr(level, field)
            if isinstance(value, tuple) and len(value) != cuts:
                raise _FieldError(f"{where}.{field}", f"has {len(value)} entries, the model has {cuts} cuts")
    if not _is_plain(problem.compression[0]):
        raise _FieldError(
            "compression[0]", "must be the level 'none' (ratio 1, loss 0, encode and decode 0 s per byte)"
        )


def _is_plain(level: Level) -> bool:
    """Whether a level is `none`; its ratio and loss may be written as lists too."""
    ratios = level.ratio if isinstance(level.ratio, tuple) else (level.ratio,)
    losses = level.loss if isinstance(level.loss, tuple) else (level.loss,)
    free = level.encode_s_per_byte == level.decode_s_per_byte == 0
    return level.name == "none" and set(ratios) <= {1.0} and set(losses) <= {0.0} and free


class _FieldError(ValueError):
    """A rule across fields that is broken; carries the field's path through pydantic."""

    def __init__(self, field: str, problem: str) -> None:
        self.field, self.problem = field, problem
        super().__init__(problem)


def first_error(error: ValidationError, source: str, root: str = "") -> InputError:
    """Reduce pydantic's report to the first fault, as one line that names file and field.

    Args:
        error: pydantic's report.
        source: where the data came from.
        root: field that the checked data stands at in its file, if not the top.
    """
    faults = error.errors(include_url=False)
    field = _dotted(faults[0])
    # a union reports one fault per branch: the deepest is the one the user meant
    fault = max((f for f in faults if _dotted(f).startswith(field)), key=lambda f: len(_dotted(f)))
    path = root + _dotted(fault)
    cause = fault.get("ctx", {}).get("error")
    if isinstance(cause, _FieldError):
        return InputError(source, path + cause.field, cause.problem)
    message = _words(fault)
    if fault["type"] not in ("missing", "extra_forbidden"):
        message += f" (got {_short(fault['input'])})"
    return InputError(source, path, message)


def _words(fault: ErrorDetails) -> str:
    """What is wrong, without the input itself, whose line breaks would break the message."""
    context = fault.get("ctx", {})
    if fault["type"] == "union_tag_invalid":
        return f"{context['discriminator']} should be one of {context['expected_tags']}"
    return _JSON_WORDS.get(fault["type"], fault["msg"].removeprefix("Value error, "))


_JSON_WORDS = {
    "tuple_type": "Input should be a list",
    "model_type": "Input should be an object",
    "model_attributes_type": "Input should be an object",
}
"""What the user of a file calls pydantic's types."""


def _dotted(fault: ErrorDetails) -> str:
    """Path of the field that a fault stands at."""
    path = ""
    # the last part of these is a key that the user wrote or forgot, whatever it looks like
    keyed = len(fault["loc"]) - 1 if fault["type"] in ("missing", "extra_forbidden") else -1
    for position, part in enumerate(fault["loc"]):
        if isinstance(part, int):
            path += f"[{part}]"
        elif position == keyed or _is_field_name(part):
            path += ("." if path else "") + _printable(part)
    return path


def _printable(name: str) -> str:
    return name if name and name.isprintable() else repr(name)


_BRANCHES = frozenset({"float", "int", "str", "bool", "compute", "send"})
"""Names that pydantic gives to branches of the unions of these forms."""


def _is_field_name(part: str) -> bool:
    # pydantic adds names of union branches ("constrained-float", "tuple[...]") to the path
    return not any(mark in part for mark in "[](){}-,") and part not in _BRANCHES


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits, lists nested too deeply
        return type(value).__name__
    return text if len(text) <= 60 else text[:57] + "..."


def parse_problem(data: Any, source: str = "problem") -> Problem:
    """Check plain data (as from ``json.loads``) against the form.

    Raises:
        InputError: one line naming `source` and the first field at fault.
    """
    if isinstance(data, dict) and "format" not in data:
        raise InputError(source, "format", f"Field required; {FORMAT!r} is the one known")
    try:
        return Problem.model_validate(data, by_alias=True, by_name=False)
    except ValidationError as error:
        raise first_error(error, source) from None


def load_problem(path: str | Path) -> Problem:
    """Read and check a problem file.

    Raises:
        InputError: the file cannot be read, is not JSON, or breaks the form.
    """
    return parse_problem(load_json(path), str(path))


def load_json(path: str | Path) -> Any:
    """Read a JSON file strictly: repeated keys, NaN and Infinity are refused.

    Raises:
        InputError: the file cannot be read or is not JSON.
    """
    text = read_text(path)

    def no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table = dict(pairs)
        if len(table) != len(pairs):
            names = [name for name, _ in pairs]
            repeated = next(name for name in names if names.count(name) > 1)
            raise InputError(str(path), _printable(repeated), "appears twice in one object")
        return table

    def no_constants(constant: str) -> float:
        raise InputError(str(path), "", f"{constant} is not a number that JSON allows")

    try:
        return json.loads(text, object_pairs_hook=no_repeats, parse_constant=no_constants)
    except json.JSONDecodeError as error:
        raise InputError(str(path), f"line {error.lineno}", f"not JSON: {error.msg}") from None
    except InputError:
        raise
    except ValueError:  # python refuses to read integers of more than 4,300 digits
        raise InputError(str(path), "", "a number has too many digits") from None
    except RecursionError:
        raise InputError(str(path), "", "not a problem: nested too deeply") from None


def dump_problem(problem: Problem) -> str:
    """Serialise to the file form; loading it again gives an equal problem."""
    data = problem.model_dump(mode="json", by_alias=True)
    data["nodes"] = [_without_defaults(node, ("flops_per_s", "layer_s")) for node in data["nodes"]]
    return json.dumps(data, indent=1, allow_nan=False) + "\n"


def _without_defaults(node: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in node.items() if value is not None or key not in fields}
