"""A learned guide to the sweeps: where to look, so that a few sweeps find what all of them would."""
