"""The picture of a search: the score over each of the costs, the Pareto front marked."""

from __future__ import annotations

import io
from typing import Any

_AXES = {"ms": "ms a run", "instructions": "instructions a run", "ram_bytes": "RAM, bytes", "flash_bytes": "flash, bytes"}


def png(numbers: dict[str, Any]) -> bytes:
    """The file of the picture; a grey point for each complete trial, a numbered one for those of the front."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    score, *costs = numbers["objectives"]
    limits, front = numbers["limits"], numbers["front"]
    figure = Figure(figsize=(4.2 * len(costs), 4), layout="constrained")
    panels = figure.subplots(1, len(costs), sharey=True)
    complete = [trial["values"] for trial in numbers["trials"] if trial["values"]]
    for panel, cost in zip(panels, costs):
        panel.scatter([v[cost] for v in complete], [v[score] for v in complete], s=16, color="0.75", label="trials")
        panel.scatter(
            [t["values"][cost] for t in front], [t["values"][score] for t in front], s=30, color="C0", label="Pareto front"
        )
        for trial in front:
            place = (trial["values"][cost], trial["values"][score])
            panel.annotate(str(trial["number"]), place, (3, 3), textcoords="offset points", fontsize=8)
        if limits.get(cost) is not None:
            panel.axvline(limits[cost], color="C3", linewidth=1, linestyle="--", label="limit")
        panel.set_xlabel(_AXES[cost])
        panel.margins(x=0.1)
        panel.set_xlim(left=0)
        panel.grid(alpha=0.3)
    panels[0].set_ylabel(score)
    if score == "accuracy":
        panels[0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    legend = {}
    for panel in panels:
        legend |= {label: handle for handle, label in zip(*panel.get_legend_handles_labels())}
    figure.legend(legend.values(), legend.keys(), loc="outside lower center", ncols=len(legend), fontsize=8)
    figure.suptitle(f"{numbers['study']} on {numbers['title']}")
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120)
    return buffer.getvalue()
