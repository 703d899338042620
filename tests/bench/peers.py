"""What others take for the same models on a Cortex-M0+, in one table: cycles of a run.

    cmsis_nn    CMSIS-NN, -O3: milliseconds at 133 MHz of the convolutions, depthwise convolutions and dense layers,
                with the weights in RAM; counted in a simulator of the processor that agrees with rp2040js to 0.7 %
    submitted   the best published submission to MLPerf Tiny with a Cortex-M0+
"""

MHZ = 133  # of the milliseconds

CYCLES = {
    "kws": {"cmsis_nn": 294.0 * MHZ * 1000, "submitted": 30_400_000},
    "ic": {"cmsis_nn": 960.0 * MHZ * 1000, "submitted": 97_000_000},
    "vww": {"cmsis_nn": 900.0 * MHZ * 1000, "submitted": 91_000_000},
    "ad": {"cmsis_nn": 17.7 * MHZ * 1000, "submitted": 2_600_000},
}


def ratios(model: str, cycles: int) -> dict[str, float]:
    """How many times ours each of them takes; empty for a model of which nobody tells."""
    return {name: round(theirs / cycles, 2) for name, theirs in CYCLES.get(model, {}).items()}
