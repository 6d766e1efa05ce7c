"""Text in splits, and windows of it."""

from pathlib import Path

import pytest
import torch

from satllm_env.errors import InputError
from satllm_env.nets.mission_log import mission_log
from satllm_env.nets.text_data import LOG, text, text_sha256, windows


def test_a_file_is_cut_into_splits_that_make_it_up(tmp_path: Path) -> None:
    """The four parts, one after the other, are the file's bytes, whatever its language."""
    content = "Größe, 軌道, orbit\n" * 100
    (tmp_path / "own.txt").write_text(content, encoding="utf-8")
    parts = [text(tmp_path / "own.txt", split) for split in ("train", "calibration", "validation", "test")]
    assert bytes(torch.cat(parts).tolist()).decode() == content
    assert len(parts[0]) == round(0.9 * len(content.encode()))


def test_the_log_is_read_as_bytes() -> None:
    """The procedural log's ids are its characters'."""
    assert bytes(text(LOG, "test", 500).tolist()).decode() == mission_log("test", 500)
    assert text_sha256(text(LOG, "test", 500)) != text_sha256(text(LOG, "test", 500, seed=1))


def test_windows_lie_side_by_side() -> None:
    """Each byte but the first is a target once, and what does not fill a window is left out."""
    inputs, targets = windows(torch.arange(24), 5)
    assert inputs.flatten().tolist() == list(range(20))
    assert targets.flatten().tolist() == list(range(1, 21))


def test_texts_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    """A missing file, one of other bytes, one too short and an unknown split are one line each."""
    with pytest.raises(InputError, match=r"none\.txt: cannot be read: No such file"):
        text(tmp_path / "none.txt", "train")
    (tmp_path / "latin.txt").write_bytes(b"Gr\xf6\xdfe")
    with pytest.raises(InputError, match=r"latin\.txt: cannot be read: not UTF-8"):
        text(tmp_path / "latin.txt", "train")
    (tmp_path / "short.txt").write_text("short")
    with pytest.raises(InputError, match=r"short\.txt: train: has 4 bytes \(asked for 9\)"):
        text(tmp_path / "short.txt", "train", 9)
    with pytest.raises(InputError, match=r"text: must have more than 8 bytes"):
        windows(torch.arange(8), 8)
    with pytest.raises(InputError, match=r"split: dev: unknown"):
        text(LOG, "dev")
