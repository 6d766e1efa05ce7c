"""Architectures from Hugging Face configurations."""

import json
from pathlib import Path
from typing import Any

import pytest

from satllm_env.errors import InputError
from satllm_env.models.decoder import Decoder
from satllm_env.models.huggingface import from_hf_config
from satllm_env.models.registry import architecture
from satllm_env.models.vit import VisionTransformer

GPT2 = {
    "model_type": "gpt2",
    "n_embd": 768,
    "n_head": 12,
    "n_layer": 12,
    "n_positions": 1024,
    "vocab_size": 50257,
}
OPT = {
    "model_type": "opt", "hidden_size": 2048, "ffn_dim": 8192, "num_hidden_layers": 24,
    "num_attention_heads": 32, "vocab_size": 50272, "max_position_embeddings": 2048,
    "word_embed_proj_dim": 2048, "do_layer_norm_before": True,
}  # fmt: skip
OPT_350M = OPT | {
    "hidden_size": 1024, "ffn_dim": 4096, "num_attention_heads": 16, "word_embed_proj_dim": 512,
    "do_layer_norm_before": False,
}  # fmt: skip
LLAMA = {
    "model_type": "llama", "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
    "num_attention_heads": 32, "vocab_size": 32000, "tie_word_embeddings": False,
}  # fmt: skip
LLAMA_70B = LLAMA | {
    "hidden_size": 8192, "intermediate_size": 28672, "num_hidden_layers": 80, "num_attention_heads": 64,
    "num_key_value_heads": 8,
}  # fmt: skip
LLAMA_BIASED = LLAMA | {
    "hidden_size": 256, "intermediate_size": 700, "num_hidden_layers": 2, "num_attention_heads": 8,
    "num_key_value_heads": 2, "head_dim": 48, "vocab_size": 1000, "attention_bias": True, "mlp_bias": True,
    "tie_word_embeddings": True,
}  # fmt: skip
MISTRAL = LLAMA | {
    "model_type": "mistral", "intermediate_size": 14336, "num_key_value_heads": 8, "sliding_window": 4096,
}  # fmt: skip
MISTRAL_NEMO = MISTRAL | {
    "hidden_size": 5120, "num_hidden_layers": 40, "head_dim": 128, "vocab_size": 131072,
    "sliding_window": None,
}  # fmt: skip
QWEN = {
    "model_type": "qwen2", "hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24,
    "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151936, "tie_word_embeddings": True,
    "use_sliding_window": False, "sliding_window": 32768,
}  # fmt: skip
VIT = {
    "model_type": "vit", "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12,
    "num_attention_heads": 12, "image_size": 224, "patch_size": 16, "num_channels": 3, "qkv_bias": True,
    "id2label": {str(i): f"LABEL_{i}" for i in range(1000)},
}  # fmt: skip


def write(folder: Path, config: Any, name: str = "config.json") -> Path:
    """Write a configuration and give its path."""
    path = folder / name
    path.write_text(json.dumps(config))
    return path


@pytest.mark.parametrize(
    ("config", "params"),
    [
        # the published checkpoints; the biased Llama and the headless ViT: transformers 4.57, by numel
        (GPT2, 124_439_808),
        (OPT, 1_315_758_080),
        (OPT_350M, 331_196_416),
        (LLAMA, 6_738_415_616),
        (LLAMA_70B, 68_976_648_192),
        (LLAMA_BIASED, 1_828_976),
        (MISTRAL, 7_241_732_096),
        (MISTRAL_NEMO, 12_247_782_400),
        (QWEN, 494_032_768),
        (VIT, 86_567_656),
        (VIT | {"id2label": None, "architectures": ["ViTModel"]}, 85_798_656),
        (VIT | {"id2label": None, "architectures": ["ViTForImageClassification"]}, 85_800_194),
    ],
)
def test_parameter_counts(tmp_path: Path, config: dict[str, Any], params: int) -> None:
    """Each family's configuration gives the parameter count of its published checkpoint, exactly."""
    assert from_hf_config(write(tmp_path, config)).params == params


@pytest.mark.parametrize(
    ("config", "name"),
    [(GPT2, "gpt2"), (OPT, "opt-1.3b"), (LLAMA, "llama-2-7b"), (LLAMA_70B, "llama-2-70b"),
     (MISTRAL, "mistral-7b"), (QWEN, "qwen2.5-0.5b"), (VIT, "vit-b")],
)  # fmt: skip
def test_same_architecture_as_the_registry(tmp_path: Path, config: dict[str, Any], name: str) -> None:
    """Reading a known model's configuration gives the registry's architecture, field by field."""
    folder = tmp_path / name
    folder.mkdir()
    assert from_hf_config(write(folder, config)) == architecture(name)


def without(config: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Copy a configuration without some of its keys."""
    return {key: value for key, value in config.items() if key not in keys}


def test_defaults_of_absent_keys(tmp_path: Path) -> None:
    """Absent keys take the library's defaults: heads for KV heads, window 4096, width for OPT's table."""
    opt = from_hf_config(
        write(tmp_path, without(OPT, "word_embed_proj_dim", "do_layer_norm_before")), "opt-1.3b"
    )
    assert opt == architecture("opt-1.3b")
    mistral = from_hf_config(write(tmp_path, without(MISTRAL, "sliding_window")), "mistral-7b")
    assert mistral == architecture("mistral-7b")
    llama = from_hf_config(write(tmp_path, LLAMA | {"num_key_value_heads": None, "head_dim": None}))
    assert isinstance(llama, Decoder)
    assert (llama.kv_heads, llama.head_dim, llama.window) == (32, 128, None)
    gpt2 = from_hf_config(write(tmp_path, GPT2 | {"n_inner": 1000}))
    assert isinstance(gpt2, Decoder)
    assert gpt2.ffn == 1000
    vit = from_hf_config(
        write(tmp_path, without(VIT, "num_channels", "qkv_bias", "id2label") | {"num_labels": 45})
    )
    assert isinstance(vit, VisionTransformer)
    assert (vit.channels, vit.qkv_bias, vit.classes) == (3, True, 45)


def test_opt_without_biases_and_affine_norms(tmp_path: Path) -> None:
    """OPT's switches take the biases and the norms' vectors away."""
    bare = OPT | {
        "enable_bias": False,
        "layer_norm_elementwise_affine": False,
        "_remove_final_layer_norm": True,
    }
    tables = 50272 * 2048 + 2050 * 2048
    assert from_hf_config(write(tmp_path, bare)).params == 24 * 12 * 2048**2 + tables


def test_name_from_folder_or_file(tmp_path: Path) -> None:
    """The model is called after its folder, its file or the caller's wish."""
    folder = tmp_path / "my-model"
    folder.mkdir()
    assert from_hf_config(write(folder, GPT2)).name == "my-model"
    assert from_hf_config(write(folder, GPT2, "other.json")).name == "other"
    assert from_hf_config(str(write(folder, GPT2)), name="mine").name == "mine"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (without(GPT2, "model_type"), "model_type: missing; supported are gpt2, llama, mistral, opt,"),
        (GPT2 | {"model_type": "mixtral"}, "model_type: 'mixtral' is not supported; supported are gpt2"),
        (GPT2 | {"model_type": ["gpt2"]}, "model_type: "),
        (without(GPT2, "n_embd"), "n_embd: is missing"),
        (GPT2 | {"n_layer": "12"}, "n_layer: must be an integer"),
        (GPT2 | {"n_layer": True}, "n_layer: must be an integer"),
        (GPT2 | {"n_layer": None}, "n_layer: must be an integer"),
        (GPT2 | {"n_head": 0}, "n_head: must be an integer of at least 1"),
        (GPT2 | {"n_embd": 770}, "n_embd: 770 is not a multiple of n_head"),
        (GPT2 | {"add_cross_attention": True}, "add_cross_attention: true is not supported"),
        (OPT | {"enable_bias": 1}, "enable_bias: must be true or false"),
        (without(OPT, "max_position_embeddings"), "max_position_embeddings: is missing"),
        (LLAMA | {"num_key_value_heads": 5}, "num_attention_heads: 32 is not a multiple of num_key"),
        (LLAMA | {"hidden_size": 4095}, "hidden_size: 4095 is not a multiple"),
        (without(MISTRAL, "num_key_value_heads"), "num_key_value_heads: is missing"),
        (MISTRAL | {"sliding_window": 0}, "sliding_window: must be an integer of at least 1"),
        (without(QWEN, "num_key_value_heads"), "num_key_value_heads: is missing"),
        (QWEN | {"use_sliding_window": True}, "use_sliding_window: true is not supported"),
        (without(VIT, "image_size"), "image_size: is missing"),
        (VIT | {"image_size": [224, 224]}, "image_size: must be an integer"),
        (VIT | {"patch_size": 15}, "image_size: 224 is not a multiple of patch_size"),
        (VIT | {"num_labels": 10}, "num_labels: is 10, but id2label has 1000"),
        (VIT | {"id2label": []}, "id2label: must be an object"),
        (VIT | {"id2label": None, "architectures": "ViTModel"}, "architectures: must be a list"),
        ([GPT2], "must hold one JSON object"),
    ],
)  # fmt: skip
def test_bad_configurations(tmp_path: Path, config: Any, message: str) -> None:
    """A fault is one line that names the file and the field."""
    path = write(tmp_path, config)
    with pytest.raises(InputError) as caught:
        from_hf_config(path)
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "\n" not in str(caught.value)


def test_unreadable_files(tmp_path: Path) -> None:
    """A missing file, a torn one and a repeated key are refused."""
    with pytest.raises(InputError, match=r"none\.json: cannot be read"):
        from_hf_config(tmp_path / "none.json")
    torn = tmp_path / "torn.json"
    torn.write_text('{"model_type": "gpt2"')
    with pytest.raises(InputError, match=r"torn\.json: .*not JSON"):
        from_hf_config(torn)
    torn.write_text('{"model_type": "gpt2", "n_embd": 1, "n_embd": 2}')
    with pytest.raises(InputError, match="n_embd: appears twice"):
        from_hf_config(torn)
