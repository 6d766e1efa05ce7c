"""What satellites do without in eclipse."""

import numpy as np
import pytest

from satllm_env.errors import InputError
from satllm_env.network.eclipse_rule import EclipseRule


def test_half_the_disk_is_sunlight_by_default():
    """A satellite is sunlit from the share given, that share included."""
    light = np.array([[0.0, 0.49], [0.5, 1.0]])
    assert EclipseRule().sunlit(light).tolist() == [[False, False], [True, True]]
    assert EclipseRule(sunlit_from=1).sunlit(light).tolist() == [[False, False], [False, True]]


def test_compute_modes_are_lowered_in_eclipse_only():
    """Named modes change in eclipse, others stay, and nothing changes in the Sun."""
    rule = EclipseRule(modes={"orin-64gb-50w": "orin-64gb-15w"})
    assert rule.mode("orin-64gb-50w", sunlit=False) == "orin-64gb-15w"
    assert rule.mode("orin-64gb-50w", sunlit=True) == "orin-64gb-50w"
    assert rule.mode("orin-64gb-30w", sunlit=False) == "orin-64gb-30w"
    assert EclipseRule().mode("orin-64gb-50w", sunlit=False) == "orin-64gb-50w"


def test_impossible_rules_are_refused():
    """The shadow is one of two, and a satellite without any light is never sunlit."""
    with pytest.raises(InputError, match="eclipse: sunlit_from: must be from 1e-06 to 1"):
        EclipseRule(sunlit_from=0)
    with pytest.raises(InputError, match="eclipse: shadow: must be"):
        EclipseRule(shadow="round")
