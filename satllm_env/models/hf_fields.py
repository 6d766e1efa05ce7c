"""Strict reading of a Hugging Face configuration's fields."""

from __future__ import annotations

from typing import Any

from satllm_env.errors import InputError
from satllm_env.models.checks import require_multiple, require_sizes


class HfFields:
    """The fields of one configuration; every fault is an `InputError` that names file and field.

    Args:
        source: the file's name.
        table: its top-level object.
    """

    def __init__(self, source: str, table: dict[str, Any]) -> None:
        self._source, self._table = source, table

    def __contains__(self, key: str) -> bool:
        """Tell whether the field is there, if only as null."""
        return key in self._table

    def require(self, key: str) -> None:
        """Check that the field is there, if only as null."""
        if key not in self._table:
            raise InputError(self._source, key, "is missing")

    def size(self, key: str) -> int:
        """Read a positive integer that must be there."""
        self.require(key)
        value = self._table[key]
        require_sizes(self._source, {key: value})
        return int(value)

    def size_or_none(self, key: str) -> int | None:
        """Read a positive integer; None where it is absent or null."""
        return None if self._table.get(key) is None else self.size(key)

    def flag(self, key: str, default: bool) -> bool:
        """Read true or false, or `default` where it is absent."""
        value = self._table.get(key, default)
        if not isinstance(value, bool):
            raise InputError(self._source, key, f"must be true or false (got {value!r})")
        return value

    def refuse(self, key: str, *, default: bool) -> None:
        """Refuse an option that is switched on and not supported."""
        if self.flag(key, default):
            raise InputError(self._source, key, "true is not supported")

    def divides(self, key: str, divisor_key: str) -> None:
        """Check that one size is a multiple of another."""
        require_multiple(self._source, key, self.size(key), divisor_key, self.size(divisor_key))

    def classes(self) -> int:
        """Count the outputs of an image classifier.

        `id2label` or `num_labels` says; with neither, the library's default of 2 where `architectures`
        names an image classifier, else 0 (a model without a head).
        """
        labels = self._table.get("id2label")
        if labels is not None and not isinstance(labels, dict):
            raise InputError(self._source, "id2label", "must be an object, one entry per class")
        count = self.size_or_none("num_labels")
        if labels is not None:
            if count is not None and count != len(labels):
                raise InputError(self._source, "num_labels", f"is {count}, but id2label has {len(labels)}")
            return len(labels)
        if count is not None:
            return count
        return 2 if self._is_classifier() else 0

    def _is_classifier(self) -> bool:
        names = self._table.get("architectures") or []
        if not isinstance(names, list):
            raise InputError(self._source, "architectures", "must be a list of class names")
        return any("ImageClassification" in str(name) for name in names)
