"""Ops with memory from run to run: SHIFT, START; of any number type, as bytes."""


def shift(model, step, out):
    """The state moves towards its front by as many elements as the input has, and the input comes in at its end."""
    x = step.x[0].data
    kept = len(out) - len(x)
    out[:kept] = out[len(x) :]
    out[kept:] = x


def start(model, step, out):
    """Once after a reset: the state is set to the second input."""
    flag, x = step.x
    if flag.data[0] == 0:
        flag.data[0] = 1
        out[:] = x.data
