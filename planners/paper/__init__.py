"""The published results again: the reported settings as sweeps, beside the reported values."""
