"""Optimal walks to learn from: the planner's plans replayed in the environment, kept as Parquet.

Parquet needs the extra: ``pip install 'satllm[data]'``.
"""

from agents.dataset.collection import collect
from agents.dataset.description import Description, load_description
from agents.dataset.loading import Demonstrations, load_dataset
from agents.dataset.request import WalkRequest

__all__ = [
    "Demonstrations",
    "Description",
    "WalkRequest",
    "collect",
    "load_dataset",
    "load_description",
]
