"""Tests of the LEO network."""
