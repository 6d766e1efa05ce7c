"""The reference lists what packages say is public."""

import re
from importlib import import_module

import pytest

from tests.pages import DOCS

BY_HAND = {"planners": "planners", "satllm_env.network": "network"}
"""Packages whose names are listed one by one, in an order for readers, and their pages."""


@pytest.mark.parametrize("package", BY_HAND)
def test_every_public_name_is_listed_once(package: str) -> None:
    """A name that is added to a package has to be added to its page."""
    text = (DOCS / "api" / f"{BY_HAND[package]}.rst").read_text(encoding="utf-8")
    _, part = text.split(f".. currentmodule:: {package}\n")
    listed = re.findall(r"^\.\. auto(?:class|data|exception|function):: (\w+)$", part, flags=re.MULTILINE)
    assert sorted(listed) == sorted(import_module(package).__all__)
