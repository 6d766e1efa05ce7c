"""Tests of scenarios in which links fail and satellites save power."""

import numpy as np
import pytest

from satllm_env.network import Disruptions, EclipseRule
from satllm_env.scenarios import Scenario, load_form, load_scenario
from satllm_env.scenarios.power import powered
from satllm_env.scenarios.sites import SiteSampler

BOARDS = ("orin-64gb-15w", "orin-64gb-30w", "orin-64gb-50w")


def changed(name, **sections):
    """The scenario with sections changed or taken away."""
    return load_form(name).model_copy(update=sections)


def test_failures_and_power_are_off_by_default():
    """Only the two scenarios that are about them have them."""
    for name in ("paper", "paper-ground", "walker-dense", "starlink-shell1"):
        form = load_form(name)
        assert (form.failures, form.power) == (None, None)
    assert load_form("starlink-outages").failures is not None
    assert load_form("eclipse").power is not None


def test_outages_take_links_away():
    """About as many links are missing as availability and lost satellites say, and never one is added."""
    form = load_form("starlink-outages")
    whole = Scenario(form.model_copy(update={"failures": None}), "x").sites.network
    missing, total = 0, 0
    for seed in range(20):
        site = SiteSampler(form, "x").sample(np.random.default_rng(seed))
        intact = whole.snapshot(site.snapshot.t_s).isl.usable
        usable = site.snapshot.isl.usable
        assert not (usable & ~intact).any()
        missing += int((intact & ~usable).sum())
        total += int(intact.sum())
    expected = 1 - (1 - form.failures.lost_share) ** 2 * form.failures.isl_availability
    assert missing / total == pytest.approx(expected, rel=0.25)


def test_no_download_in_eclipse():
    """A satellite with a downlink sees the Sun, by the network's own rule."""
    sampler = SiteSampler(load_form("eclipse"), "x")
    rule = Disruptions(eclipse=EclipseRule(downlink_in_eclipse=False))
    for seed in range(10):
        site = sampler.sample(np.random.default_rng(seed))
        sunlit = rule.sunlit(sampler.network, site.snapshot)
        assert np.array_equal(site.sunlit, sunlit)
        assert sunlit[site.snapshot.ground.sat[site.snapshot.ground.usable]].all()
        assert not sunlit.all()


def test_modes_are_lower_in_eclipse():
    """Without batteries a board is in its lower mode exactly where its satellite is in eclipse."""
    form = load_form("eclipse")
    power = form.power.model_copy(update={"battery": None})
    sampler = SiteSampler(form, "x")
    site = sampler.sample(np.random.default_rng(0))
    usual = {n: BOARDS[n % 3] for n in range(0, 1584, 40)}
    now = powered(power, sampler.network, site, usual)
    for n, name in usual.items():
        assert now[n] == (name if site.sunlit[n] else "orin-64gb-15w")
    assert set(now.values()) == set(BOARDS)


def test_low_batteries_lower_modes():
    """A battery that cannot be kept charged lowers every mode, one that always is lowers none in light."""
    form = load_form("eclipse")
    sampler = SiteSampler(form, "x")
    site = sampler.sample(np.random.default_rng(0))
    usual = dict.fromkeys(range(0, 1584, 40), "orin-64gb-50w")
    for panel_w, lowered in ((10.0, True), (5000.0, False)):
        battery = form.power.battery.model_copy(update={"panel_w": panel_w})
        now = powered(form.power.model_copy(update={"battery": battery}), sampler.network, site, usual)
        for n, name in now.items():
            if site.sunlit[n]:
                assert name == ("orin-64gb-15w" if lowered else "orin-64gb-50w")


def test_boards_of_problems_follow_the_power():
    """A problem's computing satellites run at the speed of the mode that they are in."""
    scenario = load_scenario("eclipse")
    base = Scenario(
        changed("eclipse", power=load_form("eclipse").power.model_copy(update={"lower_modes": {}})), "x"
    )
    slower = 0
    for seed in range(12):
        problem, fast = scenario.sample(seed).problem, base.sample(seed).problem
        speeds = {node.id: node.flops_per_s for node in fast.nodes}
        for node in problem.nodes:
            if node.flops_per_s is not None:
                assert node.flops_per_s <= speeds[node.id]
                slower += node.flops_per_s < speeds[node.id]
    assert slower > 0
