"""How fast the network model is, next to its targets and to other codes."""

from __future__ import annotations

from satllm_env.network.benchmark.cases import CASES, Case
from satllm_env.network.benchmark.measure import Timing, time_case
from satllm_env.network.benchmark.report import SECTION, Report, markdown, print_report
from satllm_env.network.benchmark.rivals import Rival, satgenpy_step, skyfield_positions, static_step

__all__ = [
    "CASES",
    "SECTION",
    "Case",
    "Report",
    "Rival",
    "Timing",
    "markdown",
    "print_report",
    "satgenpy_step",
    "skyfield_positions",
    "static_step",
    "time_case",
]
