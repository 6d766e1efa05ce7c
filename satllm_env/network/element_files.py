"""Files of element sets, in either form."""

from __future__ import annotations

from pathlib import Path

from satllm_env.network.element_sets import ElementSets
from satllm_env.network.omm import read_omm
from satllm_env.network.tle import read_tle


def read_element_sets(path: str | Path) -> ElementSets:
    """Read CelesTrak's OMM where the name ends in ``.csv``, two-line element sets otherwise.

    Raises:
        InputError: names the file and the first line at fault.
    """
    return read_omm(path) if Path(path).suffix.lower() == ".csv" else read_tle(path)
