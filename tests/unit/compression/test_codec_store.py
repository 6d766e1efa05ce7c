"""Codecs in files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from satllm_env.compression.codec import Learned, calibrate, klt_levels, load_codecs, save_codecs
from satllm_env.errors import InputError

from .codec_cases import BOUNDARY, KEEP, WIDTH, activations, all_settings, codecs_of, settings

LEVEL = settings(
    transform="klt",
    sparsifier={"kind": "mask"},
    quantiser={"kind": "uniform", "step": 1.0},
    coder="range",
)


def write(path: Path, key: str = "", array: np.ndarray | None = None) -> Path:
    """A file with one codec, one of its arrays replaced, or left out for None."""
    save_codecs(path, calibrate([LEVEL], {BOUNDARY: activations(5)}, {BOUNDARY: Learned(keep=KEEP)}))
    with safe_open(path, framework="np") as file:
        metadata = file.metadata()
    arrays = load_file(path)
    arrays.pop(key, None)
    save_file(arrays if array is None else arrays | {key: array}, path, metadata)
    return path


def test_codecs_come_back_from_their_file(tmp_path: Path) -> None:
    """Every combination of parts, over two boundaries: same fingerprints, so same payloads."""
    data = {2: activations(5), 7: activations(6)}
    codecs = codecs_of(all_settings(), data)
    save_codecs(tmp_path / "codecs.safetensors", codecs)
    loaded = load_codecs(tmp_path / "codecs.safetensors")
    assert [codec.settings for codec in loaded] == [codec.settings for codec in codecs]
    for mine, theirs in zip(codecs, loaded, strict=True):
        assert mine.boundaries.keys() == theirs.boundaries.keys()
        assert all(mine.at(b).fingerprint == theirs.at(b).fingerprint for b in data)
    sent = activations(1, seed=4)
    np.testing.assert_array_equal(
        loaded[-1].decode(codecs[-1].encode(sent, 7)), codecs[-1].decode(codecs[-1].encode(sent, 7))
    )


def test_levels_that_disagree_are_not_written(tmp_path: Path) -> None:
    """Other boundaries or the same name: refused."""
    first, second = klt_levels((1.0, 2.0))
    one = calibrate([first], {BOUNDARY: activations(5)})
    with pytest.raises(InputError, match="other boundaries"):
        save_codecs(tmp_path / "a", one + calibrate([second], {4: activations(5)}))
    with pytest.raises(InputError, match="twice"):
        save_codecs(tmp_path / "a", one + one)


@pytest.mark.parametrize(
    ("key", "array", "problem"),
    [
        ("level/3/transform.basis", None, "missing"),
        ("level/3/transform.basis", np.zeros((WIDTH, 2), np.float32), "shape"),
        ("level/3/transform.mean", np.full(WIDTH, np.nan, np.float32), "finite"),
        ("level/3/keep", np.ones(WIDTH, np.float32), "must be bool"),
        ("level/3/keep", np.ones(2, np.bool_), "shape"),
        ("level/3/steps.step", np.zeros(WIDTH, np.float32), "step"),
        ("level/3/steps.offset", np.full(WIDTH, np.inf, np.float32), "offset"),
        ("level/3/tables.reach", np.full(WIDTH, -1, np.int32), "reach"),
        ("level/3/tables.reach", np.full(WIDTH, 255, np.int32), "frequencies"),
        ("level/3/tables.frequencies", None, "missing"),
        ("level/3/tables.table_of", np.full(WIDTH, WIDTH, np.int32), "table_of"),
        ("level/3/tables.table_of", np.zeros(2, np.int32), "table_of"),
    ],
)
def test_broken_arrays_are_refused(tmp_path: Path, key: str, array: Any, problem: str) -> None:
    """The error names the file and the array."""
    path = write(tmp_path / "codec.safetensors", key, array)
    with pytest.raises(InputError, match=f"codec.safetensors.*{problem}"):
        load_codecs(path)


def test_frequencies_of_zero_are_refused(tmp_path: Path) -> None:
    """A symbol without a frequency would have no code."""
    path = write(tmp_path / "codec.safetensors")
    frequencies = load_file(path)["level/3/tables.frequencies"]
    with pytest.raises(InputError, match="from 1 to"):
        load_codecs(write(path, "level/3/tables.frequencies", frequencies * np.uint32(0)))


def test_other_files_are_refused(tmp_path: Path) -> None:
    """No file, no safetensors, no codec, broken settings."""
    with pytest.raises(InputError, match="cannot be read"):
        load_codecs(tmp_path / "none.safetensors")
    (tmp_path / "text").write_text("not tensors")
    with pytest.raises(InputError, match="cannot be read"):
        load_codecs(tmp_path / "text")
    save_file({"a": np.zeros(1)}, tmp_path / "other")
    with pytest.raises(InputError, match="holds no codec"):
        load_codecs(tmp_path / "other")
    save_file({"a": np.zeros(1)}, tmp_path / "broken", {"codec": '{"levels": []}'})
    with pytest.raises(InputError, match="widths"):
        load_codecs(tmp_path / "broken")
