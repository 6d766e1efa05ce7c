"""Networks cut between their blocks."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.errors import InputError
from satllm_env.nets.char_lm import CharLmConfig
from satllm_env.nets.store import build
from satllm_env.nets.vit import VitConfig
from tests.unit.nets.nets import LM, VIT, tiny_lm, tiny_vit

IMAGES = torch.randint(0, 256, (5, 16, 16, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
TEXT = torch.randint(0, 256, (5, 20), generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize(("net", "inputs"), [(tiny_vit(), IMAGES), (tiny_lm(), TEXT)], ids=["vit", "lm"])
@given(cuts=st.lists(st.integers(0, 3), max_size=4).map(sorted))
@torch.inference_mode()
def test_any_cuts_give_what_the_whole_network_gives(
    net: torch.nn.Module, inputs: torch.Tensor, cuts: list[int]
) -> None:
    """However the blocks are shared out, the logits are the same to the last bit."""
    activation = net.embed(inputs)
    for first, last in pairwise([0, *cuts, 3]):
        activation = net.run_blocks(activation, first, last)
        assert activation.shape[0] == 5
        assert activation.shape[2] == net.width
    assert torch.equal(net.head(activation), net(inputs))


def test_shapes() -> None:
    """A token per patch, a logit per class; a token per byte, a logit per byte and possible next one."""
    vit, lm = tiny_vit(), tiny_lm()
    assert vit.embed(IMAGES).shape == (5, VIT.tokens, 16) == (5, 16, 16)
    assert vit(IMAGES).shape == (5, 3)
    assert lm.embed(TEXT).shape == (5, 20, 16)
    assert lm(TEXT).shape == (5, 20, 256)


def test_patches_see_no_further_than_the_stem_reaches() -> None:
    """Changing one corner of an image changes no token beyond the neighbours of its patch."""
    changed = IMAGES.clone()
    changed[:, :4, :4] = 255 - changed[:, :4, :4]
    vit = tiny_vit()
    moved = (vit.embed(IMAGES) != vit.embed(changed)).any(-1).any(0).view(4, 4)
    assert moved[0, 0]
    assert not moved[2:].any()
    assert not moved[:, 2:].any()


def test_the_language_model_does_not_look_ahead() -> None:
    """A changed byte changes no logit before it."""
    changed = TEXT.clone()
    changed[:, 11] = (changed[:, 11] + 1) % 256
    before, after = tiny_lm()(TEXT), tiny_lm()(changed)
    torch.testing.assert_close(before[:, :11], after[:, :11])
    assert (before[:, 11:] != after[:, 11:]).any(-1).all()


def test_predictions_do_not_depend_on_the_batch() -> None:
    """A batch of two and one of all give the same logits."""
    torch.testing.assert_close(tiny_vit().predict(IMAGES, batch=2), tiny_vit().predict(IMAGES))


def test_the_seed_makes_the_weights() -> None:
    """The same seed gives the same first weights, another one others; the global generator stays."""
    state = torch.get_rng_state()
    assert torch.equal(tiny_vit(3).predict(IMAGES), tiny_vit(3).predict(IMAGES))
    assert not torch.equal(tiny_vit(3).predict(IMAGES), tiny_vit(4).predict(IMAGES))
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(("first", "last"), [(-1, 2), (2, 1), (0, 4), (4, 4)])
def test_boundaries_that_do_not_exist_are_refused(first: int, last: int) -> None:
    """Blocks are run from an earlier boundary to a later one, of those that there are."""
    with pytest.raises(InputError, match=r"vit: run_blocks: must be 0 <= first <= last <= 3"):
        tiny_vit().run_blocks(torch.zeros(1, 16, 16), first, last)


def test_parameters_by_formula() -> None:
    """Both networks have the parameters of their blocks, tables, stem and head, and no other."""
    block = 12 * 16 * 16 + 13 * 16
    stem = (3 * 8 * 9 + 8) + (8 * 8 * 9 + 8) + (8 * 16 + 16)
    vit = sum(parameter.numel() for parameter in build(VIT).parameters())
    assert vit == 3 * block + stem + 16 * 16 + 2 * 16 + 17 * 3
    lm = sum(parameter.numel() for parameter in build(LM).parameters())
    assert lm == 3 * block + (256 + 24) * 16 + 2 * 16


@pytest.mark.parametrize(
    ("form", "sizes"),
    [
        (VitConfig, {"classes": ("a", "b"), "width": 10, "heads": 4}),
        (VitConfig, {"classes": ("a", "b"), "patch": 6, "image_px": 60}),
        (VitConfig, {"classes": ("a", "b"), "image_px": 60}),
        (VitConfig, {"classes": ("a",)}),
        (CharLmConfig, {"width": 10, "heads": 4}),
        (CharLmConfig, {"context": 0}),
    ],
)
def test_sizes_that_do_not_fit_are_refused(
    form: type[VitConfig | CharLmConfig], sizes: dict[str, object]
) -> None:
    """Heads divide the width, patches the image, and patches are powers of two."""
    with pytest.raises(ValueError, match="validation error"):
        form(**sizes)


def test_inputs_that_do_not_fit_are_refused() -> None:
    """Images of another size and texts longer than the context are one line."""
    with pytest.raises(InputError, match=r"vit: inputs: must be 16 px RGB images \(got \(8, 16, 3\)\)"):
        tiny_vit()(IMAGES[:, :8])
    with pytest.raises(InputError, match=r"char-lm: inputs: at most 24 tokens \(got 25\)"):
        tiny_lm()(torch.zeros(1, 25, dtype=torch.int64))
