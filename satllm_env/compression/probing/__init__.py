"""Measuring what codecs at the cuts of a network do to its output, in bytes, accuracy and time."""
