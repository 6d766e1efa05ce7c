"""Hugging Face models from a folder, cut between their blocks."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from satllm_env.errors import InputError
from satllm_env.nets.huggingface import load_huggingface
from satllm_env.nets.huggingface_nets import HuggingFaceVit
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
}  # fmt: skip
TOKENS = torch.randint(3, 90, (2, 17), generator=torch.Generator().manual_seed(0))
PICTURES = torch.randint(
    0, 256, (2, 40, 48, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
)


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
    """Embedding, blocks in two places and head give the logits of the library's model, bit by bit."""
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


def test_other_types_are_refused(tmp_path: Path) -> None:
    """A type that cannot be run, and a folder without a configuration, are one line."""
    folder, _ = saved(tmp_path, "gpt2")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "bert"}))
    with pytest.raises(InputError, match=r"model_type: 'bert' is not supported"):
        load_huggingface(folder)
    opt = {
        "model_type": "opt", "hidden_size": 32, "ffn_dim": 64, "num_hidden_layers": 1, "vocab_size": 90,
        "num_attention_heads": 2, "max_position_embeddings": 40,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(opt))
    with pytest.raises(InputError, match=r"model_type: 'opt' cannot be run; can be: gpt2, llama, mistral"):
        load_huggingface(folder)
    (folder / "config.json").unlink()
    with pytest.raises(InputError, match=r"config\.json: cannot be read"):
        load_huggingface(folder)


def test_without_the_library_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where transformers is missing, one line says how to get it."""
    folder, _ = saved(tmp_path, "gpt2")
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(
        InputError, match=r"transformers: is not installed; it comes with the extra.*huggingface"
    ):
        load_huggingface(folder)
