"""Descriptions of faults."""

import pytest

from satllm_env.errors import InputError
from satllm_env.testbed.faults import parse_fault
from satllm_env.testbed.job import Fault, Visit, visits_of
from satllm_env.testbed.measure import Measured
from tests.unit.testbed.conftest import chain, plan_over


@pytest.fixture
def visits(measured: Measured) -> tuple[Visit, ...]:
    """From a over b, which relays, to c and the ground."""
    plan = plan_over(chain(measured), ["a", "b", "c", "ground"], [2, 2, 4])
    return visits_of(plan, {}, [1.0] * 5)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("kill:c", Fault(kind="kill", visit=2)),
        ("kill:b@3", Fault(kind="kill", visit=1, micro_batch=3)),
        ("slow:c@1=2.5", Fault(kind="slow", visit=2, micro_batch=1, seconds=2.5)),
        ("slow:c", Fault(kind="slow", visit=2, seconds=9.0)),
        ("cut:b>c@2", Fault(kind="cut", visit=1, micro_batch=2)),
        ("kill:c@1:3", Fault(kind="kill", visit=2, run=1, micro_batch=3)),
        ("corrupt:c>ground", Fault(kind="corrupt", visit=2)),
    ],
)
def test_descriptions(text: str, fault: Fault, visits: tuple[Visit, ...]) -> None:
    """Kind, place, first micro-batch and seconds are read."""
    assert parse_fault(text, visits, 9.0) == fault


@pytest.mark.parametrize(
    "text", ["melt:c", "kill:", "kill:a>b", "cut:a", "kill:c=3", "kill:z", "cut:b>a", "kill:c@1:", ""]
)
def test_nonsense_is_refused(text: str, visits: tuple[Visit, ...]) -> None:
    """What describes no fault of the plan's way is one clear line."""
    with pytest.raises(InputError, match="--fault"):
        parse_fault(text, visits, 9.0)
