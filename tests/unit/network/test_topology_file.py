"""Link lists in files."""

from pathlib import Path

import pytest

from satllm_env.errors import InputError
from satllm_env.network import read_topology


def test_links_keep_their_order(tmp_path: Path):
    """One 'a b' per line, blank lines skipped, order and direction kept."""
    file = tmp_path / "isls.txt"
    file.write_text("2 1\n\n  0\t2 \n")
    topology = read_topology(file, 3)
    assert topology.pairs.tolist() == [[2, 1], [0, 2]]
    assert topology.slot_neighbours.tolist() == [[2, -1], [2, -1], [0, 1]]


def test_an_empty_file_means_no_links(tmp_path: Path):
    """No line, no link."""
    file = tmp_path / "isls.txt"
    file.write_text("")
    assert read_topology(file, 3).pairs.shape == (0, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 1\n1 2 3\n", "line 2: must be two satellite numbers 'a b' (got '1 2 3')"),
        ("0,1\n", "line 1: must be two satellite numbers"),
        ("0 1\n\n1 3\n", "line 3: b: satellites are numbered 0 to 2 (got 3)"),
        ("-1 0\n", "line 1: a: satellites are numbered 0 to 2 (got -1)"),
        ("1 1\n", "line 1: links satellite 1 to itself"),
        ("0 1\n2 1\n1 0\n", "line 3: repeats the link of line 1"),
    ],
)
def test_bad_lines_are_named(tmp_path: Path, text: str, message: str):
    """The first wrong line is named with the file."""
    file = tmp_path / "isls.txt"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        read_topology(file, 3)
    assert str(caught.value).startswith(f"{file}: {message}")


def test_a_missing_file_is_one_line(tmp_path: Path):
    """A file that is not there is bad input, not a crash."""
    with pytest.raises(InputError, match=r"isls\.txt: cannot be read: No such file"):
        read_topology(tmp_path / "isls.txt", 3)
