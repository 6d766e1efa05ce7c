"""The procedural text."""

import hashlib
import re
from itertools import pairwise

import pytest

from satllm_env.errors import InputError
from satllm_env.nets.mission_log import SPLITS, mission_log

LOG = mission_log("train", 200_000)


def test_text_is_the_same_on_every_machine() -> None:
    """A stretch of each split has the characters that it had when this was written."""
    text = "".join(mission_log(split, 20_000) for split in SPLITS)
    assert (
        hashlib.sha256(text.encode()).hexdigest()
        == "e957fc7e1f13c264ce361460d536ee75d2937e7c90531537f4c993bab923136c"
    )


def test_a_longer_text_begins_with_the_shorter() -> None:
    """How much is asked for does not change what is written."""
    assert mission_log("test", 5_000) == mission_log("test", 9_000)[:5_000]
    assert len(LOG) == 200_000
    assert LOG.isascii()


def test_splits_and_seeds_share_no_entry() -> None:
    """No line of one split, or of another seed, is in another."""
    texts = [mission_log(split, 100_000) for split in SPLITS] + [mission_log("train", 100_000, seed=1)]
    lines = [set(text.splitlines()[:-1]) for text in texts]
    assert sum(map(len, lines)) == len(set.union(*lines))


def test_figures_agree_with_each_other() -> None:
    """What rises ends higher by the change stated, and a pass lasts as long as its ends say."""
    trends = re.findall(
        r"(rose|fell) from (-?\d+) to (-?\d+) degrees .*?It is (\d+) degrees (warmer|colder)", LOG
    )
    assert len(trends) > 50
    for verb, start, end, change, feel in trends:
        sign = 1 if verb == "rose" else -1
        assert int(end) - int(start) == sign * int(change)
        assert feel == ("warmer" if sign > 0 else "colder")
    passes = re.findall(r"at (\d\d):(\d\d) and set at (\d\d):(\d\d), (\d+) minutes later", LOG)
    assert len(passes) > 50
    for hour, minute, end_hour, end_minute, lasted in passes:
        took = (int(end_hour) - int(hour)) * 60 + int(end_minute) - int(minute)
        assert took % 1440 == int(lasted)


def test_times_go_on() -> None:
    """Days follow each other, and times within a day."""
    stamps = [
        (int(day), int(hour) * 60 + int(minute))
        for day, hour, minute in re.findall(r"^Day (\d+), (\d\d):(\d\d)\.", LOG, re.MULTILINE)
    ]
    for (day, time), (next_day, next_time) in pairwise(stamps):
        assert next_time > time if next_day == day else next_day == day % 366 + 1


def test_unknown_split_is_refused() -> None:
    """A split that does not exist is one line that lists those that do."""
    with pytest.raises(InputError, match=r"split: dev: unknown; known are train"):
        mission_log("dev", 10)
