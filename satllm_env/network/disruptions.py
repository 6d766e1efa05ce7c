"""Everything that takes links away: outages, acquisition, lost satellites, eclipse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from satllm_env.errors import InputError
from satllm_env.network.eclipse import illuminated_fraction
from satllm_env.network.eclipse_rule import EclipseRule
from satllm_env.network.network_model import NetworkModel
from satllm_env.network.outages import OutageModel, downlink_ends
from satllm_env.network.rises import Lookback
from satllm_env.network.snapshot import Snapshot
from satllm_env.network.sun import sun_position_km


@dataclass(frozen=True)
class Disruptions:
    """What is taken from a network's snapshots; nothing by default.

    Args:
        isl_outages: outages and acquisition of inter-satellite links.
        downlink_outages: likewise of downlinks; the same model may serve both, its draws differ.
        lost: numbers of satellites that have failed, all their links with them.
        eclipse: what satellites do without in the Earth's shadow.
    """

    isl_outages: OutageModel | None = None
    downlink_outages: OutageModel | None = None
    lost: frozenset[int] = frozenset()
    eclipse: EclipseRule | None = None

    def apply(self, model: NetworkModel, snapshot: Snapshot) -> Snapshot:
        """The snapshot with a rate of 0 on every link that is down; all else stays as it is.

        A link is down during an outage, while its terminals acquire each other after the outage or after
        coming into view, when either end is lost, and a downlink where the eclipse rule forbids it.

        Args:
            model: the network that gave the snapshot.
            snapshot: left as it is.

        Raises:
            InputError: a lost satellite that does not exist, or SGP4 cannot propagate a satellite.
        """
        if self == Disruptions():
            return snapshot
        isl, ground = snapshot.isl, snapshot.ground
        lost = self._lost_mask(len(model.constellation))
        isl_down, ground_down = lost[isl.a] | lost[isl.b], lost[ground.sat]
        isl_fails, ground_fails = self._failing(model, snapshot)
        if self.eclipse is not None and not self.eclipse.downlink_in_eclipse:
            ground_down |= ~self.sunlit(model, snapshot)[ground.sat]
        return replace(
            snapshot,
            isl=replace(isl, rate_bps=np.where(isl_down | isl_fails, 0.0, isl.rate_bps)),
            ground=replace(ground, rate_bps=np.where(ground_down | ground_fails, 0.0, ground.rate_bps)),
        )

    def illumination(self, model: NetworkModel, snapshot: Snapshot) -> NDArray[np.float64]:
        """[1] share of the Sun's disk that each satellite sees, shape (S,).

        The eclipse rule's shadow; the conical one where there is no rule.
        """
        sun_km = sun_position_km(model.constellation.epoch, snapshot.t_s)[0]
        rule = self.eclipse or EclipseRule()
        return illuminated_fraction(snapshot.teme_km, sun_km, rule.shadow)

    def sunlit(self, model: NetworkModel, snapshot: Snapshot) -> NDArray[np.bool_]:
        """Whether each satellite is sunlit by the eclipse rule, shape (S,); all are where there is none."""
        if self.eclipse is None:
            return np.ones(len(snapshot.teme_km), dtype=np.bool_)
        return self.eclipse.sunlit(self.illumination(model, snapshot))

    def _lost_mask(self, satellites: int) -> NDArray[np.bool_]:
        for number in sorted(self.lost):
            if not 0 <= number < satellites:
                raise InputError(
                    "disruptions", "lost", f"satellites are numbered 0 to {satellites - 1} (got {number})"
                )
        mask = np.zeros(satellites, dtype=np.bool_)
        mask[list(self.lost)] = True
        return mask

    def _failing(
        self, model: NetworkModel, snapshot: Snapshot
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Whether each link (K,) and contact (R,) is in an outage or acquiring."""
        isl, ground = snapshot.isl, snapshot.ground
        models = (self.isl_outages, self.downlink_outages)
        longest_s = max((outages.acquisition_s[1] for outages in models if outages), default=0.0)
        past = Lookback(model, snapshot, longest_s)
        isl_ends, ground_ends = np.column_stack([isl.a, isl.b]), downlink_ends(ground.sat, ground.gid)
        return (
            _fails(self.isl_outages, isl_ends, past.isl_rises_s, snapshot.t_s),
            _fails(self.downlink_outages, ground_ends, past.ground_rises_s, snapshot.t_s),
        )


def _fails(
    outages: OutageModel | None,
    pairs: NDArray[np.int64],
    rises_s: Callable[[], NDArray[np.float64]],
    t_s: float,
) -> NDArray[np.bool_]:
    """Whether links are in an outage, or acquiring after the rises that are looked for if need be."""
    if outages is None:
        return np.zeros(len(pairs), dtype=np.bool_)
    fails = ~outages.is_up(pairs, t_s)
    if outages.acquisition_s[1] > 0:
        rises = rises_s()
        risen = np.flatnonzero(rises > -np.inf)
        fails[risen] |= outages.carries_from_s(pairs[risen], rises[risen]) > t_s
    return fails
