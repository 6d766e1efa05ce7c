"""Activations to payloads and back, at one level, over the boundaries of a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from satllm_env.compression.codec.boundary import BoundaryCodec
from satllm_env.compression.codec.packing import bad_payload
from satllm_env.compression.codec.payload import Header, seal, unseal
from satllm_env.compression.codec.settings import CodecSettings
from satllm_env.compression.codec.transform import Values
from satllm_env.errors import InputError


@dataclass(frozen=True, eq=False)
class Codec:
    """The codec of one level; `calibrate` or `load_codecs` makes it."""

    settings: CodecSettings
    boundaries: Mapping[int, BoundaryCodec]
    """By the number of layers before the cut."""

    def at(self, boundary: int) -> BoundaryCodec:
        """The codec of a boundary.

        Raises:
            InputError: the codec knows nothing of it.
        """
        if boundary not in self.boundaries:
            known = ", ".join(str(number) for number in sorted(self.boundaries))
            raise InputError(self.settings.name, "boundary", f"{boundary} is unknown; known are {known}")
        return self.boundaries[boundary]

    def encode(self, activation: Values, boundary: int) -> bytes:
        """Encode an activation as a payload.

        Args:
            activation: float32 of shape (…, W), finite.
            boundary: number of layers before the cut.

        Raises:
            InputError: the activation breaks the above, lies out of the codec's reach, or the boundary is
                unknown.
        """
        part = self.at(boundary)
        body = part.encode(activation)
        return seal(Header(part.fingerprint, boundary, activation.shape), body)

    def decode(self, payload: bytes) -> Values:
        """Decode a payload of this codec; the shape is the encoded activation's.

        Raises:
            InputError: the payload is damaged, or is another codec's.
        """
        return decode(payload, [self])


def decode(payload: bytes, codecs: Sequence[Codec]) -> Values:
    """Decode a payload of any of some codecs; the payload tells which.

    Raises:
        InputError: the payload is damaged, or no codec made it.
    """
    header, body = unseal(payload)
    for codec in codecs:
        part = codec.boundaries.get(header.boundary)
        if part is not None and part.fingerprint == header.fingerprint:
            return part.decode(body, header.shape)
    raise bad_payload(f"at boundary {header.boundary} is of a codec that is not at hand")
