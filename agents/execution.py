"""Plan, run on the testbed, and where something breaks plan again for what is left."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from agents.execution_network import Batch, Network
from planners import solve
from satllm_env.compression.codec import Codec
from satllm_env.errors import InputError, NoPlanError
from satllm_env.problem import Instance, Plan, Problem
from satllm_env.problem.damage import without_link, without_node
from satllm_env.testbed.codecs import cuts_of
from satllm_env.testbed.faults import parse_fault
from satllm_env.testbed.job import Fault
from satllm_env.testbed.measure import Measured
from satllm_env.testbed.network import Array
from satllm_env.testbed.run import Run, Settings, make_job, run_plan, stacked
from satllm_env.testbed.supervise import PipelineError

TOLERANCE = 1e-5
"""[1] that outputs may differ from the unsplit network's where nothing is compressed."""


@dataclass(frozen=True)
class Executed:
    """A run, and what became of the outputs."""

    run: Run
    results: dict[int, Array]
    """By micro-batch, of all runs that it took."""
    output_max_abs_diff: float | None
    """[1] from the unsplit network's; None where something was compressed."""
    accuracy_drop: float | None
    """[percentage points]; None where nothing was compressed or nobody knows the right outputs."""
    accuracy_half_width: float | None
    """[percentage points] half the width of the drop's 95 % confidence interval."""
    agreement_pct: float | None
    """[percent] of the outputs whose likeliest class is the unsplit network's; None where nothing was
    compressed."""
    replans: tuple[str, ...] = ()
    """What went wrong before."""


@dataclass
class Execution:
    """One request from plan to results.

    Args:
        network: to run.
        batch: to send.
        settings: how to run.
        faults: descriptions of what is to go wrong, in the first run.
        replan: on a fault, finish the batch on a new plan.
        planner: who plans.
        note: told what goes on.
        tick: told of every micro-batch that has reached the destination.
    """

    network: Network
    batch: Batch
    settings: Settings
    faults: Sequence[str] = ()
    replan: bool = False
    planner: str = "astar"
    note: Callable[[str], None] = print
    tick: Callable[[int], None] | None = None
    _results: dict[int, Array] = field(default_factory=dict)

    def execute(self, plan: Plan) -> Executed:
        """Run a plan to its end.

        Raises:
            PipelineError: something broke, and it could not be planned around.
            NoPlanError: with `replan`, nothing is left that could finish the batch.
            InputError: the plan is of another network, or a fault is not on its way.
        """
        settings = replace(self.settings, faults=self._parsed(plan))
        troubles: list[str] = []
        compressed = bool(cuts_of(plan))  # in any of the runs
        left = list(range(len(self.batch.inputs)))
        while True:
            try:
                run = self._run(plan, left, settings)
                break
            except PipelineError as error:
                if not self.replan:
                    raise
                troubles.append(str(error))
                self.note(f"{error}; planning again for what is left")
                settings = replace(settings, faults=())
                left = self._left(left, plan.instance.tables.micro_batches)
                plan = self._new_plan(plan.instance.problem, error)
                compressed = compressed or bool(cuts_of(plan))
        return self._judged(run, compressed, tuple(troubles))

    def judged(self, run: Run) -> Executed:
        """A run that others have started, its outputs compared with the unsplit network's.

        Raises:
            PipelineError: they differ where nothing is compressed.
        """
        self._results = dict(run.results)
        return self._judged(run, bool(cuts_of(run.plan)), ())

    def _parsed(self, plan: Plan) -> tuple[Fault, ...]:
        if not self.faults:
            return ()
        job = make_job(
            plan, self.network.source, self.network.measured, {}, len(self.batch.inputs), self.settings
        )
        slow_s = 2 * self.settings.patience_s
        return tuple(parse_fault(text, job.visits, slow_s) for text in self.faults)

    def _run(self, plan: Plan, left: Sequence[int], settings: Settings) -> Run:
        inputs = self.batch.inputs[list(left)].numpy()
        slow_down = slow_downs(plan.instance, self.network.measured)
        source, measured = self.network.source, self.network.measured
        try:
            run = run_plan(
                plan, source, measured, slow_down, inputs, self.codecs_of(plan), settings, self.tick
            )
        except PipelineError as error:
            self._take(error.results, left)
            raise
        self._take(run.results, left)
        return run

    def _take(self, results: Mapping[int, Array], left: Sequence[int]) -> None:
        self._results |= {left[number]: values for number, values in results.items()}

    def _left(self, left: Sequence[int], least: int) -> list[int]:
        """Micro-batches without result, filled up with others where those are too few to be measured."""
        done = [number for number in left if number in self._results]
        missing = [number for number in left if number not in self._results]
        return sorted(missing + done[: max(0, least - len(missing))])

    def codecs_of(self, plan: Plan) -> dict[tuple[int, int], Codec]:
        """The codecs of a plan's cuts, by level and boundary."""
        cuts = cuts_of(plan)
        if not cuts:
            return {}
        self.note(f"calibrating the codecs of {len(cuts)} cuts")
        made = self.network.codecs.codecs((name, boundary) for (_, boundary), name in cuts.items())
        return {(level, boundary): made[name, boundary] for (level, boundary), name in cuts.items()}

    def _new_plan(self, problem: Problem, error: PipelineError) -> Plan:
        """The best plan without what broke."""
        result = solve(damaged(problem, error), self.planner)
        if result.plan is None:
            raise NoPlanError(f"{error}; no plan is left without it")
        return result.plan

    def _judged(self, run: Run, compressed: bool, troubles: tuple[str, ...]) -> Executed:
        outputs = torch.from_numpy(stacked(self._results))
        inputs = self.batch.inputs
        unsplit = self.network.net.predict(inputs.flatten(0, 1), inputs.shape[1])
        if compressed:
            drop, half_width = accuracy_drop(unsplit, outputs, self.batch.targets)
            agreement = 100 * float((unsplit.argmax(-1) == outputs.argmax(-1)).double().mean())
            return Executed(run, self._results, None, drop, half_width, agreement, troubles)
        difference = float((unsplit - outputs).abs().max())
        if not difference <= TOLERANCE * max(1.0, float(unsplit.abs().max())):
            raise PipelineError(
                "failed", f"the output differs from the unsplit network's by {difference:.3g}"
            )
        return Executed(run, self._results, difference, None, None, None, troubles)


def damaged(problem: Problem, error: PipelineError) -> Problem:
    """A problem without what an error names: a link, a node, or a slow node's processor.

    Raises:
        PipelineError: the error again, where it names nothing or what is not to be spared.
    """
    try:
        if error.link is not None:
            return without_link(problem, *error.link)
        if error.node is None:
            raise error
        if error.kind != "slow":
            return without_node(problem, error.node)
    except InputError as reason:
        raise PipelineError(error.kind, f"{error}; {reason.problem}", error.node, error.link) from None
    nodes = tuple(
        node.model_copy(update={"layer_s": None, "flops_per_s": None}) if node.id == error.node else node
        for node in problem.nodes
    )
    return problem.model_copy(update={"nodes": nodes})


def slow_downs(instance: Instance, measured: Measured) -> dict[str, float]:
    """[1] seconds of every computing node over those of one core of this machine, by its id."""
    here_s = sum(measured.layer_s)
    total_s = instance.tables.layer_s.sum(axis=1)
    pairs = zip(instance.problem.nodes, total_s.tolist(), strict=True)
    return {node.id: seconds / here_s for node, seconds in pairs if np.isfinite(seconds) and seconds > 0}


def accuracy_drop(
    unsplit: torch.Tensor, split: torch.Tensor, targets: torch.Tensor | None
) -> tuple[float | None, float | None]:
    """[percentage points] that outputs are right less often, and half its 95 % confidence interval's width.

    The interval is that of paired differences. Both are None where the right outputs are unknown.
    """
    if targets is None:
        return None, None
    right = [(logits.argmax(-1) == targets).double().flatten() for logits in (unsplit, split)]
    lost = right[0] - right[1]
    deviation = float(lost.std(correction=0))
    return 100 * float(lost.mean()), 100 * 1.96 * deviation / len(lost) ** 0.5
