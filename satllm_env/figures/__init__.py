"""Pictures and texts of plans, walks, constellations and comparisons.

Importing this package imports neither matplotlib nor networkx; drawing does.
"""

from satllm_env.figures.canvas import to_pixels, to_png
from satllm_env.figures.captions import failure_text
from satllm_env.figures.comparison import delay_per_policy, gap_distribution
from satllm_env.figures.constellation_map import ground_track_map
from satllm_env.figures.gantt import pipeline_gantt
from satllm_env.figures.map_layout import MapLayout
from satllm_env.figures.policy_result import PolicyResult
from satllm_env.figures.recording import film, plan_frames
from satllm_env.figures.schedule import Schedule, flow_shop, schedule
from satllm_env.figures.topology import topology_graph
from satllm_env.figures.walk_frame import walk_frame
from satllm_env.figures.walk_text import walk_text

__all__ = [
    "MapLayout",
    "PolicyResult",
    "Schedule",
    "delay_per_policy",
    "failure_text",
    "film",
    "flow_shop",
    "gap_distribution",
    "ground_track_map",
    "pipeline_gantt",
    "plan_frames",
    "schedule",
    "to_pixels",
    "to_png",
    "topology_graph",
    "walk_frame",
    "walk_text",
]
