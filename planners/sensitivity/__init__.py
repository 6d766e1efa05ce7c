"""What limits a plan, and which single resource, were there more of it, would shorten the delay most."""

from planners.sensitivity.binding import Binding, StageMemory, binding
from planners.sensitivity.candidates import candidates
from planners.sensitivity.measure import FACTORS, Help, Sensitivity, Trial, sensitivity
from planners.sensitivity.resource import KINDS, Resource, amount, enlarged

__all__ = [
    "FACTORS",
    "KINDS",
    "Binding",
    "Help",
    "Resource",
    "Sensitivity",
    "StageMemory",
    "Trial",
    "amount",
    "binding",
    "candidates",
    "enlarged",
    "sensitivity",
]
