"""Views into flat arrays that compiled loops make and drop without counting references."""

from __future__ import annotations

from typing import Any

import numba
from numba import carray, int64  # type: ignore[attr-defined]
from numba.core import types
from numba.extending import intrinsic


@intrinsic
def _pointer(context: Any, flat: Any, start: Any) -> Any:
    """Address of an entry of a contiguous array."""
    signature = types.CPointer(flat.dtype)(flat, start)  # type: ignore[no-untyped-call]

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.gep(array.data, [arguments[1]])

    return signature, build


@numba.njit(inline="always")
def view(flat: Any, start: Any, shape: Any) -> Any:
    """An array of some shape over the entries of `flat` from `start` on.

    A slice counts its references, which takes longer than a move; this view does not, so it must not
    outlive `flat`. Nothing checks that it ends within `flat`.
    """
    return carray(_pointer(flat, int64(start)), shape)  # type: ignore[call-arg]  # the context is numba's
