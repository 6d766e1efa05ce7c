"""Near-optimal plans by sweeps: layers shared out under a threshold on busy times and a price on losses."""
