"""The command `scripts/profile_compression.py`, end to end on tiny networks of both kinds."""

import json
from pathlib import Path
from typing import Any

import pytest

from satllm_env.compression.codec import load_codecs
from satllm_env.compression.measured_cuts import MeasuredCuts
from satllm_env.compression.profile import load_profile
from satllm_env.nets.mission_log import mission_log
from satllm_env.nets.split_net import SplitNet
from satllm_env.nets.store import DataCard, build, save_net
from satllm_env.nets.training import TrainingSettings
from satllm_env.problem.schema import parse_problem
from tests.integration.command import command
from tests.unit.compression.net_cases import lively
from tests.unit.nets.nets import VIT, image_folder

PROFILE = command("profile_compression.py")
FAST = (
    "--items",
    "24",
    "--jobs",
    "1",
    "--plans",
    "3",
    "--sets",
    "12",
    "--budget",
    "1000",
    "--mask-steps",
    "2",
)


def saved(folder: Path, name: str, net: SplitNet) -> Path:
    """A network's files; their card."""
    path = folder / f"{name}.json"
    vit = name != "tiny-lm"
    data = DataCard(source="drawn", seed=0, train_items=1, test_items=1, test_sha256="x")
    save_net(
        net, path, name=name, config=net.config, measure="accuracy_pct" if vit else "perplexity", test=1.0,
        data=data, training=TrainingSettings(epochs=1, batch=1, learning_rate=1e-3), command="none",
        versions={},
    )  # fmt: skip
    return path


@pytest.fixture(scope="module")
def vit(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """Flags of an image network with its images."""
    folder = tmp_path_factory.mktemp("vit")
    images = image_folder(folder / "images", {"a": 60, "b": 60, "c": 60}, 16, "png")
    return ("--net", str(saved(folder, "tiny-vit", lively("vit"))), "--data", str(images))


@pytest.fixture(scope="module")
def lm(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """Flags of a language model with its text."""
    folder = tmp_path_factory.mktemp("lm")
    (folder / "log.txt").write_text(mission_log("train", 30_000))
    return ("--net", str(saved(folder, "tiny-lm", lively("lm"))), "--data", str(folder / "log.txt"))


def measure(flags: tuple[str, ...], out: Path, *more: str) -> dict[str, Any]:
    """Run the command with --json; its one object."""
    done = PROFILE(*flags, *FAST, "--out", out, "--json", *more)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def levels_fit(profile: MeasuredCuts, layers: int) -> bool:
    """Whether a problem of so many layers takes the profile's levels."""
    levels = profile.levels(layers - 1)
    layer = {"name": "x", "flops": 1, "weight_bytes": 1, "activation_bytes": 1}
    problem = {
        "format": "satllm-split-problem/1",
        "model": {"name": "m", "input_bytes": 1, "result_bytes": 1, "layers": [layer] * layers},
        "nodes": [{"id": "s", "kind": "satellite"}, {"id": "g", "kind": "ground"}],
        "links": [], "source": "s", "destination": "g", "accuracy_budget": 1, "micro_batches": 1,
        "compression": [level.model_dump(mode="json") for level in levels],
    }  # fmt: skip
    return parse_problem(problem).compression == levels


@pytest.mark.parametrize("kind", ["vit", "lm"])
def test_every_part_of_both_kinds(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Files of every part are written and hold what is printed; the profile loads and fits problems."""
    out = tmp_path / "new" / "folder"
    found = measure(request.getfixturevalue(kind), out, "--steps", "0.5", "1", "--set-step", "1", "--codecs")
    parts = {"sets", "plans", "methods", "masks"}
    assert set(found) == parts | {"profile"}
    files = {f"{part}.json" for part in parts} | {
        "profile.json",
        "rule.json",
        "methods.png",
        "codecs.safetensors",
    }
    assert {path.name for path in out.iterdir()} == files
    for part in parts:
        stored = json.loads((out / f"{part}.json").read_text())
        assert stored["made_by"]["net"] == f"tiny-{kind}"
        assert len(stored["rows"]) == len(found[part]) > 0
        assert [row["kl_nat"] for row in stored["rows"]] == [row["kl_nat"] for row in found[part]]
    profile = load_profile(out / "profile.json")
    assert isinstance(profile, MeasuredCuts)
    assert profile.model_dump(mode="json") == found["profile"]
    assert [level.name for level in profile.cut_levels] == ["step-0.5", "step-1"]
    assert [cut.boundary for cut in profile.cut_levels[0].cuts] == [1, 2, 3]
    assert all(level.encode_s_per_byte > 0 for level in profile.cut_levels)
    assert levels_fit(profile, 4) and levels_fit(profile, 9)
    assert [codec.settings.name for codec in load_codecs(out / "codecs.safetensors")] == [
        "step-0.5",
        "step-1",
    ]
    assert len(found["plans"]) == 3
    assert all(row["bound"] <= 1000 for row in found["plans"])
    assert all(cut[1] == "step-1" for row in found["sets"] for cut in row["cuts"])
    alone = {cut.boundary: cut.kl_nat for cut in profile.cut_levels[1].cuts}
    for row in found["sets"]:
        assert row["cut_kl_nat"] == [alone[boundary] for boundary, _ in row["cuts"]]


def test_parts_go_on_from_the_folder_s_profile(vit: tuple[str, ...], tmp_path: Path) -> None:
    """Sets, times and tables use the one that lies there; another network's and other steps are refused."""
    steps = ("--steps", "1", "2", "--set-step", "2")
    first = measure(vit, tmp_path, *steps, "--parts", "profile")
    again = measure(vit, tmp_path, *steps, "--parts", "sets", "times")
    assert [row["bound"] for row in again["sets"]]
    changed = {"encode_s_per_byte", "decode_s_per_byte"}
    for before, after in zip(first["profile"]["cut_levels"], again["profile"]["cut_levels"], strict=True):
        assert {name: before[name] for name in before if name not in changed} == {
            name: after[name] for name in after if name not in changed
        }
    shown = PROFILE(*vit, *FAST, *steps, "--out", tmp_path, "--parts", "profile", "sets", "--stored")
    assert shown.returncode == 0
    assert "step-2" in shown.stdout and "cut after block" in shown.stdout
    done = PROFILE(*vit, *FAST, "--steps", "1", "3", "--set-step", "3", "--out", tmp_path, "--parts", "sets")
    assert refused(done) == f"{tmp_path}/profile.json: cut_levels: must be those of --steps: step-1, step-3"
    path = tmp_path / "profile.json"
    table = json.loads(path.read_text())
    table["made_by"]["net_sha256"] = "other"
    path.write_text(json.dumps(table))
    done = PROFILE(*vit, *FAST, *steps, "--out", tmp_path, "--parts", "sets")
    assert refused(done) == f"{path}: made_by.net_sha256: is not that of tiny-vit"


def test_the_rule_is_fitted_anew(vit: tuple[str, ...], tmp_path: Path) -> None:
    """To the sets that were measured, which are the same again, and the profile says how it was made."""
    steps = ("--steps", "1", "2", "--set-step", "2")
    first = measure(vit, tmp_path, *steps, "--parts", "profile")["profile"]
    rows = (tmp_path / "rule.json").read_text()
    again = measure(vit, tmp_path, *steps, "--parts", "rule")["profile"]
    assert again["loss_rule"] == first["loss_rule"]
    assert json.loads((tmp_path / "rule.json").read_text())["rows"] == json.loads(rows)["rows"]
    assert again["made_by"]["command"].startswith(f"{first['made_by']['command']}; ")
    surer = measure(vit, tmp_path, *steps, "--parts", "rule", "--stored", "--confidence", "0.99")["profile"]
    assert surer["loss_rule"]["confidence"] == 0.99
    assert surer["loss_rule"]["sets"] == first["loss_rule"]["sets"]
    assert "99.0%" in surer["notes"][-1]
    stored = load_profile(tmp_path / "profile.json")
    assert stored.model_dump(mode="json") == surer


def test_the_seed_makes_the_figures(vit: tuple[str, ...], tmp_path: Path) -> None:
    """All but the times and the command are the same again."""
    plan = ("--steps", "1", "2", "--set-step", "1", "--parts", "profile", "plans")
    first, again = (measure(vit, tmp_path / name, *plan) for name in ("a", "b"))
    assert first["plans"] == again["plans"]
    assert first["profile"]["loss_rule"] == again["profile"]["loss_rule"]
    cuts = [[level["cuts"] for level in found["profile"]["cut_levels"]] for found in (first, again)]
    assert cuts[0] == cuts[1]


def refused(done: Any) -> str:
    """The one line of a command that was given bad input."""
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    return str(done.stderr.strip())


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--items", "1"), "--items: must be 2 or more (got 1)"),
        (("--sets", "0"), "--sets: must be 1 or more"),
        (("--jobs", "0"), "--jobs: must be 1 or more"),
        (("--mask-steps", "0"), "--mask-steps: must be 1 or more"),
        (("--seed", "-1"), "--seed: must be 0 or more"),
        (("--steps", "1", "0.5"), "--steps: must be positive numbers that ascend"),
        (("--steps", "1", "1"), "--steps: "),
        (("--steps", "0", "1"), "--steps: "),
        (("--steps", "1", "inf"), "--steps: "),
        (("--steps", "nan"), "--steps: "),
        (("--set-step", "0.7"), "--set-step: must be one of --steps (got 0.7)"),
        (("--confidence", "0.5"), "--confidence: must be above 0.5 and below 1 (got 0.5)"),
        (("--confidence", "nan"), "--confidence: "),
        (("--budget", "0"), "--budget: must be above 0 and finite (got 0)"),
        (("--budget", "nan"), "--budget: "),
        (("--parts", "everything"), ""),
        (("--net", "nope"), "network: nope: unknown; known are"),
        (("--data", "nope"), "data: nope: unknown; known are"),
        (("--parts", "sets"), "OUT/profile.json: cannot be read"),
        (("--parts", "masks", "--stored"), "OUT/masks.json: cannot be read"),
    ],
)
def test_bad_input_is_one_line(
    flags: tuple[str, ...], message: str, vit: tuple[str, ...], tmp_path: Path
) -> None:
    """Exit 2, nothing on stdout, nothing written."""
    given = [*vit, "--out", str(tmp_path / "out"), *flags]
    assert refused(PROFILE(*given)).startswith(message.replace("OUT", str(tmp_path / "out")))
    assert not (tmp_path / "out").exists()


def test_a_file_is_no_folder(vit: tuple[str, ...], tmp_path: Path) -> None:
    """Known before anything is measured."""
    (tmp_path / "file").write_text("x")
    done = PROFILE(*vit, *FAST, "--out", tmp_path / "file")
    assert refused(done) == f"--out: {tmp_path / 'file'}: is not a folder"


def test_networks_of_two_blocks_are_too_shallow(vit: tuple[str, ...], tmp_path: Path) -> None:
    """There are no two cuts in them to measure methods at."""
    card = saved(tmp_path, "flat", build(VIT.model_copy(update={"layers": 2})))
    done = PROFILE("--net", card, *vit[2:], "--out", tmp_path / "out")
    assert refused(done) == "flat: blocks: must be 3 or more (got 2)"


def test_data_of_other_classes_are_refused(vit: tuple[str, ...], tmp_path: Path) -> None:
    """The network's outputs would mean nothing."""
    images = image_folder(tmp_path / "images", {"a": 20, "d": 20}, 16, "png")
    done = PROFILE(*vit[:2], "--data", images, *FAST, "--out", tmp_path / "out")
    assert refused(done).startswith(f"data: {images}: has other classes")
