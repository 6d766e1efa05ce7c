"""Measure the activation codec on a network: bytes, accuracy and time at every level and cut."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import torch
import tyro
from pydantic import TypeAdapter
from rich.console import Console
from rich.progress import Progress

from satllm_env.cli import notes, print_json, progress, run_command, write_bytes, write_text
from satllm_env.compression.codec import CodecSettings, save_codecs
from satllm_env.compression.codec.settings import TransformKind
from satllm_env.compression.learn import LearningSettings
from satllm_env.compression.loss_rule import LossRule
from satllm_env.compression.measured_cuts import MeasuredCuts, Provenance
from satllm_env.compression.probing import methods
from satllm_env.compression.probing.bench import LEAST_BLOCKS, Bench
from satllm_env.compression.probing.data import ProbeData
from satllm_env.compression.probing.report import cut_grid, level_grid, method_grid, set_grid
from satllm_env.compression.probing.rows import MethodRow, Row, SetRow, load_rows
from satllm_env.compression.profile import load_profile
from satllm_env.errors import InputError
from satllm_env.figures.canvas import to_png
from satllm_env.figures.compression import loss_against_ratio
from satllm_env.nets.char_lm import CharLmConfig
from satllm_env.nets.store import NetCard, load_card, load_net, versions
from satllm_env.provenance import command_line, git_revision
from satllm_env.tables import Grid, Section, markdown_table, rich_table
from satllm_env.text import read_text

Part = Literal["profile", "rule", "times", "sets", "plans", "methods", "masks"]
STEPS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
"""[σ] of the levels of images' networks."""
TEXT_STEPS = (0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0, 1.25)
"""[σ] of language models, whose next token stands less loss."""
WIDTH = 120
"""[characters] that the tables need."""
TOP_K_KEEPS = (0.5, 0.35, 0.2, 0.1)


@dataclass(frozen=True)
class Arguments:
    """Measure what compressing activations at the cuts of a network saves and costs.

    Codecs are calibrated on the calibration split, masks trained on the training split, the loss rule
    fitted on the validation split, and every other figure is measured on the test split. Parts:
    `profile` (every level at every cut, and the loss rule: what the planner uses), `rule` (the loss rule
    again, or with `--stored` fitted anew to the sets that were measured), `times` (the codecs' seconds
    again, where the machine was busy before), `sets` (random sets of cuts), `plans` (random plans within
    a budget), `methods` (transforms, the chain's parts, and the published kind of chain, with a figure),
    `masks` (a learned mask, top-k and neither, at equal bytes).
    Exit codes: 0; 2 bad input.
    """

    net: str = "landcover-vit"
    """A shipped network's name, or the card of one's own."""
    data: str | None = None
    """Other data than the network's card names: a folder of images, or a text file."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    """Folder to write to; by default logs/compression/NET."""
    parts: tuple[Part, ...] = ("profile", "sets", "plans", "methods", "masks")
    """What to measure; all but `methods` and `masks` need the profile, of this run or the folder's."""
    items: int = 3000
    """Inputs of the test split, and at most as many of the validation split; 2 or more."""
    steps: tuple[float, ...] = ()
    """[σ] step of each level, ascending; by default 0.25 to 4, or 0.25 to 1.25 for language models."""
    sets: int = 200
    """Random sets of one to four cuts, and as many to fit the loss rule to."""
    set_step: float | None = None
    """[σ] the level of the random sets; by default the fifth."""
    plans: int = 100
    """Random plans within the budget."""
    budget: float = 1.0
    """[percentage points] that a plan may lose."""
    confidence: float = 0.975
    """[1] of the loss rule: the share of sets that lose no more than it says."""
    mask_steps: int = 200
    """Steps of training a mask."""
    seed: int = 0
    """Of the random sets and plans, and of training."""
    jobs: int = os.cpu_count() or 1
    """Processes; they change no result but the times."""
    codecs: bool = False
    """Also write the calibrated codecs (safetensors)."""
    stored: bool = False
    """Measure nothing: tables and figure of the parts that lie in the folder."""
    page: Annotated[Path | None, tyro.conf.arg(metavar="FILE.md")] = None
    """Also write each part's table as Markdown, between the page's markers of its name."""
    json: bool = False
    """Print one JSON object and nothing else on stdout."""


def main(arguments: Arguments) -> None:
    """Run the command."""
    card, net = load_card(arguments.net), load_net(arguments.net).requires_grad_(False)
    arguments = _with_steps(arguments, card)
    _check(arguments)
    out = arguments.out or Path("logs/compression") / card.name
    transform = _transform(card)
    levels = [_level(transform, step) for step in arguments.steps]
    data = ProbeData(card, arguments.data)
    if len(net.blocks) < LEAST_BLOCKS:
        raise InputError(card.name, "blocks", f"must be {LEAST_BLOCKS} or more (got {len(net.blocks)})")
    bench = Bench(net, data, levels, arguments.items, arguments.jobs, arguments.seed)
    torch.set_num_threads(arguments.jobs)
    with progress(notes()) as bar:
        work = Work(arguments, bench, card, transform, out, bar)
        for part in arguments.parts:
            if arguments.stored:
                work.restore(part)
            else:
                getattr(work, part)()
        if arguments.codecs:
            save_codecs(out / "codecs.safetensors", bench.codecs)
            work.written.append(out / "codecs.safetensors")
    if arguments.json:
        print_json(work.results())
    else:
        console = Console(highlight=False)
        console.width = max(console.width, WIDTH)
        for _, grid in work.grids():
            console.print(rich_table(grid))
    if arguments.page is not None:
        work.write_page(arguments.page)
    if work.written:
        notes().print(f"wrote {', '.join(str(path) for path in work.written)}", soft_wrap=True)


@dataclass
class Work:
    """The parts, and what they found."""

    arguments: Arguments
    bench: Bench
    card: NetCard
    transform: TransformKind
    out: Path
    bar: Progress

    def __post_init__(self) -> None:
        """Nothing is measured yet."""
        self.written: list[Path] = []
        self.measured: MeasuredCuts | None = None
        self.rows: dict[str, Sequence[MethodRow] | Sequence[SetRow]] = {}

    @property
    def set_step(self) -> float:
        """[σ] of the random sets."""
        assert self.arguments.set_step is not None
        return self.arguments.set_step

    def profile(self) -> None:
        """Every level at every cut, and the loss rule."""
        with self._task("every cut at every level", len(self.bench.test.inputs)) as step:
            levels = self.bench.cut_levels(step)
        rule = self._measured_rule()
        self.measured = MeasuredCuts(
            name=self.card.name,
            kind="measured-cuts",
            source=f"measured on {self.card.name} by {command_line()}",
            source_dtype="fp32",
            notes=_notes(self.card, rule.confidence),
            blocks=len(self.bench.net.blocks),
            loss_rule=rule,
            made_by=self._provenance(),
            cut_levels=self.bench.timed(levels),
        )
        self._keep_profile()

    def rule(self) -> None:
        """The loss rule."""
        profile = self._profile()  # refuses another run's before anything is measured
        self._use_rule(profile, self._measured_rule())

    def times(self) -> None:
        """The codecs' seconds."""
        levels = self.bench.timed(self._profile().cut_levels)
        self.measured = self._profile().model_copy(update={"cut_levels": levels})
        self._keep_profile()

    def sets(self) -> None:
        """Random sets at one level."""
        profile, place = self._profile(), self.arguments.steps.index(self.set_step)
        with self._task("random sets", len(self.bench.test.inputs)) as step:
            rows = self.bench.sets(profile.cut_levels, profile.loss_rule, place, self.arguments.sets, step)
        self._keep("sets", rows)

    def plans(self) -> None:
        """Random plans within the budget."""
        profile, arguments = self._profile(), self.arguments
        with self._task("random plans", len(self.bench.test.inputs)) as step:
            rows = self.bench.plans(
                profile.cut_levels, profile.loss_rule, arguments.budget, arguments.plans, step
            )
        self._keep("plans", rows)

    def methods(self) -> None:
        """Transforms over their steps, the chain's parts, and top-k with 8 bits."""
        families: list[tuple[str, str, CodecSettings]] = [
            (transform, f"{step:g} σ", methods.uniform(f"step-{step:g}", transform, step))
            for transform in _transforms(self.card)
            for step in self.arguments.steps[1::2]
        ]
        families += [("top-k, 8 bits", *setting) for setting in methods.top_k_int8(TOP_K_KEEPS)]
        chain = [("chain", *setting) for setting in methods.chain(self.transform, self.set_step)]
        self._draw(self._families("methods", [*families, *chain]))

    def _draw(self, rows: Sequence[MethodRow]) -> None:
        shown = [row for row in rows if row.method != "chain"]
        first, second = self.bench.two_cuts
        title = f"{self.card.name}, cut after blocks {first} and {second}: what smaller activations cost"
        self._write("methods.png", to_png(loss_against_ratio(shown, title=title)))

    def masks(self) -> None:
        """A learned mask, top-k and neither, at equal bytes."""
        arguments, rows = self.arguments, []
        for transform in ("scale", self.transform):
            for price in methods.BIT_PRICES:
                settings = LearningSettings(bit_price=price, steps=arguments.mask_steps, seed=arguments.seed)
                with self._task(f"mask on {transform}, {price:g} nat a bit", arguments.mask_steps) as step:
                    found = list(self.bench.sparsifiers(transform, settings, lambda: step(1)))
                with self._task("sparsifiers", 3 * len(self.bench.test.inputs)) as step:
                    rows += self.bench.families(found, step)
        self._keep("masks", rows)

    def results(self) -> dict[str, object]:
        """Everything that was measured, as plain data."""
        found: dict[str, object] = {
            name: [row.model_dump(mode="json") for row in rows] for name, rows in self.rows.items()
        }
        return found if self.measured is None else {"profile": self.measured.model_dump(mode="json")} | found

    def restore(self, part: Part) -> None:
        """Read a part that was measured before.

        Raises:
            InputError: the folder has it not, or its file breaks the form.
        """
        if part in ("profile", "times"):
            self._profile()
        elif part == "rule":
            self._use_rule(
                self._profile(), self.bench.loss_rule(self._restored(part, SetRow), self.arguments.confidence)
            )
        else:
            self.rows[part] = self._restored(part, SetRow if part in ("sets", "plans") else MethodRow)
        if part == "methods":
            self._draw(TypeAdapter(list[MethodRow]).validate_python(self.rows[part]))

    def grids(self) -> Iterator[tuple[str, Grid]]:
        """Everything that was measured, as named tables."""
        if self.measured is not None:
            yield "levels", level_grid(self.measured)
            yield "cuts", cut_grid(self.measured)
        for name, rows in self.rows.items():
            if name in ("sets", "plans"):
                title = f"step-{self.set_step:g}" if name == "sets" else "plans"
                yield name, set_grid(title, list(rows), self.arguments.budget)
            else:
                yield name, method_grid([row for row in rows if isinstance(row, MethodRow)])

    def write_page(self, path: Path) -> None:
        """Put the tables between the markers of a page."""
        for name, grid in self.grids():
            text = markdown_table(grid)
            section = Section(f"profile_compression {self.card.name} {name}")
            if path.exists() and section.begin not in read_text(path):
                raise InputError(str(path), "", f"has no {section.begin}")
            write_text(path, section.in_page(path, text))
        self.written.append(path)

    def _restored(self, part: Part, form: type[Row]) -> list[Row]:
        return load_rows(self.out / f"{part}.json", form)

    def _measured_rule(self) -> LossRule:
        with self._task("loss rule", len(self.bench.validation.inputs)) as step:
            rows = self.bench.rule_sets(self.arguments.sets, step)
        self._store("rule", rows)
        return self.bench.loss_rule(rows, self.arguments.confidence)

    def _use_rule(self, profile: MeasuredCuts, rule: LossRule) -> None:
        made = self._provenance()
        update = {
            "loss_rule": rule,
            "notes": _notes(self.card, rule.confidence),
            "made_by": made.model_copy(update={"command": f"{profile.made_by.command}; {made.command}"}),
        }
        self.measured = profile.model_copy(update=update)
        self._keep_profile()

    def _families(self, name: str, families: Sequence[tuple[str, str, CodecSettings]]) -> list[MethodRow]:
        two = self.bench.calibration.at(self.bench.two_cuts)
        made = ((method, setting, two.codecs([level])[0]) for method, setting, level in families)
        with self._task(name, len(families) * len(self.bench.test.inputs)) as step:
            rows = self.bench.families(made, step)
        self._keep(name, rows)
        return rows

    def _keep_profile(self) -> None:
        assert self.measured is not None
        self._write("profile.json", json.dumps(self.measured.model_dump(mode="json"), indent=1) + "\n")

    def _keep(self, name: str, rows: Sequence[Row]) -> None:
        self.rows[name] = rows
        self._store(name, rows)

    def _store(self, name: str, rows: Sequence[Row]) -> None:
        data = {
            "made_by": self._provenance().model_dump(mode="json"),
            "rows": [row.model_dump(mode="json", exclude_none=True) for row in rows],
        }
        self._write(f"{name}.json", json.dumps(data, indent=None) + "\n")

    def _profile(self) -> MeasuredCuts:
        if self.measured is None:
            path = self.out / "profile.json"
            found = load_profile(path)
            names = [level.name for level in self.bench.levels]
            if not isinstance(found, MeasuredCuts) or [level.name for level in found.cut_levels] != names:
                raise InputError(str(path), "cut_levels", f"must be those of --steps: {', '.join(names)}")
            if found.made_by.net_sha256 != self.card.sha256:
                raise InputError(str(path), "made_by.net_sha256", f"is not that of {self.card.name}")
            self.measured = found
        return self.measured

    def _provenance(self) -> Provenance:
        test = self.bench.test
        return Provenance(
            command=command_line(),
            git_revision=git_revision(),
            net=self.card.name,
            net_sha256=self.card.sha256,
            data=self.bench.data.name,
            data_sha256=test.sha256,
            items=len(test.inputs),
            accuracy_pct=self.bench.accuracy_pct,
            versions=versions(),
        )

    @contextmanager
    def _task(self, name: str, total: int) -> Iterator[Callable[[int], None]]:
        task = self.bar.add_task(name, total=total)
        yield lambda count: self.bar.advance(task, count)
        self.bar.remove_task(task)

    def _write(self, name: str, content: str | bytes) -> None:
        path = self.out / name
        if isinstance(content, str):
            write_text(path, content)
        else:
            write_bytes(path, content)
        self.written.append(path)


def _with_steps(arguments: Arguments, card: NetCard) -> Arguments:
    """The arguments with the steps that go with the kind of network where none are given."""
    usual = TEXT_STEPS if isinstance(card.config, CharLmConfig) else STEPS
    steps = arguments.steps or usual
    set_step = steps[min(4, len(steps) - 1)] if arguments.set_step is None else arguments.set_step
    return replace(arguments, steps=steps, set_step=set_step)


def _check(arguments: Arguments) -> None:
    for name, least in {"items": 2, "sets": 1, "plans": 1, "mask_steps": 1, "jobs": 1, "seed": 0}.items():
        if getattr(arguments, name) < least:
            flag = f"--{name.replace('_', '-')}"
            raise InputError(flag, "", f"must be {least} or more (got {getattr(arguments, name)})")
    steps = arguments.steps
    if not steps or list(steps) != sorted(set(steps)) or not all(0 < step < math.inf for step in steps):
        raise InputError("--steps", "", "must be positive numbers that ascend")
    if "sets" in arguments.parts and arguments.set_step not in arguments.steps:
        raise InputError("--set-step", "", f"must be one of --steps (got {arguments.set_step:g})")
    if not 0.5 < arguments.confidence < 1:
        raise InputError("--confidence", "", f"must be above 0.5 and below 1 (got {arguments.confidence:g})")
    if not 0 < arguments.budget < math.inf:
        raise InputError("--budget", "", f"must be above 0 and finite (got {arguments.budget:g})")
    if arguments.out is not None and arguments.out.exists() and not arguments.out.is_dir():
        raise InputError("--out", str(arguments.out), "is not a folder")


def _transform(card: NetCard) -> TransformKind:
    """Of the levels: tokens of a text come in any number, so only its channels are transformed."""
    return _transforms(card)[-1]


def _transforms(card: NetCard) -> tuple[TransformKind, ...]:
    channels: tuple[TransformKind, ...] = ("klt", "weighted-klt")
    return (
        channels if isinstance(card.config, CharLmConfig) else (*channels, "token-klt", "weighted-token-klt")
    )


def _level(transform: TransformKind, step: float) -> CodecSettings:
    return methods.uniform(f"step-{step:g}", transform, step)


def _notes(card: NetCard, confidence: float) -> tuple[str, ...]:
    return (
        f"Ratios, divergences and losses were measured on {card.name} alone. That a cut behind some share "
        "of another network's layers compresses and costs as one behind the same share of this one's blocks "
        "is an assumption.",
        "Encode and decode seconds per byte are those of one core of the machine that measured.",
        f"Losses of a plan's cuts add up to the {confidence:.1%} quantile of random sets: see loss_rule.",
    )


if __name__ == "__main__":
    run_command(Arguments, main)
