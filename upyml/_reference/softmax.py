"""SOFTMAX int8 to int8 over the last axis: TFLite Micro's integer algorithm."""

from array import array

from upyml._reference.fixed_point import exp_on_negative_values, mbqm, rdbpot, reciprocal, srdhm


def exponentials(params):
    """exp(x - max) as raw int32 (no integer bits) for each difference 0, -1, ... down to diff_min or -255."""
    count = min(256, 1 - params["diff_min"])
    table = array("i", bytes(4 * count))
    for i in range(count):
        table[i] = exp_on_negative_values(mbqm(-i, params["multiplier"], params["shift"]))
    return table


def softmax(model, step, out):
    """Rows of step.x[0] to rows of the same length; scale 1/256, zero point -128."""
    x = step.x[0].data
    classes = step.x[0].shape[-1]
    if step.cache is None:
        step.cache = exponentials(step.params)
    table = step.cache
    count = len(table)
    for first in range(0, step.x[0].size, classes):
        last = first + classes
        top = x[first]
        for i in range(first + 1, last):
            if x[i] > top:
                top = x[i]
        total = 0
        for i in range(first, last):
            if top - x[i] < count:
                total += rdbpot(table[top - x[i]], 12)  # to 12 integer bits
        scale, over = reciprocal(total, 12)
        for i in range(first, last):
            diff = top - x[i]
            y = -128
            if diff < count:
                y += rdbpot(srdhm(scale, table[diff]), over + 31 - 8)
            out[i] = 127 if y > 127 else y
