"""How fast the exact planner is: families of problems, measurements, and the table they end in."""
