"""Boards and power modes: peak rates from cores and clocks, effective rates from utilisation.

An effective rate here is compute-bound: peak times the model FLOP utilisation. That fits encoders and
prompt processing; decoding token by token is bound by memory bandwidth and is not covered by it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from satllm_env.errors import InputError

Precision = Literal["fp32", "fp16", "int8"]

ORIN_UTILISATION = 0.33
"""[1] model FLOP utilisation of ViTs in FP16 TensorRT on Orin.

Derived from NVIDIA's Jetson AI Lab benchmarks (Orin Nano: ViT-B/16 98 images/s, 158 in Super mode;
AGX Orin: OWL-ViT-B/16 at 768 px 25 images/s), 0.33 to 0.35. Very small workloads reach only 0.15 to 0.25.
"""
CODEC_CORE_GHZ = 3.0
"""[GHz] of the one core that compression profiles' seconds are of; see `Board.codec_speed`."""
GROUND_UTILISATION = 0.5
"""[1] utilisation taken for a desktop GPU with batches of tens of images: an assumption."""


@dataclass(frozen=True, slots=True)
class SmRates:
    """Peak operations per streaming multiprocessor and clock cycle; a multiply-accumulate is two."""

    fp32: int
    fp16: int
    """Dense tensor-core operations."""
    int8: int
    """Dense tensor-core operations."""


AMPERE_ORIN = SmRates(fp32=256, fp16=2048, int8=4096)
"""AGX Orin's GPU: with its top clock it gives NVIDIA's 5.3 FP32 TFLOPS and 170 sparse INT8 TOPS."""
ADA_GEFORCE = SmRates(fp32=256, fp16=512, int8=2048)
"""GeForce Ada: FP16 with FP32 accumulation; gives the RTX 4070 Ti's 40.1 FP32 TFLOPS, 641 sparse TOPS."""


@dataclass(frozen=True, slots=True)
class Board:
    """A computing board in one power mode.

    Args:
        name: its id in the registry.
        cpu_cores: that are on.
        cpu_ghz: [GHz] their clock.
        sms: streaming multiprocessors that are on.
        gpu_mhz: [MHz] GPU clock.
        bandwidth_bytes_per_s: [bytes/s] of memory.
        memory_bytes: [bytes] of the module or card, in decimal gigabytes; a satellite's limit may be lower.
        power_w: [W] of the mode.
        rates: per multiprocessor and cycle.
        utilisation: [1] share of the peak that a large model reaches where nothing else is said.
    """

    name: str
    cpu_cores: int
    cpu_ghz: float
    sms: int
    gpu_mhz: float
    bandwidth_bytes_per_s: float
    memory_bytes: float
    power_w: float
    rates: SmRates
    utilisation: float

    @property
    def codec_speed(self) -> float:
        """[1] how much faster all its cores code activations than one core at `CODEC_CORE_GHZ`.

        A codec's inputs are independent, so its work spreads over the cores. That a core does as much per
        cycle as one of the machine that profiles are measured on is an assumption.
        """
        return self.cpu_cores * self.cpu_ghz / CODEC_CORE_GHZ

    def peak_flops(self, precision: Precision = "fp16") -> float:
        """[FLOP/s, or op/s for int8] peak without sparsity: multiprocessors × rate × clock.

        Raises:
            InputError: the precision is none of fp32, fp16 and int8.
        """
        if precision not in ("fp32", "fp16", "int8"):
            problem = f"must be one of fp32, fp16, int8 (got {precision!r})"
            raise InputError(self.name, "precision", problem)
        return float(self.sms * getattr(self.rates, precision)) * self.gpu_mhz * 1e6


def _orin(
    name: str,
    cores: int,
    ghz: float,
    sms: int,
    gpu_mhz: float,
    gb_per_s: float,
    memory_gb: float,
    power_w: float,
) -> Board:
    return Board(
        name,
        cores,
        ghz,
        sms,
        gpu_mhz,
        gb_per_s * 1e9,
        memory_gb * 1e9,
        power_w,
        AMPERE_ORIN,
        ORIN_UTILISATION,
    )


_BOARDS = {
    board.name: board
    for board in (
        # NVIDIA's nvpmodel_p3701 configuration files (cores, multiprocessors and clocks of each mode); MAXN
        # has no power cap, 60 W is the module's limit in the Jetson AGX Orin data sheet, 2.2 GHz its cores'
        _orin("orin-64gb-maxn", 12, 2.2, 16, 1300.5, 204.8, 64, 60),
        _orin("orin-64gb-50w", 12, 1.498, 16, 816, 204.8, 64, 50),
        _orin("orin-64gb-30w", 8, 1.728, 8, 612, 204.8, 64, 30),
        _orin("orin-64gb-15w", 4, 1.114, 6, 408, 136.5, 64, 15),
        _orin("orin-32gb-40w", 8, 1.498, 14, 816, 204.8, 32, 40),
        # NVIDIA's GeForce RTX 4070 Ti specification: 7680 cores, boost 2.61 GHz, 12 GB GDDR6X, 285 W; the
        # desktop around it is taken to have 8 cores of 4 GHz
        Board("rtx-4070-ti", 8, 4.0, 60, 2610, 504.2e9, 12e9, 285, ADA_GEFORCE, GROUND_UTILISATION),
    )
}


def board(name: str) -> Board:
    """Look a board up.

    Raises:
        InputError: no board has that name; the message lists those that exist.
    """
    try:
        return _BOARDS[name]
    except KeyError:
        raise InputError("board", name, f"unknown; known are {', '.join(_BOARDS)}") from None


def board_names() -> tuple[str, ...]:
    """Names of the known boards."""
    return tuple(_BOARDS)


def effective_flops(
    board_or_name: Board | str, precision: Precision = "fp16", utilisation: float | None = None
) -> float:
    """[FLOP/s] that a model sees: peak times utilisation, the split problem's `flops_per_s`.

    Args:
        board_or_name: a board or its name.
        precision: of the arithmetic.
        utilisation: [1] in (0, 1]; the board's own (0.33 on Orin, 0.5 on the ground) where None.

    Raises:
        InputError: the name, the precision or the utilisation is out of range.
    """
    chosen = board(board_or_name) if isinstance(board_or_name, str) else board_or_name
    share = chosen.utilisation if utilisation is None else utilisation
    if not (math.isfinite(share) and 0 < share <= 1):
        raise InputError(chosen.name, "utilisation", f"must lie in (0, 1] (got {share!r})")
    return chosen.peak_flops(precision) * share
