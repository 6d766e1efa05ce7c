"""A profile measured cut by cut, made up."""

from __future__ import annotations

from typing import Any

from satllm_env.compression.measured_cuts import MeasuredCuts
from satllm_env.compression.profile import parse_profile

BLOCKS = 5
BOUNDARIES = (1, 2, 3, 4)
STEPS = (0.5, 1.0, 2.0)


def cut(boundary: int, step: float) -> dict[str, Any]:
    """Figures of a cut: later ones compress better, larger steps better and at more loss."""
    return {
        "boundary": boundary, "ratio": 20 * step + 7 * boundary, "kl_nat": 1e-3 * step**2 * (9 - boundary),
        "loss": 0.1 * step - 0.08, "loss_half_width": 0.2, "agreement_pct": 99.5 - step,
    }  # fmt: skip


def level(step: float) -> dict[str, Any]:
    """A level of a step."""
    return {
        "name": f"step-{step:g}",
        "settings": {"name": f"step-{step:g}", "quantiser": {"kind": "uniform", "step": step}},
        "encode_s_per_byte": 3e-9 * step, "decode_s_per_byte": 2e-9,
        "cuts": [cut(boundary, step) for boundary in BOUNDARIES],
    }  # fmt: skip


def table() -> dict[str, Any]:
    """The whole profile as plain data."""
    rule = {"points_per_cut": 0.05, "points_per_nat": 20.0, "confidence": 0.975, "sets": 9, "items": 50}
    made_by = {
        "command": "python scripts/profile_compression.py", "git_revision": "unknown", "net": "tiny",
        "net_sha256": "aa", "data": "drawn", "data_sha256": "bb", "items": 60, "accuracy_pct": 95.5,
        "versions": {"torch": "2"},
    }  # fmt: skip
    return {
        "name": "mine", "kind": "measured-cuts", "source": "a bench", "source_dtype": "fp32",
        "notes": ["assumed for others"], "blocks": BLOCKS, "loss_rule": rule, "made_by": made_by,
        "cut_levels": [level(step) for step in STEPS],
    }  # fmt: skip


def profile(**changes: Any) -> MeasuredCuts:
    """The profile, with some fields replaced."""
    made = parse_profile(table() | changes, "p.json")
    assert isinstance(made, MeasuredCuts)
    return made
