"""RESIZE_NEAREST and RESIZE_BILINEAR in plain loops."""


def resize_nearest(model, step, out):
    """out[y, x] = in[rows[y], columns[x]]; both lists of u16 lie in the file."""
    x = step.x[0].data
    _, width, depth = step.x[0].image()
    out_h, out_w, _ = step.y.image()
    rows, columns = step.params["rows"], step.params["columns"]
    o = 0
    for oy in range(out_h):
        at = rows + 2 * oy
        row = (model[at] + 256 * model[at + 1]) * width
        for at in range(columns, columns + 2 * out_w, 2):
            first = (row + model[at] + 256 * model[at + 1]) * depth
            out[o : o + depth] = x[first : first + depth]
            o += depth


def positions(count, length, align_corners, half_pixel_centers):
    """(lower, upper input place, weight of the upper in 1/1024) of `count` places spread over `length`."""
    if align_corners and count > 1:
        scale = (1024 * (length - 1) + (count - 1) // 2) // (count - 1)
    else:
        scale = (1024 * length + count // 2) // count
    out = []
    for i in range(count):
        place = i * scale
        if half_pixel_centers:
            place += scale // 2 - 512
        low = min(max(place // 1024, 0), length - 1)  # a rounded-up scale may lead beyond the last
        high = min((place + 1023) // 1024, length - 1)
        out.append((low, high, place - 1024 * low))
    return out


def resize_bilinear(model, step, out):
    """TFLite's integer version: 10 fractional bits, rounded half away from zero."""
    p = step.params
    x = step.x[0].data
    height, width, depth = step.x[0].image()
    out_h, out_w, _ = step.y.image()
    options = (p["align_corners"], p["half_pixel_centers"])
    columns = positions(out_w, width, *options)
    o = 0
    for y0, y1, fy in positions(out_h, height, *options):
        for x0, x1, fx in columns:
            a = (y0 * width + x0) * depth
            b = (y1 * width + x0) * depth
            c = (y0 * width + x1) * depth
            d = (y1 * width + x1) * depth
            for i in range(depth):
                total = (x[a + i] * (1024 - fx) + x[c + i] * fx) * (1024 - fy)
                total += (x[b + i] * (1024 - fx) + x[d + i] * fx) * fy
                if total > 0:
                    out[o] = (total + 0x80000) >> 20
                else:
                    out[o] = -((0x80000 - total) >> 20)
                o += 1
