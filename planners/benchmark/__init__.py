"""The instances and the measurements behind `scripts/benchmark_planners.py`."""
