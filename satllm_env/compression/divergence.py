"""How far a network's output is from another's."""

from __future__ import annotations

from torch import Tensor


def kl_nat(whole: Tensor, changed: Tensor) -> Tensor:
    """[nat] KL divergence of the changed logits' distribution from the whole ones', of each output.

    Args:
        whole: logits of shape (…, classes), of the uncompressed network.
        changed: the same of the compressed one.

    Returns:
        shape (…,)
    """
    log_whole = whole.log_softmax(-1)
    return (log_whole.exp() * (log_whole - changed.log_softmax(-1))).sum(-1)
