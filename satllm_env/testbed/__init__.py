"""Plans on real processes: a network cut at a plan's boundaries, its parts joined by shaped links.

`problem_of` builds a problem from a network and what its layers take on this machine, `supervise.execute`
runs a plan of it and measures; docs/testbed.md says how, and what is emulated.
"""
