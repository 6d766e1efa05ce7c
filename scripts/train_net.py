"""Train a small network to measure compression on: a vision transformer, or a language model."""

from __future__ import annotations

import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
import tyro
from pydantic import ValidationError

from satllm_env.cli import notes, progress, run_command
from satllm_env.errors import InputError
from satllm_env.nets.char_lm import CharLmConfig
from satllm_env.nets.image_data import image_source
from satllm_env.nets.recipes import Recipe
from satllm_env.nets.tasks import Classification, NextCharacter, Task
from satllm_env.nets.text_data import LOG
from satllm_env.nets.training import TrainingSettings
from satllm_env.nets.vit import VitConfig
from satllm_env.problem.schema import first_error

IMAGE_DEFAULTS: dict[str, Any] = {"epochs": 10, "batch": 128, "smoothing": 0.05, "tokens_kept": 0.5}
TEXT_DEFAULTS: dict[str, Any] = {"epochs": 2, "batch": 32, "smoothing": 0.0, "tokens_kept": 1.0}


@dataclass(frozen=True)
class Arguments:
    """Train a network whose activations compression and the testbed are measured on.

    From images comes a vision transformer, from text a language model over bytes. The weights
    (safetensors, float16) and a card that says how they were made are written side by side; the figure on
    the card is that of the test split, which training never sees.
    """

    data: Annotated[str, tyro.conf.arg(metavar="landcover|landcover-hard|FOLDER|mission-log|FILE")] = (
        "landcover"
    )
    """Procedural images, a folder with one folder of images per class (EuroSAT, RESISC45), procedural
    text, or a file of UTF-8 text."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE.json")] = None
    """Card to write, the weights go beside it; by default logs/nets/NAME.json."""
    name: str | None = None
    """Name of the network; by default that of the data, and its kind."""
    seed: int = 0
    """Seed of the first weights and of the order of training."""
    data_seed: int = 0
    """Seed of procedural data, or of a folder's splits."""
    train_items: int | None = None
    """Images or bytes to train on; by default all there are, or 24,000 images and 3 MB of the log."""
    start: str | None = None
    """Network to go on from: a shipped one's name, or a card."""
    epochs: int | None = None
    """By default 10 for images, 2 for text."""
    batch: int | None = None
    """Inputs per step; by default 128 images, 32 windows of text."""
    learning_rate: float = 1e-3
    """At its highest."""
    layers: int | None = None
    """Blocks; by default 12 for images, 6 for text."""
    width: int = 128
    """Features per token."""
    heads: int = 4
    """Attention heads."""
    patch: int | None = None
    """[px] edge of a patch, a power of two; by default 8."""
    image_px: int | None = None
    """[px] edge that a folder's images are brought to; by default 64."""
    context: int | None = None
    """Bytes that a language model sees; by default 128."""
    threads: int = 2
    """Threads to compute with; results hang on it in the last digits."""


def main(arguments: Arguments) -> None:
    """Run the command."""
    _check(arguments)
    torch.set_num_threads(arguments.threads)
    recipe = _recipe(arguments)
    path = arguments.out or Path("logs/nets") / f"{recipe.name}.json"
    console, start = notes(), time.monotonic()
    console.print(f"training {recipe.name!r} on {recipe.task.name}")
    with progress(console) as bar:
        card = recipe.run(path, bar, console.print)
    console.print(f"test {card.measure} {card.test:.3f} after {(time.monotonic() - start) / 60:.1f} minutes")
    console.print(f"network: {path}")


def _check(arguments: Arguments) -> None:
    for field in ("train_items", "threads", "layers", "patch", "image_px", "context"):
        value = getattr(arguments, field)
        if value is not None and value < 1:
            raise InputError(f"--{field.replace('_', '-')}", "", f"must be 1 or more (got {value})")
    if arguments.data_seed < 0:
        raise InputError("--data-seed", "", f"must be 0 or more (got {arguments.data_seed})")
    if arguments.out is not None and arguments.out.suffix != ".json":
        raise InputError("--out", str(arguments.out), "must end in .json")


def _refuse(arguments: Arguments, *fields: str) -> None:
    """Refuse options that mean nothing for the data."""
    for field in fields:
        if getattr(arguments, field):
            raise InputError(f"--{field.replace('_', '-')}", "", f"has no meaning for {arguments.data}")


def _recipe(arguments: Arguments) -> Recipe:
    is_text = arguments.data == LOG or Path(arguments.data).is_file()
    task, config, kind = _language(arguments) if is_text else _images(arguments)
    try:
        settings = TrainingSettings.model_validate(_settings(arguments, is_text))
    except ValidationError as error:
        raise first_error(error, "train_net.py") from None
    name = arguments.name or f"{task.name}-{kind}"
    command = shlex.join(["python", "scripts/train_net.py", *sys.argv[1:]])
    return Recipe(name, task, config, settings, command, arguments.start)


def _settings(arguments: Arguments, is_text: bool) -> dict[str, Any]:
    values = dict(TEXT_DEFAULTS if is_text else IMAGE_DEFAULTS)
    given = {"epochs": arguments.epochs, "batch": arguments.batch}
    values |= {name: value for name, value in given.items() if value is not None}
    return values | {"learning_rate": arguments.learning_rate, "seed": arguments.seed}


def _images(arguments: Arguments) -> tuple[Task, VitConfig, str]:
    _refuse(arguments, "context")
    image_px = arguments.image_px or 64
    source = image_source(arguments.data, arguments.data_seed, image_px)
    sizes = {"classes": source.classes, "image_px": image_px, "patch": arguments.patch or 8}
    config = _config(VitConfig, arguments, 12, sizes)
    return Classification(source, arguments.data_seed, arguments.train_items), config, "vit"


def _language(arguments: Arguments) -> tuple[Task, CharLmConfig, str]:
    _refuse(arguments, "patch", "image_px", *(() if arguments.data == LOG else ("data_seed",)))
    config = _config(CharLmConfig, arguments, 6, {"context": arguments.context or 128})
    task = NextCharacter(arguments.data, arguments.data_seed, arguments.train_items, config.context)
    return task, config, "lm"


def _config(form: Any, arguments: Arguments, layers: int, sizes: dict[str, Any]) -> Any:
    given = {"layers": arguments.layers or layers, "width": arguments.width, "heads": arguments.heads}
    try:
        return form.model_validate(given | sizes)
    except ValidationError as error:
        raise first_error(error, "train_net.py") from None


if __name__ == "__main__":
    run_command(Arguments, main)
