"""`upyml convert`: options, progress, and the file written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from host_tools.cli_errors import CODES, guarded
from host_tools.cli_progress import Bar
from host_tools.whole_files import write_atomically

_FILE = click.Path(path_type=Path)


@click.command(epilog=CODES)
@click.argument("model", type=_FILE)
@click.option(
    "-d",
    "--data",
    type=_FILE,
    help="Samples to calibrate and compare with: .npz, .npy, or a folder of .npy files. "
    "Real values as the model takes them, one sample a row. Keras models need them.",
)
@click.option("-o", "--output", type=_FILE, help="The file to write; by default the model's name with .upm.")
@click.option("--name", help="The model's name in the file; by default that of the source.")
@click.option("--model-version", help="The model's version, free text.")
@click.option("--labels", help="Names of the classes, with commas between, or a text file with one a line.")
@click.option(
    "--sample-rate", type=click.FloatRange(min=0, min_open=True), help="Samples a second the model was trained for."
)
@click.option("--hop", type=click.IntRange(min=1), help="Samples between two results of a stream.")
@click.option("--meta", multiple=True, metavar="KEY=VALUE", help="Any other text to keep in the file.")
@click.option(
    "--calibration",
    type=click.Choice(["mse", "minmax", "percentile"]),
    default="mse",
    show_default=True,
    help="How ranges of activations are chosen.",
)
@click.option(
    "--bits",
    default="8",
    show_default=True,
    metavar="[8|4|mixed|LAYER=N,...]",
    help="Bits of the weights of convolutions and dense layers of a Keras model: for all; by layer (the others have 8); "
    "mixed gives 4 to those that it harms least, within the budget.",
)
@click.option(
    "--budget",
    type=click.FloatRange(0, 1, max_open=True),
    help="For --bits mixed: the most noise that it may add to the outputs, before a last softmax, as a part of their "
    "power; 0.01, the default, is 20 dB below them.",
)
@click.option(
    "--rounding",
    type=click.Choice(["nearest", "adaptive"]),
    help="Of the weights of a Keras model: each to the nearest, or together, so that errors cancel on the samples. By "
    "default adaptive for 4 bits and nearest for 8, where it brings little and takes time.",
)
@click.option(
    "--activations",
    type=click.Choice(["8", "16"]),
    default="8",
    show_default=True,
    help="Bits of the activations of a Keras model; 16 are more exact, and slower: there are plain kernels for them only.",
)
@click.option(
    "--weight-scales",
    type=click.Choice(["auto", "channel", "layer"]),
    default="auto",
    show_default=True,
    help="Of the weights of a Keras model's dense layers: one for each output channel, or one for the whole layer, which "
    "takes 6 bytes a channel less; auto takes one where the file becomes smaller by a page of flash and the outputs lose "
    "little (noise 40 dB below them).",
)
@click.option(
    "--ram",
    default="balanced",
    show_default=True,
    metavar="[smallest|balanced|fastest|N[k]]",
    help="RAM for activations and scratch: the least there is; the least that costs at most 3 % more time; as much as "
    "brings time; or that many bytes (20k is 20,480). Time is estimated for a Cortex-M0+.",
)
@click.option(
    "--caller-input",
    is_flag=True,
    help="The model's input takes no room in the arena: it lies in a buffer of the program's, as a camera's frame, which "
    "Model.bind() names.",
)
@click.option(
    "--streaming",
    is_flag=True,
    help="For a model of a window in time, the first axis of its input: take only the new frames in each run, as few as its "
    "strides over time allow, and remember the rest. Convolutions over time have to be causal or 'valid'.",
)
@click.option(
    "--frames",
    type=click.IntRange(min=1),
    metavar="N",
    help="With --streaming: take so many frames a run, a multiple of the least.",
)
@click.option(
    "--keep-channels",
    is_flag=True,
    help="Compute also channels whose value no input can change, as other engines do. Without it they are folded into "
    "the biases behind them; the outputs are the same to the bit.",
)
@click.option(
    "--dense",
    is_flag=True,
    help="Keep all weights as int8. Without it layers whose weights are small (at most 7), or zero in many blocks of four "
    "output channels by two inputs, take fewer bytes; the outputs are the same to the bit.",
)
@click.option(
    "--dump-after",
    metavar="PASS",
    help="Print the model as it is after a pass (or all): read, the float passes of a Keras model (drop_identity ... "
    "pool_to_mean), quantize, fuse_quantized_padding, drop_unused, drop_constant_channels, lower, order, plan.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@guarded
def convert(
    model,
    data,
    output,
    name,
    model_version,
    labels,
    sample_rate,
    hop,
    meta,
    calibration,
    bits,
    budget,
    rounding,
    activations,
    weight_scales,
    ram,
    caller_input,
    streaming,
    frames,
    keep_channels,
    dense,
    dump_after,
    as_json,
):
    """Converts MODEL (.keras, .h5, .tflite) to a .upm file.

    Keras layers: Dense, Conv1D/2D, Conv1D/2DTranspose, DepthwiseConv1D/2D, SeparableConv1D/2D, MaxPooling1D/2D,
    AveragePooling1D/2D, GlobalMaxPooling1D/2D, GlobalAveragePooling1D/2D, Activation, ReLU, LeakyReLU, PReLU, ELU,
    ThresholdedReLU, Softmax, Add, Subtract, Multiply, Average, Maximum, Minimum, Dot, Concatenate, BatchNormalization,
    LayerNormalization, RMSNormalization, UnitNormalization,
    Rescaling, Normalization, MultiHeadAttention, GroupQueryAttention, Attention, AdditiveAttention, EinsumDense, Embedding,
    Flatten, Reshape, Permute, RepeatVector, ZeroPadding1D/2D, Cropping1D/2D, UpSampling1D/2D, LSTM, GRU,
    SimpleRNN, RNN, Bidirectional, TimeDistributed, STFTSpectrogram, MelSpectrogram, models within models, layers of
    your own that are made of these and of keras.ops (einsum, matmul, softmax, reshape, transpose, slices, x / y, maximum, max,
    sum, abs, clip, split, stack, tile, pad ...); and what only acts in training (Dropout, GaussianNoise, RandomFlip ...).

    .tflite ops: CONV_2D, TRANSPOSE_CONV, DEPTHWISE_CONV_2D, FULLY_CONNECTED, MAX_POOL_2D, AVERAGE_POOL_2D, MEAN, REDUCE_MAX,
    ADD, SUB, MUL, BATCH_MATMUL, GATHER, CAST, NEG, CONCATENATION, PAD, PADV2, RESHAPE, SQUEEZE, EXPAND_DIMS, TRANSPOSE,
    STRIDED_SLICE, SLICE, SPLIT, SPLIT_V,
    SOFTMAX, LOGISTIC, TANH, RELU, RELU6, RELU_N1_TO_1, LEAKY_RELU, HARD_SWISH, ELU, QUANTIZE, DEQUANTIZE, ARG_MAX,
    RESIZE_NEAREST_NEIGHBOR, RESIZE_BILINEAR, MAXIMUM, MINIMUM, PRELU, SQUARED_DIFFERENCE, DIV, ABS, RSQRT, EXP, LOG,
    REDUCE_MIN, SUM, CUMSUM, LOG_SOFTMAX, L2_NORMALIZATION, ARG_MIN, PACK, UNPACK, TILE, BROADCAST_TO, MIRROR_PAD,
    SPACE_TO_DEPTH, DEPTH_TO_SPACE, REVERSE_V2,
    CALL_ONCE, VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE, SVDF, UNIDIRECTIONAL_SEQUENCE_LSTM;
    and TFLite Micro's audio front end, which ends with CUSTOM SignalFilterBankSquareRoot, CUSTOM SignalFilterBankSpectralSubtraction,
    CUSTOM SignalFilterBankLog, CAST after SignalFilterBankLog.
    """
    from host_tools import convert as conversion
    from host_tools import render
    from host_tools.passes.coding import CODINGS

    if dump_after and dump_after not in conversion.PASSES + ("all",):
        raise click.UsageError(f"--dump-after {dump_after}: the passes are {', '.join(conversion.PASSES)}, or all")
    if budget is not None and bits != "mixed":
        raise click.UsageError("--budget goes with --bits mixed")
    if frames is not None and not streaming:
        raise click.UsageError("--frames goes with --streaming")
    metadata = _metadata(name, model_version, labels, sample_rate, hop, meta)
    output = output or Path(model.stem + ".upm")

    def show(stage, made):
        if dump_after in (stage, "all"):
            click.echo(f"--- {stage}\n{render.text(made)}", err=as_json)

    chosen = _mixed(model, data, 0.01 if budget is None else budget, as_json) if bits == "mixed" else _bits(bits)
    with Bar("calibrating", as_json) as step:
        done = conversion.convert(
            model, data, metadata, calibration, step, show,
            ram=ram, keep_channels=keep_channels, caller_inputs=caller_input,
            codings=() if dense else CODINGS,
            bits=chosen, rounding=rounding, activations=int(activations), streaming=frames or streaming,
            weight_scales=weight_scales,
        )  # fmt: skip
    write_atomically(output, done.file)
    _tell(output, model, done, as_json, chosen if bits == "mixed" else None)


def _metadata(name, model_version, labels, sample_rate, hop, meta) -> dict[str, str]:
    found = {
        "name": name,
        "version": model_version,
        "labels": _labels(labels),
        "hop": hop,
        "sample_rate": sample_rate and f"{sample_rate:g}",
    }
    for entry in meta:
        key, sign, value = entry.partition("=")
        if not key or not sign:
            raise click.UsageError(f"--meta {entry}: write KEY=VALUE")
        found[key] = value
    return {key: str(value) for key, value in found.items() if value is not None}


def _mixed(model: Path, data: Path | None, budget: float, as_json: bool) -> dict[str, int]:
    """The bits of each layer within the budget."""
    from host_tools import samples
    from host_tools.compress.mixed import choose_bits
    from host_tools.errors import ConversionError
    from host_tools.readers import keras_file, keras_reader

    if model.suffix.lower() == ".tflite" or data is None:
        raise ConversionError("--bits mixed needs a Keras model and --data samples.npz to measure on")
    source = keras_file.load(model)
    names = [tensor.name for tensor in keras_reader.read(source).inputs]
    with Bar("choosing bits", as_json) as step:
        return choose_bits(source, samples.load(data, names), budget=budget, progress=step)


def _bits(given: str) -> int | dict[str, int]:
    """4, or conv1=4,dense=8."""
    if given.strip().isdecimal():
        return int(given)
    found = {}
    for entry in given.split(","):
        name, _, count = entry.rpartition("=")
        if not name.strip() or not count.strip().isdecimal():
            raise click.UsageError(f"--bits {given}: write 8, 4, or layers as conv1=4,dense=8")
        found[name.strip()] = int(count)
    return found


def _labels(given: str | None) -> str | None:
    if given is None:
        return None
    if os.path.isfile(given):
        lines = Path(given).read_text(encoding="utf-8").splitlines()
    else:
        lines = given.split(",")
    return "\n".join(line.strip() for line in lines if line.strip())


def _tell(output: Path, model: Path, done, as_json: bool, chosen: dict[str, int] | None) -> None:
    from host_tools.report import costs

    numbers = costs(done.file)
    check, plan = done.check, {"plan_bytes": done.program.arena_size, "plan_overhead": round(done.program.overhead, 5)}
    if as_json:
        checked = (
            None
            if check is None
            else {
                "against": check.against,
                "samples": check.samples,
                "agree": check.agree,
                "sqnr_db": None if check.sqnr == float("inf") else check.sqnr,
                "equal": check.equal,
            }
        )
        found = {"frames": done.hop} if done.hop else {}
        found |= {"dropped_channels": done.dropped_channels, "coded": [vars(layer) for layer in done.program.coded]}
        found |= {} if chosen is None else {"bits": chosen}
        click.echo(json.dumps({"output": str(output), "check": checked} | found | plan | numbers))
        return
    click.echo(
        f"{output}: {numbers['file_bytes']:,} bytes ({model.name} has {model.stat().st_size:,}), "
        f"{len(numbers['layers'])} layers, {numbers['macs']:,} MACs, arena {numbers['arena_bytes']:,} bytes"
    )
    if done.hop:
        click.echo(
            f"streaming: {_frames(done.hop)} a run, states {numbers['state_bytes']:,} bytes; the first answer that "
            f"counts comes after {_frames(int(done.program.metadata['streaming']))}"
        )
    if chosen is not None:
        few = [name for name, count in chosen.items() if count == 4]
        click.echo(f"4 bits: {', '.join(few) or 'no layer within the budget'} (--budget)")
    if done.dropped_channels:
        click.echo(f"dropped: {done.dropped_channels:,} channels that no input can change (--keep-channels keeps them)")
    if done.program.coded:
        click.echo(f"coded: {', '.join(map(str, done.program.coded))} (--dense keeps int8)")
    click.echo(f"planned: {plan['plan_bytes']:,} bytes of RAM, {_slower(plan['plan_overhead'])} (--ram)")
    click.echo(
        "checked: " + (str(check) if check else f"the engine runs it (nothing to compare with: {_missing(model)})")
    )


def _frames(count: int) -> str:
    return f"{count} frame" + "s" * (count > 1)


def _missing(model: Path) -> str:
    return "install tflite-micro" if model.suffix == ".tflite" else "give --data"


def _slower(overhead: float) -> str:
    return f"about {100 * overhead:.1f} % slower than with any amount" if overhead >= 0.001 else "as fast as with any"
