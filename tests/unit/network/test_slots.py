"""Slots of a shell's planes."""

import numpy as np
import pytest

from satllm_env.network.slots import find_slots


def lattice(count: int, *kept: list[int], first_deg: float = 0.0) -> list[np.ndarray]:
    """Phases of planes in which these slots of so many are filled, each plane a little farther on."""
    return [
        (first_deg + 3.3 * plane + 360 / count * np.array(slots)) % 360 for plane, slots in enumerate(kept)
    ]


def rotated(slots: np.ndarray, count: int) -> list[int]:
    """Slots numbered from the first satellite's, spares as they are."""
    return np.where(slots >= 0, (slots - slots[0]) % count, slots).tolist()


def test_slot_zero_is_nearest_the_node():
    """Numbers start at the slot within half a spacing of the ascending node, whatever stands there."""
    found = find_slots([np.array([11.0, 31, 51, 71, 131]), np.array([9.0, 29, 69, 109, 349])] * 3)
    assert found.count == 18
    assert [slots.tolist() for slots in found.slots[:2]] == [[1, 2, 3, 4, 7], [0, 1, 3, 5, 17]]
    assert found.first_deg[:2] == pytest.approx([-9, 9])


def test_empty_slots_keep_their_numbers():
    """Slots are told by where satellites stand, not by how many there are."""
    phases = lattice(18, [0, 1, 2, 5, 6, 7, 11, 12, 17], [0, 3, 4, 5, 9, 10, 11, 14])
    found = find_slots(phases)
    assert found.count == 18
    assert [slots.tolist() for slots in found.slots] == [
        [0, 1, 2, 5, 6, 7, 11, 12, 17],
        [0, 3, 4, 5, 9, 10, 11, 14],
    ]
    assert found.first_deg == pytest.approx([0, 3.3])


def test_spares_have_no_slot():
    """Satellites between the slots, or second at one, are spares."""
    plane = np.concatenate([np.arange(0, 360, 20.0), [5.2, 125.2], [41.5]])
    found = find_slots([plane, np.arange(12.5, 360, 20.0)])
    assert found.count == 18
    assert found.slots[0].tolist() == [*range(18), -1, -1, -1]
    assert rotated(found.slots[1], 18) == list(range(18))


def test_a_spare_beside_an_empty_slot_does_not_keep_it():
    """A quarter of the spacing off is off station even where nobody else is near."""
    plane = np.append(np.delete(np.arange(0, 360, 20.0), 4), 85.2)
    found = find_slots([plane])
    assert found.slots[0].tolist() == [0, 1, 2, 3, *range(5, 18), -1]


@pytest.mark.parametrize("count", [1, 2, 7, 11, 62, 120])
def test_full_planes_have_as_many_slots_as_satellites(count: int):
    """Evenly filled planes are found at their own number, not a multiple of it."""
    found = find_slots(lattice(count, *[list(range(count))] * 6, first_deg=1.0))
    # two satellites in each of six planes are too few to be beyond chance
    assert found.count == (None if count == 2 else count)
    assert [rotated(slots, count) for slots in found.slots] == [list(range(count))] * 6


def test_thin_planes_tell_together():
    """Four satellites of 62 slots per plane say little alone, thirty planes of them enough."""
    rng = np.random.default_rng(8)
    kept = [sorted(rng.choice(62, 4, replace=False).tolist()) for _ in range(30)]
    found = find_slots([phases + rng.uniform(-0.3, 0.3, 4) for phases in lattice(62, *kept)])
    assert found.count == 62
    for slots, expected in zip(found.slots, kept, strict=True):
        assert np.array_equal(np.diff(slots) % 62, np.diff(expected))


def test_random_phases_have_no_slots_but_an_order():
    """Where nothing is evenly spaced, slots number the satellites along their plane."""
    rng = np.random.default_rng(4)
    planes = [rng.uniform(0, 360, 20) for _ in range(10)]
    found = find_slots(planes)
    assert found.count is None
    for plane, slots in zip(planes, found.slots, strict=True):
        assert np.array_equal(plane[np.argsort(slots)], np.sort(plane))
