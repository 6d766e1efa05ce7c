"""The exact planner as a teacher: the best move in any state of a walk."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from planners.follow import Send
from planners.limits import Limits
from planners.onward import solve_onward
from satllm_env.envs.actions import COMPUTE
from satllm_env.problem import Walk
from satllm_env.problem.moves import NO_STAGE

SAME = 1e-9
"""[1] delays that differ by no more are equal: the same walk, summed in another order."""


class Expert:
    """Follows one walk and knows its best completion.

    It plans again only where the walk leaves the completion that it knows, so most moves cost nothing.

    Args:
        walk: that begins.
        num_levels: Q of the action space.
        limits: of every plan.
    """

    def __init__(self, walk: Walk, num_levels: int, limits: Limits) -> None:
        self._num_levels, self._limits = num_levels, limits
        self._ahead: deque[int] = deque()
        self.delay_s = float("inf")
        """[s] of the walk with its best completion."""
        self._plan(walk)

    @property
    def action(self) -> int | None:
        """A best move in the state at hand, None where it is not proven, or nothing leads on."""
        return self._ahead[0] if self._ahead else None

    def follow(self, action: int, walk: Callable[[], Walk]) -> bool:
        """Note a move that was made where a best one was known.

        Args:
            action: the move, which did not end the walk.
            walk: the walk after it, asked for only where the move was another one.

        Returns:
            Whether it is known to be as good as the best one.
        """
        if action == self.action:
            self._ahead.popleft()
            return True
        before_s = self.delay_s
        self._ahead.clear()
        self._plan(walk())
        return self.action is not None and self._is_least(before_s)

    def end(self, action: int, delay_s: float) -> bool:
        """Note the last move, as `follow` does.

        Args:
            action: the move.
            delay_s: [s] of the walk; inf where it ended in a dead end.
        """
        best, before_s = self.action, self.delay_s
        self._ahead.clear()
        self.delay_s = delay_s
        return action == best or self._is_least(before_s)

    def _is_least(self, before_s: float) -> bool:
        return self.delay_s <= before_s * (1.0 + SAME)

    def _plan(self, walk: Walk) -> None:
        found = solve_onward(walk, self._limits)
        if found.status == "optimal":
            self.delay_s = found.delay_s
            self._ahead.extend(_actions_of(walk, found.sends, self._num_levels))


def _actions_of(walk: Walk, sends: Sequence[Send], num_levels: int) -> Iterator[int]:
    """The actions that make some sends from the middle of a walk on."""
    instance, node, boundary = walk.instance, walk.node, walk.boundary
    for first, end, link, level in sends:
        if first != NO_STAGE:
            yield from [COMPUTE] * (end - boundary)
        boundary = end
        yield 1 + instance.slots[node].tolist().index(link) * num_levels + level
        node = int(instance.tables.link_target[link])
