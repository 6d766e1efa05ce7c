"""The trends that the paper reports hold in this project, whatever the numbers."""

from itertools import pairwise

import numpy as np
import pytest

from planners.paper import models
from planners.paper.outcome import Results, points
from planners.paper.scheme import (
    GROUND_ONLY,
    PLANNER,
    PROPORTIONAL,
    SINGLE,
    SINGLE_FITTING,
    UNIFORM,
)
from planners.paper.setting import MODELS, RESOLUTIONS, S2G_GBPS, Setting
from planners.paper.splits import CHAIN_HOPS
from planners.paper.sweep import Effort, run

EFFORT = Effort(episodes=8, shell_episodes=1, deadline_s=60.0)
MIXED = Setting(hops=CHAIN_HOPS)
ALIKE = Setting(hops=CHAIN_HOPS, boards=("orin-64gb-50w",))


@pytest.fixture(scope="module")
def swept() -> Results:
    """Resolutions, rates, models and splits."""
    grid = [Setting(resolution=name) for name in RESOLUTIONS] + [Setting(s2g_gbps=rate) for rate in S2G_GBPS]
    sizes = [models.setting(name, models.PLAINEST) for name in MODELS]
    wanted = points(grid, (PLANNER, GROUND_ONLY))
    wanted += points(sizes, (PLANNER, SINGLE, SINGLE_FITTING))
    wanted += points([MIXED, ALIKE], (PLANNER, UNIFORM, PROPORTIONAL))
    wanted += points([Setting(source_computes=False)], (PLANNER, GROUND_ONLY))
    return run(wanted, EFFORT)


def test_no_satellite_holds_vit_g(swept: Results) -> None:
    """8 GB hold ViT-B, ViT-L and ViT-H, not the 12 GB of ViT-G, which the planner splits."""
    for name in MODELS:
        at = models.setting(name, models.PLAINEST)
        assert swept.of(at, SINGLE_FITTING).feasible.all() == (name != "vit-g")
        assert swept.of(at).feasible.all()
    assert np.nanmin(swept.of(models.setting("vit-g", models.PLAINEST)).stages) >= 2


def test_vit_b_prefers_a_single_satellite(swept: Results) -> None:
    """Of a batch sent whole, cuts plain, the optimum is mostly one satellite; larger models gain more
    from being split."""
    vit_b = models.setting("vit-b", models.PLAINEST)
    assert models.single_stage_pct(swept.of(vit_b)) > 60
    assert swept.ratio(vit_b, SINGLE).value > 0.95
    larger = [models.setting(name, models.PLAINEST) for name in ("vit-l", "vit-h")]
    assert all(swept.ratio(at, SINGLE).value < swept.ratio(vit_b, SINGLE).value for at in larger)
    shares = [models.single_stage_pct(swept.of(at)) for at in (vit_b, *larger)]
    assert shares == sorted(shares, reverse=True)


def test_uniform_is_about_twice_the_optimum_on_mixed_modes(swept: Results) -> None:
    """And near it where all modes are alike; shares in proportion to speed come closer."""
    assert 1.6 < swept.ratio(MIXED, PLANNER, ours=UNIFORM).value < 2.4
    assert swept.ratio(ALIKE, PLANNER, ours=UNIFORM).value < 1.1
    mixed = swept.ratio(MIXED, PLANNER, ours=PROPORTIONAL).value
    assert 1.0 <= mixed < swept.ratio(MIXED, PLANNER, ours=UNIFORM).value


def test_the_gain_grows_with_resolution(swept: Results) -> None:
    """Of the planner against ground-only, which sends the raw images down."""
    gains = [1 - swept.ratio(Setting(resolution=name)).value for name in RESOLUTIONS]
    assert all(low < high for low, high in pairwise(gains))
    assert gains[-1] > 0


def test_the_gain_falls_with_the_rate_to_the_ground(swept: Results) -> None:
    """Since ground-only is what the downlink holds up."""
    gains = [1 - swept.ratio(Setting(s2g_gbps=rate)).value for rate in S2G_GBPS]
    assert all(high > low for high, low in pairwise(gains))


def test_fewer_bytes_are_sent_even_where_the_source_only_relays(swept: Results) -> None:
    """And far fewer where it computes, since the raw images are then never sent."""
    computes = swept.ratio(Setting(), quantity="total_bytes").value
    relays = swept.ratio(Setting(source_computes=False), quantity="total_bytes").value
    assert computes < 0.1
    assert computes < relays < 0.7


def test_every_optimum_is_proven(swept: Results) -> None:
    """So that what is compared is the optimum."""
    for setting in (Setting(), MIXED, ALIKE):
        assert swept.of(setting).proven == EFFORT.episodes
