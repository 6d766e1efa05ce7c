"""What was measured of the codec stands beside what is reported, where it is at hand."""

import json
from pathlib import Path

import pytest

from planners.paper import compression
from planners.paper.compression import NET, NOT_MEASURED, Measurements
from satllm_env.errors import InputError
from satllm_env.figures.canvas import to_png


def _row(**update: object) -> dict[str, object]:
    row: dict[str, object] = {
        "cuts": [[4, "level"]],
        "ratio": 20.0,
        "kl_nat": 0.01,
        "kl_half_width": 0.001,
        "loss": 0.4,
        "loss_half_width": 0.1,
        "agreement_pct": 99.0,
        "perplexity_factor": 1.0,
    }
    return row | update


def _method(method: str, setting: str, **update: object) -> dict[str, object]:
    return _row(method=method, setting=setting, encode_s_per_byte=0.0, decode_s_per_byte=0.0, **update)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with all three files."""
    parts = {
        "methods": [
            _method("chain", "8 bits", ratio=3.9),
            _method("klt", "1 σ"),
            _method("chain", "+ coder"),
        ],
        "masks": [
            _method("Gumbel mask", "klt", ratio=150.0),
            _method("Gumbel mask", "scale", loss=0.7),
            _method("top-k", "scale", loss=-0.2),
        ],
        "sets": [_row(loss=loss) for loss in (0.2, 1.0, 1.4, 0.1)],
    }
    for name, rows in parts.items():
        path = tmp_path / NET / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"rows": rows}))
    return tmp_path


def test_measurements_are_read_and_told(folder: Path, tmp_path: Path) -> None:
    """The chain alone is the stages; three of four sets lose no more than a point."""
    measured = Measurements([tmp_path / "none-such", folder])
    assert [row.ratio for row in measured.chain()] == [3.9, 20.0]
    assert measured.within_pct() == 75
    ours = compression.finding(measured).ours
    assert "3.9× → 20.0×" in ours["compression-stages"]
    assert ours["accuracy-eurosat"] == (
        f"points lost on {NET}: Gumbel mask 0.70 ± 0.10 at 20×, top-k −0.20 ± 0.10 at 20×"
    )
    assert ours["accuracy-resisc45"] == NOT_MEASURED
    assert ours["cut-sets"] == "75 % of 4, worst 1.40 points"


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    """Nothing is made up; the tables and the figure hold what is reported."""
    found = compression.finding(Measurements([tmp_path]))
    assert found.ours["cut-sets"] == found.ours["accuracy-eurosat"] == NOT_MEASURED
    assert any(NOT_MEASURED in cell for row in found.tables["methods"].rows for cell in row)
    assert to_png(found.figures["compression"]()).startswith(b"\x89PNG")


def test_the_figure_shows_measurements(folder: Path) -> None:
    """As one more series."""
    figure = compression.finding(Measurements([folder])).figures["compression"]()
    assert "measured" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_the_first_folder_that_has_a_file_counts(folder: Path, tmp_path: Path) -> None:
    """File by file."""
    first = tmp_path / "first"
    (first / NET).mkdir(parents=True)
    (first / NET / "sets.json").write_text(json.dumps({"rows": [_row()]}))
    measured = Measurements([first, folder])
    assert (len(measured.sets), len(measured.methods)) == (1, 3)


@pytest.mark.parametrize(
    ("text", "problem"), [('{"rows": [{"ratio": 1}]}', "cuts"), ("{}", "rows"), ("no", "JSON")]
)
def test_a_broken_file_is_named(tmp_path: Path, text: str, problem: str) -> None:
    """With the field at fault."""
    (tmp_path / NET).mkdir()
    (tmp_path / NET / "sets.json").write_text(text)
    with pytest.raises(InputError, match=rf"{NET}/sets.json.*{problem}"):
        Measurements([tmp_path])
