"""What the optimum is compared with: fixed rules, greedy and random walks, the naive shortest path."""
