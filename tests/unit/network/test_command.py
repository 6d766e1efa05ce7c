"""The command `scripts/network.py`."""

import csv
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from satllm_env.cli import run_command
from satllm_env.network import Walker, walker_constellation
from tests.unit.network.element_text import text_of

SCRIPT = Path(__file__).parents[3] / "scripts" / "network.py"
PAPER = ("--walker", "500,53,12,1,0")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def command() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("network_command", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run(command: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process: exit code, stdout, stderr."""

    def call(*flags: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", [str(SCRIPT), *flags])
        with pytest.raises(SystemExit) as stop:
            run_command(command.Arguments, command.main)
        return (int(stop.value.code or 0), *capsys.readouterr())

    return call


def test_files_and_json(run: Run, tmp_path: Path):
    """With --out and --json stdout is one object that names the three files, and the rows are there."""
    (tmp_path / "isls.txt").write_text("0 1\n5 4\n")
    (tmp_path / "sites.csv").write_text("name,lat_deg,lon_deg,elev_m\nKiruna,67.89,21.07,400\n")
    code, out, err = run(
        *PAPER,
        *("--epoch", "2025-07-09T18:45:30Z", "--times", "0,60.5", "--out", str(tmp_path / "out")),
        *("--isls", str(tmp_path / "isls.txt"), "--stations", str(tmp_path / "sites.csv")),
        *("--min-elevation", "5", "--json", "--quiet"),
    )
    assert (code, err) == (0, "")
    report = json.loads(out)
    assert (report["satellites"], report["isls"], report["min_elevation_deg"]) == (12, 2, 5)
    assert [Path(file).name for file in report["files"]] == ["positions.csv", "isl.csv", "ground.csv"]
    with Path(report["files"][1]).open(newline="") as file:
        assert [(row["t_s"], row["a"], row["b"]) for row in csv.DictReader(file)] == [
            ("0.0", "0", "1"),
            ("0.0", "5", "4"),
            ("60.5", "0", "1"),
            ("60.5", "5", "4"),
        ]


def test_table_without_out(run: Run):
    """Without --out a readable table with units goes to stdout and nothing to stderr."""
    code, out, err = run(*PAPER, "--times", "0,10")
    assert (code, err) == (0, "")
    assert "12 satellites" in out
    assert "[Gbit/s]" in out
    assert "12/12" in out


def test_same_input_same_files(run: Run, tmp_path: Path):
    """Two runs write the same bytes."""
    for name in ("one", "two"):
        assert (
            run("--walker", "550,53,60,6,1", "--times=-5,0", "--out", str(tmp_path / name), "--quiet")[0] == 0
        )
    for name in ("positions.csv", "isl.csv", "ground.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ((), "--walker, --tle, --omm: give one of them (got none)"),
        (("--walker", "500,53,12,5,0"), "--walker: planes: 5 does not divide 12 satellites"),
        ((*PAPER, "--epoch", "soon"), "--epoch: 'soon' is not an ISO 8601 time"),
        ((*PAPER, "--times", "0,x"), "--times: 'x' is not a number of seconds"),
        ((*PAPER, "--times", "inf"), "--times: 'inf' is not a finite number of seconds"),
        ((*PAPER, "--min-elevation", "95"), "--min-elevation: must be from 0 to 90 deg (got 95)"),
        ((*PAPER, "--min-elevation", "nan"), "--min-elevation: must be from 0 to 90 deg (got nan)"),
        ((*PAPER, "--stations", "no-such.csv"), "no-such.csv: cannot be read"),
        ((*PAPER, "--isls", "no-such.txt"), "no-such.txt: cannot be read"),
        ((*PAPER, "--tle", "x.tle"), "give one of them (got --walker and --tle)"),
        (("--tle", "no-such.tle"), "no-such.tle: cannot be read"),
        (("--omm", "no-such.csv"), "no-such.csv: cannot be read"),
        (("--tle", "x.tle", "--star"), "--star: is for --walker"),
        (("--tle", "x.tle", "--topology", "plain-wrap"), "--topology: plain-wrap is for --walker"),
        ((*PAPER, "--star", "--topology", "plain-wrap"), "plain-wrap is for --walker, and without --star"),
        (
            (*PAPER, "--isls", "x", "--topology", "none"),
            "--isls: takes the place of --topology (got none too)",
        ),
        ((*PAPER, "--terminals", "2"), "--terminals: is for --topology nearest"),
        ((*PAPER, "--plot", "map.pdf"), "--plot: must end in .png"),
        ((*PAPER, "--czml", "a.czml"), "--czml: needs at least two ascending --times"),
        ((*PAPER, "--czml", "a.czml", "--times", "60,0"), "--czml: needs at least two ascending --times"),
        ((*PAPER, "--windows", "w.csv"), "--windows: needs at least two unlike --times"),
        ((*PAPER, "--availability", "0.2"), "outages: availability: must be from 0.5 to 1"),
        ((*PAPER, "--lost-share", "2"), "lost satellites: share: must be from 0 to 1"),
        ((*PAPER, "--isl-cap", "0"), "laser budget: cap_bps: must be above 0"),
        ((*PAPER, "--topology", "nearest", "--terminals", "0"), "terminals: must be from 1"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(run: Run, flags: tuple[str, ...], message: str):
    """Wrong flags and files exit 2 with one line on stderr and nothing on stdout."""
    code, out, err = run(*flags)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_it_runs_as_a_program(tmp_path: Path):
    """Started from another folder it works, and --help explains the flags."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    for flag in (
        "--walker",
        "--epoch",
        "--times",
        "--out",
        "--isls",
        "--stations",
        "--min-elevation",
        "--json",
        "--tle",
        "--omm",
        "--plot",
        "--geojson",
        "--czml",
    ):
        assert flag in done.stdout


def element_file(folder: Path) -> Path:
    """A generated shell as a file of element sets."""
    path = folder / "shell.tle"
    path.write_text(text_of(walker_constellation(Walker(550, 53, 24, 4, 1))))
    return path


def test_element_sets_and_views(run: Run, tmp_path: Path):
    """A TLE file is put in +Grid over its recovered planes; map, GeoJSON and CZML are written beside."""
    views = [tmp_path / name for name in ("map.png", "net.geojson", "net.czml")]
    code, out, err = run(
        *("--tle", str(element_file(tmp_path)), "--times", "0,30,60", "--json", "--quiet"),
        *("--plot", str(views[0]), "--geojson", str(views[1]), "--czml", str(views[2])),
    )
    assert (code, err) == (0, "")
    report = json.loads(out)
    assert (report["satellites"], report["isls"]) == (24, 48)
    assert report["files"] == [str(view) for view in views]
    assert views[0].read_bytes().startswith(b"\x89PNG")
    assert json.loads(views[1].read_text())["type"] == "FeatureCollection"
    assert json.loads(views[2].read_text())[0]["id"] == "document"


def test_links_are_chosen_by_the_flags(run: Run):
    """No links, a Star without a seam, nearest neighbours within their terminals."""
    for flags, links in (
        (("--topology", "none"), 0),
        ((), 48),
        (("--star",), 24 + 18),
        (("--topology", "nearest", "--terminals", "1"), 12),
    ):
        code, out, _ = run("--walker", "1200,87,24,4,2", *flags, "--json")
        assert code == 0
        assert json.loads(out)["isls"] == links


def test_disruptions_take_links_away(run: Run):
    """Outages, lost satellites and eclipse each lower what is usable, the same for the same seed."""
    whole = ("--walker", "550,53,240,12,1", "--json", "--quiet")

    def usable(*flags: str) -> tuple[int, int]:
        code, out, _ = run(*whole, *flags)
        assert code == 0
        shot = json.loads(out)["snapshots"][0]
        return shot["isls_usable"], shot["downlinks_usable"]

    isls, downlinks = usable()
    assert usable("--lost-share", "0.5")[0] < 0.5 * isls
    assert usable("--availability", "0.6")[0] < 0.8 * isls
    assert usable("--availability", "0.6", "--seed", "1") == usable("--availability", "0.6", "--seed", "1")
    assert usable("--eclipse")[0] == isls
    assert usable("--eclipse")[1] < downlinks


def test_a_stale_set_is_a_note(tmp_path: Path):
    """Far from the sets' epoch one line on stderr names the greatest age, however many the times."""
    done = subprocess.run(
        [
            sys.executable,
            str(SCRIPT),
            "--tle",
            str(element_file(tmp_path)),
            "--epoch",
            "2025-03-01",
            "--times",
            ",".join(map(str, range(0, 900_000, 1000))),
            "--json",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stderr.startswith("warning: sat")
    assert "69.4 days after its element set's epoch" in done.stderr
    assert json.loads(done.stdout)["satellites"] == 24
    assert done.stderr.count("\n") == 1


def test_windows_hold_the_contacts_of_the_snapshots(run: Run, tmp_path: Path):
    """A station sees a satellite at a snapshot's time where, and only where, one of its windows is open."""
    windows = tmp_path / "windows.csv"
    times = "0,700,1900,3600"
    flags = ("--times", times, "--windows", str(windows), "--out", str(tmp_path), "--quiet")
    code, _, err = run("--walker", "550,53,24,4,1", *flags)
    assert (code, err) == (0, "")
    with windows.open(newline="") as file:
        spans = [
            (
                row["gid"],
                row["sat"],
                float(row["rise_s"]),
                float(row["set_s"]),
                float(row["max_elevation_deg"]),
            )
            for row in csv.DictReader(file)
        ]
    assert all(10 <= highest <= 90 for *_, highest in spans)
    with (tmp_path / "ground.csv").open(newline="") as file:
        seen = {(row["gid"], row["sat"], row["t_s"]) for row in csv.DictReader(file) if row["visible"] == "1"}
    open_then = {
        (gid, sat, f"{t_s}.0")
        for gid, sat, rise_s, set_s, _ in spans
        for t_s in map(int, times.split(","))
        if rise_s <= t_s <= set_s
    }
    assert open_then == seen
    assert len(seen) > 10
