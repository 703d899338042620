"""`upyml prune`: options, what is found in each layer, and the files written at the end or not at all."""

from __future__ import annotations

import errno
import json
import tempfile
from pathlib import Path

import click

from host_tools.cli_errors import CODES, guarded
from host_tools.cli_progress import Bar
from host_tools.whole_files import write_atomically

_FILE = click.Path(path_type=Path)
_SCANNED = 1000  # samples that a scan of the layers looks at: it predicts some hundred times


@click.command(epilog=CODES)
@click.argument("model", type=_FILE)
@click.option(
    "-d",
    "--data",
    type=_FILE,
    required=True,
    help="An .npz file with x, samples as the model takes them, and y: labels from 0, or what the outputs should be. "
    "Without y (also .npy, or a folder of .npy files) the pruned model learns to answer as MODEL does. x_val and y_val, "
    "or a part of x, are what is measured with.",
)
@click.option("-s", "--sparsity", type=float, help="The part of the weights that becomes zero, as 0.75.")
@click.option(
    "--pattern",
    default="block4x2",
    show_default=True,
    metavar="block4x2|unstructured|N:M|filters",
    help="What goes together: blocks of 4 outputs x 2 inputs, which the engine leaves out; single weights; all but N of M "
    "successive ones (as 2:4), which says the sparsity; whole filters, so that layers become smaller.",
)
@click.option("--layer", "layers", multiple=True, metavar="NAME=SPARSITY", help="A layer with a sparsity of its own.")
@click.option("--spare", multiple=True, metavar="NAME", help="A layer that stays as it is.")
@click.option(
    "--global", "as_one", is_flag=True, help="The sparsity is that of all layers together: some lose more, some less."
)
@click.option(
    "--sensitivity",
    type=_FILE,
    metavar="PICTURE",
    help="Prune each layer alone first, draw what that does (.png, .svg, .pdf), and give layers that mind a lower sparsity.",
)
@click.option("--epochs", type=click.IntRange(min=0), default=20, show_default=True, help="0: without any training.")
@click.option("--batch", type=click.IntRange(min=1), default=32, show_default=True)
@click.option(
    "--learning-rate", type=click.FloatRange(min=0, min_open=True), default=1e-3, show_default=True, help="Adam's."
)
@click.option(
    "--schedule",
    default="polynomial",
    show_default=True,
    metavar="polynomial|constant",
    help="Zeros become more over two thirds of the training, or all at once.",
)
@click.option(
    "--validation",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.2,
    show_default=True,
    help="The part of x to measure with, where there is no x_val; 0: train and measure with all of it.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The same seed, the same result.")
@click.option("-o", "--output", type=_FILE, help="The file to write; by default the model's name with -pruned.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@guarded
def prune(
    model,
    data,
    sparsity,
    pattern,
    layers,
    spare,
    as_one,
    sensitivity,
    epochs,
    batch,
    learning_rate,
    schedule,
    validation,
    seed,
    output,
    as_json,
):
    """Prunes MODEL (.keras, .h5) by the size of its weights, trains it meanwhile, and writes it with exact zeros.

    Dense, Conv1D, Conv2D and the pointwise part of SeparableConv1D/2D are pruned; depthwise layers are where --layer names
    them (unstructured only). `upyml convert` makes a .upm file of the result.
    """
    output = output or Path(f"{model.stem}-pruned{model.suffix}")
    _require_folders(output, sensitivity)
    wishes = {"sparsity": sparsity, "pattern": pattern, "layers": _numbers(layers), "spare": spare}
    wishes["scope"] = "global" if as_one else "layer"
    if sensitivity and (as_one or pattern == "filters"):
        raise click.UsageError("--sensitivity shares out the sparsity of --pattern unstructured or block4x2, without --global")
    _check(wishes, schedule)  # before TensorFlow is there

    from host_tools.compress import kernels, plan, training_data, tuning
    from host_tools.compress.sensitivity import require_picture

    if sensitivity:
        require_picture(sensitivity)
    for file in (model, data):
        if not file.exists():
            raise FileNotFoundError(errno.ENOENT, "there is no such file", str(file))
    source = _load(model, output)
    if pattern != "filters":
        plan.Plan(**wishes).targets(source)
    given = training_data.load(data, source, validation, seed)
    work = tuning.Tuning(source, given)
    before = work.measure(source)
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / f"picture{sensitivity.suffix}" if sensitivity else None
        scanned = _scan(source, given, wishes, picture, as_json) if picture else None
        with Bar("training", as_json) as step:
            fit = work.fit(epochs, batch, learning_rate, step) if epochs else None
            pruned = _prune(source, wishes, schedule, fit, seed)
        told = {
            "output": str(output),
            "pattern": pattern,
            "metric": work.task.metric,
            "samples": work.samples,
            "before": before,
            "after": work.measure(pruned),
            "epochs": epochs,
            "weights_before": sum(kernel.size for kernel in kernels.find(source)),
            "layers": [vars(zeros) for zeros in kernels.zeros(pruned)],
        }
        saved = Path(folder) / f"model{output.suffix}"
        _save(pruned, saved)
        write_atomically(output, saved.read_bytes())
        if picture:
            write_atomically(sensitivity, picture.read_bytes())
    if as_json:
        click.echo(json.dumps(told | {"sensitivity": _scanned_as_json(scanned)}))
        return
    if scanned:
        click.echo(scanned.table() + "\n")
    _tell(told)


def _check(wishes: dict, schedule: str) -> None:
    from host_tools.compress import plan
    from host_tools.compress import schedule as schedules

    schedules.schedule(schedule, 1)
    if wishes["pattern"] != "filters":
        plan.Plan(**wishes)
    elif wishes["sparsity"] is None and not wishes["layers"]:
        raise ValueError("how much is to be pruned? Give --sparsity, as 0.5, the part of each layer's filters that goes")
    else:
        for value in [wishes["sparsity"] or 0.0, *wishes["layers"].values()]:
            plan.sparsity(value)


def _numbers(layers: tuple[str, ...]) -> dict[str, float]:
    found = {}
    for entry in layers:
        name, sign, value = entry.rpartition("=")
        try:
            found[name] = float(value)
        except ValueError:
            sign = ""
        if not name or not sign:
            raise click.UsageError(f"--layer {entry}: write NAME=SPARSITY, as conv2d=0.5")
    return found


def _require_folders(*paths: Path | None) -> None:
    for path in paths:
        if path and not path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, "there is no such folder", str(path.parent))


def _load(path: Path, output: Path):
    """The model, where it can be read and written again."""
    from host_tools.compress.cloning import keras_of
    from host_tools.errors import ConversionError
    from host_tools.readers import keras_file

    for file, what in ((path, "give a Keras model saved as one"), (output, "write the model to one")):
        if file.suffix not in (".keras", ".h5", ".hdf5"):
            raise ConversionError(f"{file} is no .keras or .h5 file: {what} of these")
    model = keras_file.load(path)
    if keras_of(model).__name__ == "tf_keras" and output.suffix == ".keras":
        raise ConversionError(f"{path} is of an older Keras, which no .keras file keeps: write to an .h5 file (-o)")
    return model


def _scan(source, given, wishes: dict, picture: Path, as_json: bool):
    """Scans the layers, draws, and gives each of those without a sparsity of its own one in `wishes`."""
    from host_tools.compress import sensitivity

    x, y = [array[:_SCANNED] for array in given.x], None if given.y is None else given.y[:_SCANNED]
    untouched = [*wishes["spare"], *wishes["layers"]]
    wanted = wishes["sparsity"]
    steps = sensitivity.SPARSITIES if wanted is None else (*sensitivity.SPARSITIES, (1 + wanted) / 2)
    with Bar("scanning", as_json) as step:
        scanned = sensitivity.scan(source, x, y, wishes["pattern"], steps, untouched, step)
    scanned.plot(picture)
    if wanted is not None and len(scanned.sparsities) > 1:
        wishes["layers"] = scanned.allocate(wanted) | wishes["layers"]
        wishes["sparsity"] = None
    return scanned


def _prune(source, wishes: dict, schedule: str, fit, seed: int):
    from host_tools.compress import cloning, pruning

    cloning.keras_of(source).utils.set_random_seed(seed)
    if wishes["pattern"] == "filters":
        return _prune_filters(source, wishes, fit)
    return pruning.prune(source, fit=fit, schedule=schedule, **wishes)


def _prune_filters(source, wishes: dict, fit):
    """Whole filters, which change the layers' shapes; fit then trains the smaller model."""
    from host_tools.compress import filters

    fraction, own = wishes["sparsity"], wishes["layers"]
    if own and fraction is not None:  # the others get it, a group of layers with the same channels as one
        groups = [group.layers for group in filters.removable(source)]
        rest = {name: fraction for group in groups if not set(group) & set(own) for name in group}
        fraction, own = None, rest | own
    return filters.prune_filters(
        source,
        own if fraction is None else fraction,
        spare=wishes["spare"],
        fit=fit and (lambda model: fit(model, [])),
        allocation="global" if wishes["scope"] == "global" else "uniform",
    )


def _save(model, path: Path) -> None:
    """The model alone, without what its training left behind."""
    import warnings

    from host_tools.compress import cloning
    from host_tools.readers.keras_file import quiet

    with quiet(), warnings.catch_warnings():  # Keras calls .h5 old, and tf_keras misses what the training left
        warnings.simplefilter("ignore")
        cloning.clone(model, compiled=False).save(path)


def _scanned_as_json(scanned) -> dict | None:
    if scanned is None:
        return None
    curves = dict(zip(scanned.layers, scanned.values.tolist()))
    return {"sparsities": scanned.sparsities, "baseline": scanned.baseline, "layers": curves}


def _tell(told: dict) -> None:
    layers = told["layers"]
    wide = max(len(layer["layer"]) for layer in layers)
    click.echo(f"{'layer':<{wide}} {'weights':>9} {'zeros':>9}          zero blocks")
    for layer in layers:
        blocks = f"{layer['zero_blocks']:,} of {layer['blocks']:,}" if layer["blocks"] else "-"
        part = 100 * layer["zeros"] / layer["weights"]
        click.echo(f"{layer['layer']:<{wide}} {layer['weights']:>9,} {layer['zeros']:>9,} {part:>5.1f} %  {blocks:>11}")
    weights, zeros = (sum(layer[key] for layer in layers) for key in ("weights", "zeros"))
    before, after = (_number(told["metric"], told[key]) for key in ("before", "after"))
    click.echo(f"{told['metric']} on {told['samples']:,} samples: {before} before, {after} after {told['epochs']} epochs")
    if told["pattern"] == "filters":
        click.echo(f"{told['output']}: {weights:,} weights of {told['weights_before']:,} are left")
    else:
        click.echo(f"{told['output']}: {100 * zeros / weights:.1f} % of {weights:,} weights are zero")


def _number(metric: str, value: float) -> str:
    return f"{100 * value:.2f} %" if metric == "accuracy" else f"{value:.4g}"
