"""Hugging Face models from a folder, cut between their blocks."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from satllm_env.errors import InputError
from satllm_env.nets.huggingface import load_huggingface, random_huggingface
from satllm_env.nets.huggingface_nets import CannotSplitError, HuggingFaceDecoder, HuggingFaceVit
from satllm_env.nets.store import load_net

transformers = pytest.importorskip("transformers")

ROTARY: dict[str, Any] = {
    "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2,
    "intermediate_size": 48, "vocab_size": 90, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "vit": ("ViTForImageClassification", {
        "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 48,
        "image_size": 32, "patch_size": 8, "num_labels": 5,
    }),
    "gpt2": ("GPT2LMHeadModel", {
        "n_embd": 32, "n_layer": 3, "n_head": 2, "vocab_size": 90, "n_positions": 40, "bos_token_id": 1,
        "eos_token_id": 2,
    }),
    "llama": ("LlamaForCausalLM", ROTARY),
    "qwen2": ("Qwen2ForCausalLM", ROTARY),
    "mistral": ("MistralForCausalLM", ROTARY | {"sliding_window": 6}),
    "gemma2": ("Gemma2ForCausalLM", ROTARY | {"sliding_window": 4, "head_dim": 8}),
    "bloom": ("BloomForCausalLM", {"hidden_size": 32, "n_layer": 3, "n_head": 4, "vocab_size": 90}),
    "dinov2": ("Dinov2ForImageClassification", {
        "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "image_size": 32,
        "patch_size": 8, "num_labels": 5,
    }),
}  # fmt: skip
TOKENS = torch.randint(3, 90, (2, 17), generator=torch.Generator().manual_seed(0))
PICTURES = torch.randint(
    0, 256, (2, 40, 48, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
)


FAMILIES = {
    **dict.fromkeys(
        ("cohere", "gemma", "gemma3_text", "gpt_neox", "granite", "mixtral", "olmo2", "phi", "phi3",
         "qwen2_moe", "qwen3", "smollm3", "stablelm", "starcoder2"),
        ROTARY | {"pad_token_id": 0, "head_dim": 8},
    ),
    **dict.fromkeys(("beit", "data2vec-vision", "ijepa", "vit_msn"), MODELS["vit"][1]),
    "opt": {
        "hidden_size": 32, "ffn_dim": 64, "num_hidden_layers": 3, "num_attention_heads": 2, "vocab_size": 90,
        "word_embed_proj_dim": 32, "max_position_embeddings": 40,
    },
}  # fmt: skip


def saved(folder: Path, kind: str) -> tuple[Path, Any]:
    """A model with random weights, in the library's own files, and the model."""
    name, sizes = MODELS[kind]
    model_class = getattr(transformers, name)
    torch.manual_seed(0)
    model = model_class(model_class.config_class(**sizes)).eval()
    model.save_pretrained(folder / kind)
    return folder / kind, model


@pytest.mark.parametrize("kind", MODELS)
@torch.inference_mode()
def test_split_execution_equals_the_librarys_own(tmp_path: Path, kind: str) -> None:
    """Embedding, blocks in two places and head give the logits of the library's model, bit by bit.

    Among the families are such as have masks that differ from block to block (gemma2), blocks that return
    tuples (bloom), and a head that is not of the class token alone (dinov2).
    """
    folder, model = saved(tmp_path, kind)
    here, there = load_net(folder), load_huggingface(folder)
    assert (here.name, here.width, len(here.blocks)) == (kind, 32, 3)
    if isinstance(here, HuggingFaceVit):
        inputs, whole = PICTURES, model(pixel_values=here.pixels(PICTURES)).logits
        assert here.embed(inputs).shape == (2, 17, 32)
    else:
        inputs, whole = TOKENS, model(input_ids=TOKENS).logits
    for cut in range(4):
        # the second half runs elsewhere, on a network that has never seen the input
        activation = here.run_blocks(here.embed(inputs), 0, cut)
        assert torch.equal(there.head(there.run_blocks(activation, cut)), whole)
    torch.testing.assert_close(here(inputs[:1]), whole[:1])  # a shape that it has not seen


@pytest.mark.parametrize("kind", FAMILIES)
def test_families_are_split_without_a_word_about_them(tmp_path: Path, kind: str) -> None:
    """Nothing in the code names a family: that outputs agree is checked when the network is made."""
    transformers.AutoConfig.for_model(kind, **FAMILIES[kind]).save_pretrained(tmp_path)
    net = random_huggingface(tmp_path, 0)
    assert len(net.blocks) == 3
    logits = net.predict(net.random_inputs(2, 1))
    assert (len(logits), bool(logits.isfinite().all())) == (2, True)


@torch.inference_mode()
def test_pixels_are_prepared_as_the_folder_says(tmp_path: Path) -> None:
    """Mean and deviation come from the preprocessor's file, and from the library's defaults without one."""
    folder, _ = saved(tmp_path, "vit")
    black = torch.zeros(1, 32, 32, 3, dtype=torch.uint8)
    net = load_huggingface(folder)
    assert isinstance(net, HuggingFaceVit)
    assert (net.pixels(black) == -1).all()
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"image_mean": [0.1, 0.2, 0.3], "image_std": [0.5, 0.5, 0.25]})
    )
    net = load_huggingface(folder)
    assert isinstance(net, HuggingFaceVit)
    torch.testing.assert_close(net.pixels(black)[0, :, 0, 0], torch.tensor([-0.2, -0.4, -1.2]))
    (folder / "preprocessor_config.json").write_text('{"image_mean": [0.1]}')
    with pytest.raises(InputError, match=r"preprocessor_config\.json: image_mean: must be three numbers"):
        load_huggingface(folder)


def test_weights_must_be_safe_and_whole(tmp_path: Path) -> None:
    """Pickled weights, torn ones and missing tensors are refused; nothing is filled in at random."""
    folder, model = saved(tmp_path, "gpt2")
    weights = folder / "model.safetensors"
    data = weights.read_bytes()
    weights.write_bytes(data[:1000])
    with pytest.raises(InputError, match=r"gpt2: cannot be loaded"):
        load_huggingface(folder)
    weights.unlink()
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    with pytest.raises(InputError, match=r"gpt2: holds no weights in safetensors"):
        load_huggingface(folder)
    model.transformer.save_pretrained(folder)
    from safetensors.torch import load_file, save_file

    state = load_file(weights)
    del state[next(name for name in state if name.endswith("mlp.c_fc.weight"))]
    save_file(state, weights, metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"the weights have missing tensors: .*c_fc\.weight"):
        load_huggingface(folder)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"model_type": "t5"}, "'t5' cannot be run: it is no image classifier and no decoder"),
        ({"model_type": 3}, "is missing"),
        ({"model_type": "resnet", "depths": [1], "hidden_sizes": [8]}, "'resnet' .* no num_hidden_layers"),
        (
            {"model_type": "convnext", "depths": [1, 1], "hidden_sizes": [8, 8], "num_stages": 2},
            "'convnext' cannot be split: its blocks do not hand on one",
        ),
    ],
)
def test_other_layouts_are_refused(tmp_path: Path, config: dict[str, Any], words: str) -> None:
    """A type that cannot be run, and one whose blocks cannot be parted, are one line."""
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match=rf"config\.json: model_type: .*{words}") as caught:
        random_huggingface(tmp_path, 0)
    assert "\n" not in str(caught.value)


def test_a_model_whose_blocks_share_more_than_the_activation_is_refused() -> None:
    """What differs from the whole model's output when it is cut is not run at all."""

    class Shared(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.ModuleList([Scaled() for _ in range(2)])
            self.config = transformers.LlamaConfig(num_hidden_layers=2, vocab_size=90)

        def forward(self, input_ids: torch.Tensor, use_cache: bool) -> SimpleNamespace:
            activation = input_ids[..., None].float()
            for layer in self.layers:
                activation = layer(activation, input_ids)
            return SimpleNamespace(logits=activation)

    class Scaled(torch.nn.Module):
        def forward(self, activation: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
            return activation * ids[..., None]

    with pytest.raises(CannotSplitError, match="other outputs than whole"):
        HuggingFaceDecoder(Shared(), "shared")


def test_a_folder_without_configuration_is_refused(tmp_path: Path) -> None:
    """One line says what is missing."""
    with pytest.raises(InputError, match=r"config\.json: cannot be read"):
        load_huggingface(tmp_path)


@pytest.mark.parametrize("kind", ["vit", "llama"])
def test_random_weights_come_from_the_seed(tmp_path: Path, kind: str) -> None:
    """A configuration alone makes a network, the same for the same seed, of inputs that fit it."""
    folder, _ = saved(tmp_path, kind)
    next(folder.glob("*.safetensors")).unlink()
    first, same, other = (random_huggingface(folder, seed) for seed in (1, 1, 2))
    inputs = first.random_inputs(3, 5)
    assert torch.equal(inputs, other.random_inputs(3, 5))
    logits = first.predict(inputs)
    assert torch.equal(same.predict(inputs), logits)
    assert not torch.equal(other.predict(inputs), logits)


def test_without_the_library_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where transformers is missing, one line says how to get it."""
    folder, _ = saved(tmp_path, "gpt2")
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(
        InputError, match=r"transformers is not installed; it comes with the extra.*huggingface"
    ):
        load_huggingface(folder)
