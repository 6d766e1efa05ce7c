"""What importing and drawing leave alone."""

import subprocess
import sys

from satllm_env.figures import pipeline_gantt, to_png
from tests.unit.figures.places import chain, forward_plan

LIGHT = """
import sys
import satllm_env.figures
heavy = [name for name in ("matplotlib", "networkx", "satllm_env.network") if name in sys.modules]
assert not heavy, heavy
"""

NO_PYPLOT = """
import sys
from satllm_env.figures import walk_frame
from satllm_env.problem import Walk
from tests.unit.figures.places import chain
walk_frame(Walk(chain()))
assert "matplotlib.pyplot" not in sys.modules
"""


def test_import_is_light():
    """Importing the package imports no drawing library."""
    subprocess.run([sys.executable, "-W", "error", "-c", LIGHT], check=True, timeout=120)


def test_pyplot_is_never_imported():
    """Drawing needs no pyplot, hence no display and no global state."""
    subprocess.run([sys.executable, "-W", "error", "-c", NO_PYPLOT], check=True, timeout=120)


def test_png_bytes_are_reproducible():
    """A figure's file carries no date and no version, so that equal figures are equal files."""
    first, second = (to_png(pipeline_gantt(forward_plan(chain(), 2))) for _ in range(2))
    assert first == second and first[:8] == b"\x89PNG\r\n\x1a\n"
    assert b"matplotlib" not in first.lower()
