"""Plans by walking."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from agents.walking import plan_by_walking


def walks(monkeypatch: pytest.MonkeyPatch, delays_s: list[float | None]) -> None:
    """Let walks end with these delays, one after the other, None for one that gets stuck."""
    coming = iter(delays_s)

    def fake(env: Any, sample: Any, choose: Any) -> Any:
        choose(None, None)
        delay_s = next(coming)
        return None if delay_s is None else SimpleNamespace(delay_s=delay_s)

    monkeypatch.setattr("agents.walking.walk", fake)


@pytest.mark.parametrize(
    ("delays_s", "best_s", "generators"),
    [
        ([5.0], 5.0, 0),
        ([None, None, 7.0, 6.0], 6.0, 3),
        ([None, None, None, None], None, 3),
    ],
)
def test_a_stuck_walk_is_followed_by_drawn_ones(
    monkeypatch: pytest.MonkeyPatch, delays_s: list[float | None], best_s: float | None, generators: int
) -> None:
    """The best of those that finish is taken, and a walk that finishes is not followed by any."""
    walks(monkeypatch, delays_s)
    asked: list[np.random.Generator | None] = []

    def act(observation: Any, mask: Any, rng: np.random.Generator | None) -> int:
        asked.append(rng)
        return 0

    result = plan_by_walking("me", None, None, act, drawn_walks=3)  # type: ignore[arg-type]
    assert (None if result.plan is None else result.plan.delay_s) == best_s
    assert result.status == ("infeasible" if best_s is None else "feasible")
    assert asked[0] is None
    assert sum(rng is not None for rng in asked) == generators
