"""What is kept of a set under way: the outcome of every draw, a line each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from agents.benchmark.form import Entry, LeftOut, parse_form
from satllm_env.errors import InputError

Outcome = Entry | LeftOut


@dataclass
class Journal:
    """Outcomes on disk, in the order of their seeds; made to be killed at any time.

    Args:
        path: of the file.
        identity: what another set's file would not say.

    Raises:
        InputError: the file belongs to another set, or cannot be read or written.
    """

    path: Path
    identity: dict[str, Any]
    outcomes: list[Outcome] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Read what is there."""
        lines = self._whole_lines()
        if lines and json.loads(lines[0]) != self.identity:
            raise InputError(str(self.path), "", "is left of another set; remove it to start over")
        self.outcomes = [self._outcome(line) for line in lines[1:]]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("ab")
        except OSError as error:
            raise InputError(str(self.path), "", f"cannot be written: {error.strerror}") from None
        # a line that the end of an earlier run has cut short
        self._file.truncate(sum(len(line) + 1 for line in lines))
        if not lines:
            self._write(self.identity)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()

    @property
    def entries(self) -> list[Entry]:
        """Instances kept."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, Entry)]

    @property
    def left_out(self) -> list[LeftOut]:
        """Instances left out."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, LeftOut)]

    def add(self, outcome: Outcome) -> None:
        """Keep an outcome."""
        self.outcomes.append(outcome)
        data = outcome.as_data() if isinstance(outcome, Entry) else outcome.model_dump(mode="json")
        self._write(data)

    def _write(self, data: dict[str, Any]) -> None:
        self._file.write(json.dumps(data, allow_nan=False).encode() + b"\n")
        self._file.flush()

    def _whole_lines(self) -> list[bytes]:
        if not self.path.exists():
            return []
        return self.path.read_bytes().split(b"\n")[:-1]

    def _outcome(self, line: bytes) -> Outcome:
        data = json.loads(line)
        outcome: Outcome = parse_form(Entry if "problem" in data else LeftOut, data, str(self.path))
        return outcome
