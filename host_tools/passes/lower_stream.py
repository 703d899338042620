"""Lowering of the family stream: ops with memory from run to run, and the graph's states."""

from __future__ import annotations

from typing import Any

import numpy as np

from host_tools.graph import Graph, Op, State, Tensor
from host_tools.passes.lower_edges import scaling
from host_tools.program import Program, Step
from upyml.format import layout
from upyml.format.ops_stream import SHIFT, START, SVDF


def _window(program: Program, op: Op) -> None:
    """The window is a state: whoever reads the op's output reads it there."""
    _begin(program, op.output, op.attrs.get("initial"))
    program.steps.append(Step(SHIFT, [op.inputs[0]], [op.output], {}, op.name))


def _begin(program: Program, tensor: Tensor, initial: np.ndarray | None) -> None:
    """A state with its first value."""
    program.states.append(tensor)
    if initial is not None:
        flag = Tensor(f"{tensor.name}/begun", (1,), "int8", 1.0, 0)
        program.states.append(flag)
        first = Tensor(f"{tensor.name}/initial", tensor.shape, tensor.dtype, tensor.scale, tensor.zero_point, initial)
        program.steps.append(Step(START, [flag, first], [tensor], {}, first.name))


def begin_states(program: Program, graph: Graph) -> None:
    """Before the first op."""
    for state in graph.states:
        _begin(program, state.tensor, state.initial)


def end_states(program: Program, graph: Graph) -> None:
    """Behind the last op: each state gets its next value, all as if at once."""
    old = [state for state in graph.states if program.base(state.next) in program.states]
    copies = {}
    for state in old:  # what another one holds in this run
        x = state.next
        copies[state] = Tensor(f"{x.name}/old", x.shape, x.dtype, x.scale, x.zero_point)
        program.steps.append(Step(layout.RESHAPE, [x], [copies[state]], {}, copies[state].name))
    for state in graph.states:
        if state not in copies and _made_there(program, state):
            continue
        x = copies.get(state, state.next)
        program.steps.append(Step(layout.RESHAPE, [x], [state.tensor], {}, state.tensor.name))


def _made_there(program: Program, state: State) -> bool:
    """Lets the step that makes the next value make it in the state, where nothing reads the old one from then on."""
    if state.next.data is not None:
        return False
    made = program.base(state.next)
    places = [i for i, step in enumerate(program.steps) if step.outputs[0] is made]
    reads = [i for i, step in enumerate(program.steps) if any(program.base(x) is state.tensor for x in step.inputs)]
    if len(places) != 1 or max(reads, default=-1) >= places[0] or made in program.inputs:
        return False
    program.views[made] = state.tensor
    return True


def _svdf(program: Program, op: Op) -> None:
    x, feature, time, bias = op.inputs
    dtype, scale, zero_point = op.attrs["state"]
    memories = Tensor(f"{op.name}/memories", time.shape, dtype, scale, zero_point)
    program.states.append(memories)
    real = np.float32([x.scale, feature.scale, time.scale, op.output.scale]).astype(float)
    first = scaling(op, real[0] * real[1] / float(np.float32(scale)))
    second = scaling(op, float(np.float32(scale)) * real[2] / real[3])
    params = {"rank": op.attrs["rank"], "multiplier1": first[0], "shift1": first[1]}
    params |= {"multiplier2": second[0], "shift2": second[1]}
    step = Step(SVDF, [x, memories, feature, time, bias], [op.output], params, op.name, feature.size + time.size)
    program.steps.append(step)


LOWERINGS: dict[str, Any] = {"window": _window, "svdf": _svdf}
