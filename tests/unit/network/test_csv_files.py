"""CSV files of snapshots."""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from satllm_env.errors import InputError
from satllm_env.network import NetworkModel, Snapshot, Walker, default_stations, walker_network
from satllm_env.network.csv_files import write_csv_files
from satllm_env.network.summary import summarise


@pytest.fixture(scope="module")
def model() -> NetworkModel:
    """Thirty satellites over three stations."""
    return walker_network(Walker(550, 53, 30, 3, 1), stations=default_stations()[:3])


def read(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_columns_are_the_contract(model: NetworkModel, tmp_path: Path):
    """The three headers are exactly those that other programs read."""
    headers = {
        path.name: path.read_text().splitlines()[0]
        for path in write_csv_files(tmp_path, model.snapshots([0]))
    }
    assert headers == {
        "positions.csv": "t_s,sat,teme_x_km,teme_y_km,teme_z_km,itrs_x_km,itrs_y_km,itrs_z_km",
        "isl.csv": "t_s,a,b,length_m,line_of_sight,rate_bps,latency_s",
        "ground.csv": "t_s,gid,sat,range_m,elevation_deg,visible,rate_bps,latency_s",
    }


def test_every_digit_comes_back(model: NetworkModel, tmp_path: Path):
    """Read back, the files hold the snapshots' numbers bit for bit, time after time."""
    shots = model.snapshots([0.0, 60.125])
    positions, isl, ground = (read(path) for path in write_csv_files(tmp_path / "new", shots))
    expected = np.concatenate([np.hstack([shot.teme_km, shot.itrs_km]) for shot in shots])
    columns = ["teme_x_km", "teme_y_km", "teme_z_km", "itrs_x_km", "itrs_y_km", "itrs_z_km"]
    assert np.array_equal([[float(row[c]) for c in columns] for row in positions], expected)
    assert [(float(row["t_s"]), int(row["sat"])) for row in positions] == [
        (t, s) for t in (0.0, 60.125) for s in range(30)
    ]
    for rows, tables in ((isl, [shot.isl for shot in shots]), (ground, [shot.ground for shot in shots])):
        for name in vars(tables[0]):
            written = [float(row[name]) for row in rows]
            assert np.array_equal(written, np.concatenate([getattr(table, name) for table in tables]))


def test_ground_rows_are_above_the_horizon(model: NetworkModel, tmp_path: Path):
    """Rows have elevation 0 or more; visible says 1 from the minimum up and 0 below."""
    rows = read(write_csv_files(tmp_path, model.snapshots(np.arange(0, 3000, 300.0)))[2])
    assert rows
    for row in rows:
        assert float(row["elevation_deg"]) >= 0
        assert row["visible"] == ("1" if float(row["elevation_deg"]) >= 10 else "0")
    assert {row["visible"] for row in rows} == {"0", "1"}


def test_a_failure_leaves_the_old_files(model: NetworkModel, tmp_path: Path):
    """Files are replaced whole or not at all, and no drafts stay behind."""
    paths = write_csv_files(tmp_path, model.snapshots([0.0]))
    before = {path.name: path.read_text() for path in paths}

    def broken() -> Iterator[Snapshot]:
        yield model.snapshot(5.0)
        raise InputError("somewhere", "", "went wrong")

    with pytest.raises(InputError, match="went wrong"):
        write_csv_files(tmp_path, broken())
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before


def test_an_impossible_folder_is_one_line(model: NetworkModel, tmp_path: Path):
    """A folder that is a file is bad input."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_csv_files(tmp_path / "taken", model.snapshots([0.0]))


def test_summary_counts_what_the_tables_hold(model: NetworkModel):
    """A summary's counts and spans are those of the tables."""
    shot = model.snapshots([600.0])[0]
    summary = summarise(shot)
    clear, visible = shot.isl.line_of_sight, shot.ground.visible
    assert (summary.isls, summary.isls_in_sight) == (len(clear), int(clear.sum()))
    assert summary.isl_length_m == (shot.isl.length_m[clear].min(), shot.isl.length_m[clear].max())
    assert summary.contacts == int(visible.sum())
    assert summary.stations_served == len(set(shot.ground.gid[visible].tolist()))


def test_summary_of_nothing_has_no_spans():
    """A lone satellite has no ranges to tell."""
    summary = summarise(walker_network(Walker(550, 53, 1, 1, 0)).snapshot(0.0))
    assert summary.isl_length_m is summary.isl_rate_bps is summary.downlink_rate_bps is None
