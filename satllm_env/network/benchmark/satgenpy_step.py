"""Time satgenpy's step; run by an interpreter that has it, with nothing of this project.

Arguments: planes, satellites per plane, stations, [s] between moments. Prints one JSON object last.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

MOMENTS = 3
LONGEST_M = 1e8
"""[m] no link is refused for its length."""
GSL_M = 1_123_000.0
"""[m] slant range at an elevation of 25° and 550 km altitude."""


def main(planes: int, per_plane: int, stations: int, step_s: float) -> None:
    """Build the constellation, time its moments."""
    import satgen  # type: ignore[import-not-found]
    from astropy import units
    from satgen.dynamic_state.generate_dynamic_state import (  # type: ignore[import-not-found]
        generate_dynamic_state_at,
    )

    with tempfile.TemporaryDirectory() as folder:
        tles = str(Path(folder) / "tles.txt")
        satgen.generate_tles_from_scratch_with_sgp(
            tles, "shell", planes, per_plane, True, 53.0, 1e-7, 0.0, 15.0549
        )
        read = satgen.read_tles(tles)
        isls = satgen.generate_plus_grid_isls(str(Path(folder) / "isls.txt"), planes, per_plane, 0)
        ground = [_station(gid, stations) for gid in range(stations)]
        interfaces = [
            {"id": node, "number_of_interfaces": 1, "aggregate_max_bandwidth": 1.0}
            for node in range(planes * per_plane + stations)
        ]
        geometry, whole = [], []
        for number in range(1, MOMENTS + 1):
            moment_ns = int(number * step_s * 1e9)
            moment = str(read["epoch"] + moment_ns * units.ns)
            begin = time.perf_counter()
            _geometry(satgen, read, isls, ground, moment)
            geometry.append(time.perf_counter() - begin)
            begin = time.perf_counter()
            generate_dynamic_state_at(
                folder,
                read["epoch"],
                moment_ns,
                read["satellites"],
                ground,
                isls,
                interfaces,
                GSL_M,
                LONGEST_M,
                "algorithm_free_one_only_over_isls",
                None,
                False,
            )
            whole.append(time.perf_counter() - begin)
    print()
    print(json.dumps({"geometry_s": median(geometry), "step_s": median(whole)}))


def _geometry(satgen: Any, read: dict[str, Any], isls: list[Any], ground: list[Any], moment: str) -> None:
    """The lengths of all links, as satgenpy's step computes them."""
    satellites, epoch = read["satellites"], str(read["epoch"])
    for a, b in isls:
        satgen.distance_m_between_satellites(satellites[a], satellites[b], epoch, moment)
    for station in ground:
        for satellite in satellites:
            satgen.distance_m_ground_station_to_satellite(station, satellite, epoch, moment)


def _station(gid: int, stations: int) -> dict[str, Any]:
    return {
        "gid": gid,
        "name": f"station-{gid}",
        "latitude_degrees_str": str(-45.0 + 90.0 * gid / stations),
        "longitude_degrees_str": str(-180.0 + 360.0 * gid / stations),
        "elevation_m_float": 0.0,
    }


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
