"""The form of scenario files (TOML): what is drawn for each request, and from what.

A value that may vary is a number, a list (each entry as likely) or ``{low = …, high = …}`` (uniform).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator

from satllm_env.errors import InputError
from satllm_env.problem.schema import Finite, Form, LossPoints, Name, NonNegative, Positive
from satllm_env.scenarios.form_error import form_error
from satllm_env.text import read_text

FORMAT: Literal["satllm-scenario/1"] = "satllm-scenario/1"
LIBRARY = files("satllm_env.scenarios") / "library"
TEMPLATES = files("satllm_env.scenarios") / "templates"
ELEMENTS_PREFIX = "tle:"
"""What stands before the file of element sets that a scenario is over."""

WALKER_KEYS = ("altitude_km", "inclination_deg", "satellites", "planes")
DEFAULT_EPOCH = datetime(2025, 1, 1, tzinfo=UTC)

Share = Annotated[Finite, Field(ge=0, lt=1)]
Availability = Annotated[Finite, Field(ge=0.5, le=1)]
Utilisation = Annotated[Finite, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1, le=10**6, strict=True)]
Hops = Annotated[int, Field(ge=0, le=10**6, strict=True)]
Some = Annotated[Finite, Field(gt=0, le=1e18)]


Span = tuple[NonNegative, NonNegative]
"""Least and greatest."""


class Uniform(Form):
    """A number drawn uniformly between two bounds."""

    low: NonNegative
    high: NonNegative

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low {self.low:g} lies above high {self.high:g}")
        return self


class UniformSome(Uniform):
    """A number above 0."""

    low: Some
    high: Some


class UniformPoints(Uniform):
    """Percentage points."""

    high: LossPoints


class UniformShare(Uniform):
    """A share below 1."""

    high: Share


Numbers = Some | Annotated[tuple[Some, ...], Field(min_length=1)] | UniformSome
Points = LossPoints | Annotated[tuple[LossPoints, ...], Field(min_length=1)] | UniformPoints
Shares = Share | Annotated[tuple[Share, ...], Field(min_length=1)] | UniformShare
Counts = Count | Annotated[tuple[Count, ...], Field(min_length=1)]
HopCounts = Hops | Annotated[tuple[Hops, ...], Field(min_length=1)]


class Orbits(Form):
    """A Walker constellation or a file of element sets, and the span of time of the requests."""

    altitude_km: Positive | None = None
    inclination_deg: NonNegative | None = None
    satellites: Count | None = None
    planes: Count | None = None
    phasing: Hops = 0
    pattern: Literal["delta", "star"] = "delta"
    elements: Name | None = None
    """Instead of a Walker constellation: a TLE file, or CelesTrak's OMM where its name ends in ``.csv``."""
    topology: Literal["ring", "plus-grid", "nearest"] = "plus-grid"
    """Of element sets, "plus-grid" takes the planes and slots that they keep."""
    terminals: Annotated[int, Field(ge=1, le=4, strict=True)] = 4
    """Links of a satellite at most, for "nearest"."""
    epoch: Annotated[datetime, Field(strict=True)] | None = None
    """UTC; by default the start of 2025, or the epoch of the newest element set."""
    window_s: Annotated[Finite, Field(gt=0, le=1e9)] = 86_400.0
    """[s] requests are drawn uniformly from this long after the epoch."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        walker = {key: getattr(self, key) for key in WALKER_KEYS}
        given = [key for key, value in walker.items() if value is not None]
        if self.elements is None and len(given) < len(walker):
            missing = ", ".join(key for key in walker if key not in given)
            raise ValueError(f"give {missing}, or elements for a file of element sets")
        if self.elements is not None and given:
            raise ValueError(f"give either elements or {given[0]}")
        if self.elements is not None and self.topology == "ring":
            raise ValueError("topology must be plus-grid or nearest for element sets")
        return self


class LaserLinks(Form):
    """Inter-satellite links by the laser budget."""

    cap_bps: Positive | None = None
    """[bit/s] the terminals' highest rate."""
    margin_db: NonNegative = 0.0


class Downlink(Form):
    """Links to the ground: one station is drawn for each request."""

    stations: Literal["all"] | Annotated[tuple[Name, ...], Field(min_length=1)] = "all"
    min_elevation_deg: Annotated[Finite, Field(ge=0, lt=90)] = 10.0
    rate_bps: Numbers | Literal["ka-band"] = "ka-band"
    """[bit/s] a rate drawn for each request, or the Ka-band budget at the elevation of the moment."""
    modem: Literal["shannon", "dvb-s2"] = "shannon"
    """What makes a rate of the Ka-band budget's carrier to noise ratio."""
    weather_availability: Annotated[Finite, Field(gt=0, lt=1)] | None = None
    """[1] share of time in which the atmosphere takes no more than the budget allows for (ITU-R P.618 at
    each station; needs the extra "atmosphere"); by default a fixed loss by elevation."""


class Failures(Form):
    """What fails, drawn anew for each request."""

    isl_availability: Availability = 0.99
    """[1] share of time in which a link in sight carries."""
    downlink_availability: Availability = 1.0
    outage_s: Span = (12.0, 30.0)
    """[s] shortest and longest."""
    acquisition_s: Span = (12.0, 60.0)
    """[s] likewise, of terminals after an outage and after coming into view."""
    lost_share: Share = 0.0
    """[1] of the satellites."""


class Battery(Form):
    """The power system of every satellite; its battery is full two orbits before the request."""

    battery_wh: Positive
    panel_w: Positive
    bus_w: NonNegative
    laser_w: NonNegative = 50.0
    """[W] of each terminal with a link."""
    depth_of_discharge: Annotated[Finite, Field(gt=0, le=1)] = 0.3
    """[1] share that may be used before a satellite computes in its lower mode."""


class Power(Form):
    """What satellites do without in the Earth's shadow."""

    shadow: Literal["conical", "cylindrical"] = "conical"
    downlink_in_eclipse: Annotated[bool, Field(strict=True)] = False
    lower_modes: Mapping[Name, Name] = Field(default_factory=dict)
    """The board, or its power mode, that a satellite changes to in eclipse or with a low battery, by the
    name of the usual one."""
    battery: Battery | None = None


class RequestModel(Form):
    """A model that requests may ask for."""

    name: Name
    """A known model, or the path of a Hugging Face ``config.json``."""
    weight: Positive = 1.0
    """Relative frequency among the scenario's models."""
    precision: Literal["fp32", "fp16", "int8"] = "fp16"
    resolutions: Annotated[tuple[Name, ...], Field(min_length=1)] | None = None
    """Raw images of vision models; by default the model's own input size."""
    prompt_tokens: Counts | None = None
    """Tokens of a decoder's prompts."""
    footprint: Literal["architecture", "paper"] = "architecture"
    """Memory by formula, or the footprint that the paper states, spread over the layers."""


class Requests(Form):
    """What is asked, by which satellite."""

    models: Annotated[tuple[RequestModel, ...], Field(min_length=1)]
    batch: Counts
    """Images or prompts in a batch."""
    micro_batches: Counts
    accuracy_budget: Points
    hops_from_downlink: HopCounts
    """ISL hops from the source to the nearest satellite with a downlink."""
    reach_hops: Count | None = None
    """The problem holds the satellites within this many hops of the source; by default all."""


class Compute(Form):
    """Which satellites compute, and how fast."""

    boards: Annotated[tuple[Name, ...], Field(min_length=1)]
    satellites: Counts | None = None
    """How many compute: a run of neighbours that holds the way from the source to its downlink."""
    share: Annotated[Finite, Field(gt=0, le=1)] | None = None
    """Or the share of satellites that compute, each drawn on its own."""
    memory_bytes: Numbers
    utilisation: Utilisation | None = None
    """[1] of the boards' peak; by default the boards' own."""
    load: Shares = 0.0
    """[1] share of a satellite's processor that other work takes."""
    codec_speed: Numbers | None = None
    """[1] divides a profile's encode and decode seconds; by default the boards' own."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.satellites is None) == (self.share is None):
            raise ValueError("give either satellites or share")
        return self


class Ground(Form):
    """The destination's computer."""

    board: Name = "rtx-4070-ti"
    utilisation: Utilisation | None = None
    may_compute: Annotated[bool, Field(strict=True)] = True
    memory_bytes: Some | None = None


class Compression(Form):
    """The levels of compression."""

    profile: Name = "landcover-vit"
    """Of vision models: a known profile, or the path of a profile file."""
    decoder_profile: Name = "char-lm"
    """Of decoders."""


class ScenarioForm(Form):
    """A whole scenario file."""

    format: Literal["satllm-scenario/1"] = FORMAT
    name: Name
    description: Name
    orbits: Orbits
    isl: LaserLinks = LaserLinks()
    downlink: Downlink = Downlink()
    requests: Requests
    compute: Compute
    ground: Ground = Ground()
    compression: Compression = Compression()
    failures: Failures | None = None
    power: Power | None = None


def scenario_names() -> tuple[str, ...]:
    """Names of the scenarios that come with the project."""
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in LIBRARY.iterdir()))


def load_form(name_or_path: str | Path) -> ScenarioForm:
    """Read and check a scenario by name, from a TOML file, or over element sets as ``tle:FILE``.

    A TOML file names a file of element sets as seen from its own folder.

    Raises:
        InputError: no such scenario or file, not TOML, or a key that breaks the form.
    """
    source = str(name_or_path)
    if source.startswith(ELEMENTS_PREFIX):
        data = _parse((TEMPLATES / "tle.toml").read_text(encoding="utf-8"), source)
        data["orbits"]["elements"] = source.removeprefix(ELEMENTS_PREFIX)
        return _checked(data, source)
    if source in scenario_names():
        return _checked(_parse((LIBRARY / f"{source}.toml").read_text(encoding="utf-8"), source), source)
    form = _checked(_parse(_read(Path(name_or_path)), source), source)
    if form.orbits.elements is None:
        return form
    elements = Path(name_or_path).parent / form.orbits.elements
    return form.model_copy(update={"orbits": form.orbits.model_copy(update={"elements": str(elements)})})


def _checked(data: dict[str, Any], source: str) -> ScenarioForm:
    try:
        return ScenarioForm.model_validate(data)
    except ValidationError as error:
        raise form_error(error, data, source) from None


def _parse(text: str, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(source, "", f"not TOML: {error}") from None
    except ValueError:  # python refuses to read integers of more than 4,300 digits
        raise InputError(source, "", "a number has too many digits") from None
    except RecursionError:
        raise InputError(source, "", "not a scenario: nested too deeply") from None


def _read(path: Path) -> str:
    if path.suffix != ".toml" and not path.exists():
        known = ", ".join(scenario_names())
        raise InputError("scenario", str(path), f"unknown; known are {known}, tle:FILE, or a TOML file")
    return read_text(path)


def draw(rng: np.random.Generator, value: float | tuple[float, ...] | Uniform) -> float:
    """Draw a number that may vary; nothing is drawn for a number that does not."""
    return pick(rng.random(), value) if isinstance(value, tuple | Uniform) else value


def pick(luck: float, value: float | tuple[float, ...] | Uniform) -> float:
    """The number that a uniform draw from [0, 1) stands for."""
    if isinstance(value, Uniform):
        return value.low + luck * (value.high - value.low)
    if isinstance(value, tuple):
        return value[int(luck * len(value))]
    return value
