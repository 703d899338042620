"""The report as one HTML file: the same bytes for the same model, samples and build, and nothing loaded from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import upyml
from host_tools import bench
from host_tools.pages.page import render, require, share
from host_tools.report import difference, fits, scores, svg

TEMPLATE = Path(__file__).with_name("report.html")
MOST_CLASSES = 40  # of a confusion matrix: of more the mistakes made most are listed
_BINS = 8
_FULL_BAR = 60.0  # dB


def page(numbers: dict[str, Any]) -> str:
    """numbers: of layers.costs(), with `boards` of fits.table(), `board` of bench.on_board(), and `scores` and `difference`
    where there were samples."""
    require()
    from markupsafe import Markup

    board, found = numbers["board"], numbers.get("scores")
    layer, most = svg.peak(numbers)
    return render(
        TEMPLATE,
        numbers=numbers,
        board=board,
        run=board["count"],
        upyml_version=upyml.__version__,
        tiles=_tiles(numbers),
        sentences=_sentences(numbers),
        fits_sentence=fits.sentence(numbers["boards"]),
        rows=_rows(numbers),
        arena=Markup(svg.arena(numbers)),
        row_height=svg.ROW,
        head_height=svg.HEAD,
        blocks=[_block(numbers, block) for block in numbers["blocks"]],
        peak=layer,
        peak_bytes=most,
        scores=found,
        matrix=_matrix(found) if found and found["kind"] == "classes" and len(found["labels"]) <= MOST_CLASSES else None,
        confusions=scores.confusions(found, 10) if found and found["kind"] == "classes" else [],
        classes=_worst_classes(found) if found and found["kind"] == "classes" else [],
        outputs=[(one, Markup(svg.scatter(one)), bins(one["points"])) for one in found["outputs"]]
        if found and found["kind"] == "values"
        else [],
        difference=_difference(numbers.get("difference")),
    )


def _sentences(numbers: dict[str, Any]) -> list[str]:
    """What bench says of a run, without the model's name, which is the page's title."""
    run = numbers["board"]["count"]
    if not run:
        return []
    lines = [line.removeprefix(f"{run['name'] or 'model'}: ") for line in bench.sentences(run)]
    return [line[0].upper() + line[1:] for line in lines]


def _ms(ms: float) -> str:
    return f"{ms:,.0f} ms" if ms >= 100 else f"{ms:.3g} ms"


def _tiles(numbers: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(what, how much, of what) at the top of the page."""
    board, found, run = numbers["board"], numbers.get("scores"), numbers["board"]["count"]
    sizes = (("flash", numbers["file_bytes"], board["flash_bytes"]), ("RAM", numbers["arena_bytes"], board["ram_bytes"]))
    tiles = [(what, f"{some:,} bytes", f"{share(some, whole)} of {board['title']}") for what, some, whole in sizes]
    if run and run["ms"]:
        tiles.append(("a run", _ms(run["ms"]), f"{run['cycles']:,} cycles at {run['clock_mhz']} MHz"))
    elif run:
        tiles.append(("a run", f"{run[run['unit']]:,}", run["unit"]))
    if found and found["kind"] == "classes":
        tiles.append(("accuracy", f"{100 * found['accuracy']:.1f} %", f"of {found['samples']:,} samples"))
    elif found:
        tiles.append(("mean error", f"{found['mae']:.4g}", f"over {found['samples']:,} samples"))
    if numbers.get("difference"):
        db = numbers["difference"]["sqnr"]
        tiles.append(("against float", "equal" if db is None else f"{db:.1f} dB", "signal to quantization noise"))
    return tiles


def _rows(numbers: dict[str, Any]) -> list[dict[str, Any]]:
    """The layers with what each takes of the whole, and their notes."""
    run = numbers["board"]["count"]
    rows = []
    for layer in numbers["layers"]:
        row = layer | {
            "notes": [note for note, is_so in (("fused", layer["fused"]), ("in place", layer["in_place"])) if is_so],
            "macs_share": _part(layer["macs"], numbers["macs"]),
            "file_share": _part(layer["file_bytes"], numbers["file_bytes"]),
            "ram_share": _part(numbers["state_bytes"] + layer["ram_live"], numbers["arena_bytes"]),
            "count": None,
        }
        if run:
            counted = run["layers"][layer["number"]]
            row |= {"count": counted[run["unit"]], "ms": counted["ms"], "group": counted["group"]}
            row["count_share"] = _part(row["count"], run[run["unit"]])
        rows.append(row)
    return rows


def _part(some: int | None, whole: int) -> str:
    """For a style: 0 to 1."""
    return f"{min(1.0, (some or 0) / whole) if whole else 0:.4f}"


def _block(numbers: dict[str, Any], block: dict[str, Any]) -> dict[str, Any]:
    layers = numbers["layers"]
    made = "an input" if block["first"] < 0 else f"op {block['first']}, {layers[block['first']]['op']}"
    last = "the end" if block["last"] >= len(layers) else f"op {block['last']}, {layers[block['last']]['op']}"
    return block | {"made": made, "until": last}


def _matrix(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of cells: how many, and their part of the row."""
    rows = []
    for i, row in enumerate(found["matrix"]):
        total = sum(row)
        cells = [{"count": n, "part": f"{n / total if total else 0:.4f}", "right": i == j} for j, n in enumerate(row)]
        rows.append({"label": found["labels"][i], "cells": cells, "total": total})
    return rows


def _worst_classes(found: dict[str, Any]) -> list[dict[str, Any]]:
    """All classes; of very many those with the least recall, worst first."""
    rows = found["per_class"]
    if len(rows) <= MOST_CLASSES:
        return rows
    return sorted((row for row in rows if row["samples"]), key=lambda row: (row["recall"], row["label"]))[:MOST_CLASSES]


def bins(points: list[list[float]]) -> list[dict[str, float]]:
    """Points of a scatter plot by ranges of the right value, as many points in each: the text beside the picture."""
    array = np.array(sorted(points))
    found = []
    for part in np.array_split(array, min(_BINS, len(array))):
        right, told = part[:, 0], part[:, 1]
        found.append(
            {
                "first": f"{right[0]:.4g}",
                "last": f"{right[-1]:.4g}",
                "samples": len(part),
                "right": f"{right.mean():.4g}",
                "told": f"{told.mean():.4g}",
                "mae": f"{np.abs(told - right).mean():.4g}",
            }
        )
    return found


def _difference(found: dict[str, Any] | None) -> dict[str, Any] | None:
    """With texts and lengths of bars."""
    if not found:
        return None
    rows = []
    for layer in found["layers"]:
        db = layer["sqnr"]
        rows.append(
            layer
            | {
                "db": "" if db is None else "equal" if db == difference.EXACT else f"{db:.1f}",
                "bar": f"{0 if db is None else min(1.0, max(0.0, db / _FULL_BAR)):.4f}",
                "loses": difference.loss(layer),
                "worst": layer["number"] in found["worst"],
            }
        )
    worst = [rows[number] for number in found["worst"]]
    return found | {"rows": rows, "worst": worst, "scaled": any(row["scaled"] for row in rows)}
