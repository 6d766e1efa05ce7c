"""The frozen benchmark: instance sets with proven optima, and the scoring of anyone's policy on them."""

from agents.benchmark.sets import BenchmarkSet, load_benchmark, load_set

__all__ = ["BenchmarkSet", "load_benchmark", "load_set"]
