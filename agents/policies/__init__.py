"""Policies that score each action from what is seen of it, and how they are trained."""
