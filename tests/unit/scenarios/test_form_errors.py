"""Tests that what is wrong in a scenario file is said in one line that names the file and the key."""

from datetime import UTC, date, datetime

import pytest

from satllm_env.errors import InputError
from satllm_env.scenarios import load_form, load_scenario
from tests.unit.scenarios.cases import FILE, NAMES, build, full_data, library_text, put

WRONG = [
    (("format",), "satllm-scenario/2", "format: should be 'satllm-scenario/1'"),
    (("frmat",), 1, "frmat: Extra inputs"),
    (("",), 1, "'': Extra inputs"),
    (("a\nb",), 1, r"'a\nb': Extra inputs"),
    (("name",), ..., "name: Field required"),
    (("name",), "", "name: String should have at least 1 character"),
    (("orbits",), 3, "orbits: should be a table (got 3)"),
    (("orbits", "planes"), 5, "orbits: walker: planes: 5 does not divide 12"),
    (("orbits", "altitude_km"), 10, "orbits: walker: altitude_km: must be"),
    (("orbits", "satellites"), 0, "orbits.satellites: Input should be greater than or equal to 1"),
    (("orbits", "satellites"), 12.0, "orbits.satellites: should be a whole number"),
    (("orbits", "pattern"), "x", "orbits.pattern: should be 'delta' or 'star'"),
    (("orbits", "epoch"), 5, "orbits.epoch: should be a date and time"),
    (("orbits", "epoch"), date(2025, 1, 1), "orbits.epoch: should be a date and time"),
    (("orbits", "epoch"), datetime(2025, 1, 1), "orbits: epoch: 2025-01-01T00:00:00 has no time zone"),
    (("orbits", "altitude_km"), ..., "orbits: give altitude_km, or elements for a file of element sets"),
    (("orbits", "elements"), "x.tle", "orbits: give either elements or altitude_km"),
    (("orbits", "terminals"), 5, "orbits.terminals: Input should be less than or equal to 4"),
    (("orbits", "window_s"), 1e18, "orbits.window_s: Input should be less than"),
    (("failures",), {"outage_s": []}, "failures.outage_s[0]: Field required"),
    (("isl", "cap_bps"), True, "isl.cap_bps: should be a number (got True)"),
    (("downlink", "stations"), "x", "downlink.stations: should be 'all' or a list"),
    (("downlink", "stations"), ["Kiruna", "x"], "downlink.stations[1]: unknown station 'x'; known are"),
    (
        ("downlink", "rate_bps"),
        "kaband",
        "downlink.rate_bps: should be a number, a list, a table or 'ka-band'",
    ),
    (("downlink", "rate_bps"), {"low": 0, "high": 1e8}, "downlink.rate_bps.low: Input should be greater"),
    (("downlink", "min_elevation_deg"), 90, "downlink.min_elevation_deg: Input should be less than 90"),
    (("downlink", "modem"), "x", "downlink.modem: should be 'shannon' or 'dvb-s2'"),
    (("downlink", "weather_availability"), 1.0, "downlink.weather_availability: Input should be less than 1"),
    (("failures",), {"isl_availability": 0.3}, "failures.isl_availability: Input should be greater"),
    (("failures",), {"outage_s": [30, 12]}, "failures: outages: outage_s: must be from 30"),
    (("failures",), {"lost_share": 1.0}, "failures.lost_share: Input should be less than 1"),
    (("power",), {"shadow": "round"}, "power.shadow: should be 'conical' or 'cylindrical'"),
    (("power",), {"lower_modes": {"orin-64gb-50w": "x"}}, "power.lower_modes.orin-64gb-50w: board: x:"),
    (("power",), {"lower_modes": {"x": "orin-64gb-15w"}}, "power.lower_modes.x: is none of compute.boards"),
    (("power",), {"battery": {"panel_w": 1, "bus_w": 1}}, "power.battery.battery_wh: Field required"),
    (("requests", "models"), [], "requests.models: "),
    (("requests", "models", 0, "name"), "vit-x", "requests.models[0].name: model: vit-x: unknown"),
    (
        ("requests", "models", 0, "name"),
        "absent.json",
        "requests.models[0].name: absent.json: cannot be read",
    ),
    (("requests", "models", 0, "prompt_tokens"), 3, "requests.models[0].prompt_tokens: has no meaning"),
    (("requests", "models", 0, "resolutions"), ["480p", "1x"], "requests.models[0].resolutions[1]: "),
    (("requests", "models", 0, "precision"), "fp8", "requests.models[0].precision: should be 'fp32'"),
    (("requests", "models", 0, "weight"), 0, "requests.models[0].weight: Input should be greater"),
    (("requests", "batch"), 2.5, "requests.batch: should be a whole number or a list"),
    (("requests", "batch"), [64, 0], "requests.batch[1]: Input should be greater"),
    (("requests", "batch"), 10**30, "requests.batch: Input should be less"),
    (("requests", "micro_batches"), 7, "requests.micro_batches: none divides a batch of 64"),
    (("requests", "accuracy_budget"), {"low": 0, "high": 1e18}, "requests.accuracy_budget.high: Input"),
    (("requests", "hops_from_downlink"), 5, "compute.satellites: 5 cannot hold the way over 5 hops"),
    (("requests", "reach_hops"), 0, "requests.reach_hops: Input should be greater"),
    (("compute",), ..., "compute: Field required"),
    (("compute",), [], "compute: should be a table"),
    (("compute", "satellites"), ..., "compute: give either satellites or share"),
    (("compute", "share"), 0.5, "compute: give either satellites or share"),
    (("compute", "boards"), ["x"], "compute.boards[0]: board: x: unknown"),
    (("compute", "load"), 1, "compute.load: Input should be less than 1"),
    (("compute", "load"), "x", "compute.load: should be a number, a list or a table"),
    (("compute", "load"), [0.1, "x"], "compute.load[1]: should be a number"),
    (("compute", "load"), {"low": 0.6}, "compute.load.high: Field required"),
    (("compute", "load"), {"low": 0.6, "high": 0.5}, "compute.load: low 0.6 lies above high 0.5"),
    (("compute", "load"), {"low": 0, "high": 2}, "compute.load.high: Input should be less than 1"),
    (("compute", "load"), {"low": 0, "high": 0.5, "mid": 1}, "compute.load.mid: Extra inputs"),
    (("compute", "memory_bytes"), float("nan"), "compute.memory_bytes: Input should be a finite number"),
    (("compute", "memory_bytes"), 1e20, "compute.memory_bytes: Input should be less"),
    (("ground", "board"), "x", "ground.board: board: x: unknown"),
    (("ground", "may_compute"), 1, "ground.may_compute: should be true or false"),
    (("compression", "profile"), "x", "compression.profile: "),
]


@pytest.mark.parametrize(("way", "value", "says"), WRONG)
def test_wrong_keys(way, value, says):
    """Each wrong key, type, range and name is named with its file in one line."""
    with pytest.raises(InputError) as caught:
        build(put(full_data("paper"), way, value))
    assert str(caught.value).startswith(f"{FILE}: {says}")
    assert "\n" not in str(caught.value)


def test_full_data_is_right():
    """What the tests damage is right before, with optional keys spelt out."""
    for name in ("paper", "paper-ground", "walker-dense"):
        assert build(full_data(name)).sample(0).problem.nodes


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"format = ", "not TOML: "),
        (b"\xff\xfe", "cannot be read"),
        (b"batch = 1" + b"0" * 5000, "a number has too many digits"),
        (b"x = " + b"[" * 100_000, "nested too deeply"),
        (b"", "name: Field required"),
    ],
)
def test_files_that_are_no_scenarios(tmp_path, data, says):
    """Files of another kind are refused by name."""
    path = tmp_path / "odd.toml"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        load_scenario(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("papre", f"scenario: papre: unknown; known are {', '.join(NAMES)}, tle:FILE, or a TOML file"),
        ("", ".: cannot be read: Is a directory"),
        ("absent.toml", "absent.toml: cannot be read: No such file"),
        ("a\0b.toml", "cannot be read"),
        (".", ".: cannot be read: Is a directory"),
    ],
)
def test_unknown_names(name, says):
    """Names that lead nowhere are refused."""
    with pytest.raises(InputError) as caught:
        load_form(name)
    assert says in str(caught.value)


def test_file_equals_library(tmp_path):
    """A copy of a scenario's file draws the same requests, by path as text or not."""
    path = tmp_path / "copy.toml"
    path.write_text(library_text("walker-dense"), encoding="utf-8")
    for given in (path, str(path)):
        assert load_scenario(given).sample(5).problem == load_scenario("walker-dense").sample(5).problem


def test_scenarios_that_cannot_be_served():
    """A scenario whose requests have no plan, or no source that far away, says so."""
    starved = put(full_data("paper"), ("compute", "memory_bytes"), 1e6)
    with pytest.raises(InputError, match=r"mine\.toml: none of 1000 requests drawn could be served"):
        build(starved).sample(0)
    slow = put(full_data("paper"), ("isl", "cap_bps"), 1e-300)
    with pytest.raises(InputError, match=r"mine\.toml: a request drawn from it is out of range: .*rate_bps"):
        build(slow).sample(0)


def test_sites_that_do_not_exist(monkeypatch):
    """Where no station is ever seen, or no satellite is that far from one, the key is named."""
    monkeypatch.setattr("satllm_env.scenarios.sites.ATTEMPTS", 50)
    data = full_data("paper")
    data["compute"]["satellites"], data["requests"]["hops_from_downlink"] = 12, 11
    with pytest.raises(
        InputError, match=r"mine\.toml: requests\.hops_from_downlink: no satellite is that far"
    ):
        build(data).sample(0)
    data = full_data("paper")
    data["orbits"]["inclination_deg"], data["downlink"]["stations"] = 0, ["Svalbard"]
    with pytest.raises(InputError, match=r"mine\.toml: downlink: no contact at any of 50 moments"):
        build(data).sample(0)


@pytest.mark.parametrize("year", [1, 1900, 2100, 9999])
def test_far_epochs(year):
    """Epochs that the time scales do not reach are refused in one line; others are drawn from."""
    try:
        sample = build(put(full_data("paper"), ("orbits", "epoch"), datetime(year, 1, 1, tzinfo=UTC))).sample(
            0
        )
    except InputError as error:
        assert str(error).startswith(f"{FILE}: ")
    else:
        assert sample.problem.links


@pytest.mark.parametrize("seed", [-1, 1.5, None, "3"])
def test_wrong_seeds(seed):
    """Seeds are whole numbers from 0; nothing is drawn from the system's entropy."""
    with pytest.raises(InputError, match="seed: is "):
        load_scenario("paper").sample(seed)
