"""Batches: what travels to the workers and back, and the ways there."""
