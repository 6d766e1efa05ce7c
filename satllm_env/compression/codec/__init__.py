"""The activation codec: transform, sparsifier, quantiser and entropy coder, to real bytes and back.

`calibrate` makes codecs for some levels from activations, `Codec.encode` and `Codec.decode` use them,
`save_codecs` and `load_codecs` keep them; `differentiable` is for training.
"""

from satllm_env.compression.codec.boundary import BoundaryCodec
from satllm_env.compression.codec.calibrate import Learned, calibrate
from satllm_env.compression.codec.codec import Codec, decode
from satllm_env.compression.codec.settings import CodecSettings, klt_levels, parse_settings
from satllm_env.compression.codec.store import load_codecs, save_codecs

__all__ = [
    "BoundaryCodec",
    "Codec",
    "CodecSettings",
    "Learned",
    "calibrate",
    "decode",
    "klt_levels",
    "load_codecs",
    "parse_settings",
    "save_codecs",
]
