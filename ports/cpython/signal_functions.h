// The functions on samples of _upyml.c, as ports/module/mod_signal.h has them on a board.
#include "../engine/signal/filters.h"
#include "../engine/signal/rfft.h"
#include "../engine/signal/spectrum.h"
#include "../engine/signal/statistics.h"

enum { MOST_BUFFERS = 4 };

// The views of a call's buffers, let go together.
typedef struct {
    Py_buffer view[MOST_BUFFERS];
    int count;
} buffers;

static void let_go(buffers *b) {
    while (b->count > 0) {
        PyBuffer_Release(&b->view[--b->count]);
    }
}

// One more view, of elements with one of the type codes; NULL: any. Lets all go where it raises.
static Py_buffer *take(buffers *b, PyObject *object, const char *codes, int writable) {
    Py_buffer *view = &b->view[b->count];
    if (get_bytes(object, view, writable) < 0) {
        let_go(b);
        return NULL;
    }
    b->count++;
    if (codes && (!view->format || view->format[0] == 0 || view->format[1] != 0 || !strchr(codes, view->format[0])
        || (uintptr_t)view->buf % (size_t)view->itemsize)) {
        PyErr_SetString(PyExc_TypeError, "samples lie in an array('h'), powers and statistics in an array('i')");
        let_go(b);
        return NULL;
    }
    return view;
}

static int apart(const Py_buffer *a, const Py_buffer *b) {
    const char *first = a->buf, *second = b->buf;
    return first + a->len <= second || second + b->len <= first;
}

// Ends a call: None, or the error where the lengths did not fit.
static PyObject *ended(buffers *b, int fits) {
    let_go(b);
    if (!fits) {
        PyErr_SetString(PyExc_ValueError, "the buffers' lengths do not fit together, or one lies over another");
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *signal_rfft(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *in[3];
    buffers b = {.count = 0};
    Py_buffer *x, *out, *twiddles;
    if (!PyArg_ParseTuple(args, "OOO:rfft", &in[0], &in[1], &in[2]) || !(x = take(&b, in[0], "h", 0))
        || !(out = take(&b, in[1], "h", 1)) || !(twiddles = take(&b, in[2], NULL, 0))) {
        return NULL;
    }
    upyml_rfft p = {.points = out->len < 1 << 16 ? (int32_t)(out->len / 2) - 2 : 0, .twiddles = twiddles->buf};
    int fits = upyml_rfft_points_fit(p.points) && x->len / 2 <= p.points && (uintptr_t)out->buf % 4 == 0
        && twiddles->len == UPYML_RFFT_TWIDDLE_BYTES(p.points) && apart(x, out);
    if (fits) {
        p.samples = (int32_t)(x->len / 2);
        upyml_rfft_s16(&p, x->buf, out->buf);
    }
    return ended(&b, fits);
}

static PyObject *signal_power(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *in[2];
    buffers b = {.count = 0};
    Py_buffer *z, *out;
    if (!PyArg_ParseTuple(args, "OO:power", &in[0], &in[1]) || !(z = take(&b, in[0], "h", 0))
        || !(out = take(&b, in[1], "il", 1))) {
        return NULL;
    }
    int fits = z->len == out->len && out->itemsize == 4 && apart(z, out);
    if (fits) {
        upyml_power_s16(z->buf, out->buf, (uint32_t)(out->len / 4));
    }
    return ended(&b, fits);
}

static PyObject *signal_magnitude(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *in[2];
    buffers b = {.count = 0};
    Py_buffer *z, *out;
    if (!PyArg_ParseTuple(args, "OO:magnitude", &in[0], &in[1]) || !(z = take(&b, in[0], "h", 0))
        || !(out = take(&b, in[1], "h", 1))) {
        return NULL;
    }
    int fits = z->len == 2 * out->len && apart(z, out);
    if (fits) {
        upyml_magnitude_s16(z->buf, out->buf, (uint32_t)(out->len / 2));
    }
    return ended(&b, fits);
}

static PyObject *signal_weigh(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *in[3];
    buffers b = {.count = 0};
    Py_buffer *x, *factors, *out;
    if (!PyArg_ParseTuple(args, "OOO:weigh", &in[0], &in[1], &in[2]) || !(x = take(&b, in[0], "h", 0))
        || !(factors = take(&b, in[1], "h", 0)) || !(out = take(&b, in[2], "h", 1))) {
        return NULL;
    }
    int fits = x->len == factors->len && x->len == out->len && (x->buf == out->buf || apart(x, out));
    if (fits) {
        upyml_weigh_s16(x->buf, factors->buf, out->buf, (uint32_t)(out->len / 2));
    }
    return ended(&b, fits);
}

static PyObject *signal_biquad(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *in[3];
    buffers b = {.count = 0};
    Py_buffer *samples, *factors, *state;
    if (!PyArg_ParseTuple(args, "OOO:biquad", &in[0], &in[1], &in[2]) || !(samples = take(&b, in[0], "h", 1))
        || !(factors = take(&b, in[1], "h", 0)) || !(state = take(&b, in[2], "h", 1))) {
        return NULL;
    }
    Py_ssize_t section = 2 * UPYML_BIQUAD_FACTOR_COUNT, channels = factors->len ? state->len / factors->len : 0;
    int fits = channels > 0 && channels <= UINT16_MAX && factors->len % section == 0 && factors->len / section <= UINT16_MAX
        && state->len == factors->len * channels && samples->len / 2 % channels == 0 && samples->len < 1 << 30
        && apart(samples, state);
    if (fits) {
        upyml_biquad p = {
            .sections = (int32_t)(factors->len / section), .channels = (int32_t)channels,
            .samples = (int32_t)(samples->len / 2 / channels), .factors = factors->buf,
        };
        upyml_biquad_s16(&p, samples->buf, state->buf);
    }
    return ended(&b, fits);
}

static PyObject *signal_fir(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *in[4];
    int up, down, channels;
    buffers b = {.count = 0};
    Py_buffer *x, *out, *coefficients, *state;
    if (!PyArg_ParseTuple(args, "OOOOiii:fir", &in[0], &in[1], &in[2], &in[3], &up, &down, &channels)
        || !(x = take(&b, in[0], "h", 0)) || !(out = take(&b, in[1], "h", 1)) || !(coefficients = take(&b, in[2], "h", 0))
        || !(state = take(&b, in[3], "h", 1))) {
        return NULL;
    }
    int fits = up >= 1 && up <= UINT16_MAX && down >= 1 && down <= UINT16_MAX && channels >= 1 && channels <= UINT16_MAX
        && coefficients->len >= 2 && coefficients->len <= 2 * UINT16_MAX && x->len < 1 << 30 && out->len < 1 << 30
        && x->len / 2 % channels == 0 && out->len / 2 % channels == 0;
    if (fits) {
        upyml_fir p = {
            .up = up, .down = down, .taps = (int32_t)(coefficients->len / 2), .channels = channels,
            .inputs = (int32_t)(x->len / 2 / channels), .outputs = (int32_t)(out->len / 2 / channels),
            .coefficients = coefficients->buf,
        };
        fits = (int64_t)p.inputs * up == (int64_t)p.outputs * down
            && state->len == 2 * (int64_t)upyml_fir_history(p.taps, up) * channels && apart(x, out) && apart(x, state)
            && apart(out, state);
        if (fits) {
            upyml_fir_s16(&p, x->buf, out->buf, state->buf);
        }
    }
    return ended(&b, fits);
}

static PyObject *signal_statistics(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *in[2];
    buffers b = {.count = 0};
    Py_buffer *x, *out;
    if (!PyArg_ParseTuple(args, "OO:statistics", &in[0], &in[1]) || !(x = take(&b, in[0], "hb", 0))
        || !(out = take(&b, in[1], "il", 1))) {
        return NULL;
    }
    upyml_statistics p = {.stride = 1, .width = (int32_t)x->itemsize, .which = (1 << UPYML_STATISTICS) - 1};
    Py_ssize_t count = x->len / x->itemsize;
    int fits = count >= 1 && count <= UPYML_STATISTICS_MOST && out->len == 4 * UPYML_STATISTICS && out->itemsize == 4;
    if (fits) {
        p.count = (int32_t)count;
        upyml_statistics_of(&p, x->buf, out->buf);
    }
    return ended(&b, fits);
}
