"""Boards and their power modes: peak and effective rates."""
