"""Scenario files to damage."""

import copy
import tomllib
from datetime import UTC, datetime

from pydantic import ValidationError

from satllm_env.scenarios import Scenario, ScenarioForm, scenario_names
from satllm_env.scenarios.form import LIBRARY
from satllm_env.scenarios.form_error import form_error

NAMES = scenario_names()
FILE = "mine.toml"
OPTIONAL = {
    "orbits": {
        "phasing": 0,
        "pattern": "delta",
        "epoch": datetime(2025, 1, 1, tzinfo=UTC),
        "window_s": 86400,
    },
    "isl": {"margin_db": 0.0},
    "downlink": {"stations": "all", "min_elevation_deg": 10.0},
    "compute": {"utilisation": 0.4, "load": 0.1, "codec_speed": 1.0},
    "ground": {"board": "rtx-4070-ti", "utilisation": 0.3, "memory_bytes": 8e9},
    "compression": {"profile": "paper-fit", "decoder_profile": "paper-fit"},
}


def library_text(name):
    """The TOML text of a scenario that comes with the project."""
    return (LIBRARY / f"{name}.toml").read_text(encoding="utf-8")


def full_data(name):
    """A scenario as plain data with its optional keys spelt out."""
    data = tomllib.loads(library_text(name))
    for section, keys in copy.deepcopy(OPTIONAL).items():
        data.setdefault(section, {})
        data[section] = keys | data[section]
    data["requests"]["models"][0] |= {"weight": 1.0, "precision": "fp16"}
    return data


def build(data):
    """The scenario of plain data, as from a file."""
    try:
        form = ScenarioForm.model_validate(data)
    except ValidationError as error:
        raise form_error(error, data, FILE) from None
    return Scenario(form, FILE)


def put(data, way, value):
    """A copy of the data with a value at a way of keys; `...` removes the key."""
    data = copy.deepcopy(data)
    place = data
    for key in way[:-1]:
        place = place[key]
    if value is ...:
        del place[way[-1]]
    else:
        place[way[-1]] = value
    return data
