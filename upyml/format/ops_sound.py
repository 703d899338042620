"""Sound features, the second half of the family SIGNAL: op codes from 144 on. Merged into ops_signal.OPS."""

MEL_ENERGIES, NOISE_REDUCTION, LOG_ENERGIES, DIVIDE_FEATURES = range(144, 148)

GAINS = 125  # int16 of a table of gains

OPS = {
    MEL_ENERGIES: (
        "MEL_ENERGIES",
        (
            ("points", "H"),  # of the FFT
            ("frame", "H"),  # samples
            ("hop", "H"),
            ("channels", "H"),
            ("first_bin", "H"),  # bins outside of [first_bin, end_bin) count as 0
            ("end_bin", "H"),
            ("window_shift", "H"),
            ("weight_count", "H"),  # pairs of weights of all bands together
            ("window", "I"),  # file offsets
            ("twiddles", "I"),
            ("bands", "I"),  # channels + 1 times u16 first bin and u16 width, then the pairs of weights
        ),
    ),
    NOISE_REDUCTION: (
        "NOISE_REDUCTION",
        (
            ("smoothing", "2I"),  # of even and of odd channels
            ("one_minus_smoothing", "2I"),
            ("min_signal_remaining", "I"),
            ("bits", "B"),  # fractional bits of these
            ("smoothing_bits", "B"),
            ("clamping", "B"),
            ("snr_shift", "B"),
            ("gains", "I"),  # 0: no gain control
        ),
    ),
    LOG_ENERGIES: ("LOG_ENERGIES", (("output_scale", "I"), ("correction_bits", "B"))),
    DIVIDE_FEATURES: ("DIVIDE_FEATURES", (("multiplier", "i"), ("addend", "i"), ("divisor", "i"), ("zero_point", "i"))),
}

FIELDS = tuple([name for name, _ in OPS[NOISE_REDUCTION][1]])  # of NOISE_REDUCTION
