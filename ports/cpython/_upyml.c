// The engine for CPython: the same names as ports/module/mod_upyml.c has on a board.
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "../engine/upyml.h"
#include "scratch_size.h"

// Views of buffers are let go at once where only their bytes matter for one call; an Engine keeps its two.
static int get_bytes(PyObject *object, Py_buffer *view, int writable) {
    int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0);
    if (PyObject_GetBuffer(object, view, flags) < 0) {
        return -1;
    }
    if (view->len > (Py_ssize_t)UINT32_MAX) {
        PyBuffer_Release(view);
        PyErr_SetString(PyExc_ValueError, "a buffer of 4 GiB or more is not a model or an arena");
        return -1;
    }
    return 0;
}

static PyObject *check(PyObject *module, PyObject *model) {
    (void)module;
    Py_buffer view;
    if (get_bytes(model, &view, 0) < 0) {
        return NULL;
    }
    int32_t answer = upyml_check(view.buf, (uint32_t)view.len, 1);
    PyBuffer_Release(&view);
    return PyLong_FromLong(answer);
}

static PyObject *cast(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *buffer;
    const char *typecode;
    if (!PyArg_ParseTuple(args, "Os:cast", &buffer, &typecode)) {
        return NULL;
    }
    PyObject *view = PyMemoryView_FromObject(buffer);
    PyObject *bytes = view ? PyObject_CallMethod(view, "cast", "s", "B") : NULL;
    PyObject *out = bytes ? PyObject_CallMethod(bytes, "cast", "s", typecode) : NULL;
    Py_XDECREF(view);
    Py_XDECREF(bytes);
    return out;
}

typedef struct {
    PyObject_HEAD
    Py_buffer model, arena;
    Py_buffer callers[UPYML_MAX_CALLERS];  // of inputs that lie with the caller
    int running;  // runs that have not ended: one in the hook of another
} Engine;

static int engine_init(PyObject *object, PyObject *args, PyObject *kwargs) {
    Engine *self = (Engine *)object;
    PyObject *model, *arena;
    static char *names[] = {"model", "arena", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO:Engine", names, &model, &arena)) {
        return -1;
    }
    if (self->model.obj || self->arena.obj) {
        PyErr_SetString(PyExc_RuntimeError, "an Engine keeps the model it was made with");
        return -1;
    }
    if (get_bytes(model, &self->model, 0) < 0) {
        return -1;
    }
    if (get_bytes(arena, &self->arena, 1) < 0) {
        PyBuffer_Release(&self->model);
        return -1;
    }
    if ((uintptr_t)self->arena.buf % 4) {
        PyBuffer_Release(&self->model);
        PyBuffer_Release(&self->arena);
        PyErr_SetString(PyExc_ValueError, "the arena must start on a multiple of 4 bytes");
        return -1;
    }
    int32_t answer = upyml_check(self->model.buf, (uint32_t)self->model.len, 0);
    if (answer >= 0 && self->arena.len < answer) {
        answer = UPYML_FAILED(UPYML_ERROR_ARENA, 0);
    }
    if (answer < 0) {
        PyBuffer_Release(&self->model);
        PyBuffer_Release(&self->arena);
        PyObject *code = PyLong_FromLong(answer);
        if (code) {
            PyErr_SetObject(PyExc_ValueError, code);
            Py_DECREF(code);
        }
        return -1;
    }
    return 0;
}

static void engine_dealloc(PyObject *object) {
    Engine *self = (Engine *)object;
    if (self->model.obj) {
        PyBuffer_Release(&self->model);
    }
    if (self->arena.obj) {
        PyBuffer_Release(&self->arena);
    }
    for (int i = 0; i < UPYML_MAX_CALLERS; i++) {
        if (self->callers[i].obj) {
            PyBuffer_Release(&self->callers[i]);
        }
    }
    Py_TYPE(object)->tp_free(object);
}

static int call_hook(void *context, uint32_t op) {
    PyObject *result = PyObject_CallFunction(context, "I", (unsigned)op);
    Py_XDECREF(result);
    return result ? 0 : -1;
}

static PyObject *engine_run(PyObject *object, PyObject *args) {
    Engine *self = (Engine *)object;
    PyObject *hook = Py_None;
    if (!PyArg_ParseTuple(args, "|O:run", &hook)) {
        return NULL;
    }
    if (!self->model.obj) {
        PyErr_SetString(PyExc_ValueError, "the Engine has no model");
        return NULL;
    }
    const uint8_t *callers[UPYML_MAX_CALLERS];
    for (uint32_t i = 0; i < UPYML_MAX_CALLERS; i++) {
        callers[i] = self->callers[i].buf;
        if (upyml_caller_size(self->model.buf, i) != (self->callers[i].obj ? (size_t)self->callers[i].len : 0)) {
            PyErr_SetString(PyExc_ValueError, "an input has no buffer, or one of another size: bind one");
            return NULL;
        }
    }
    uint32_t size = self->arena.len < (Py_ssize_t)UINT32_MAX ? (uint32_t)self->arena.len : UINT32_MAX;
    self->running++;
    int stop = upyml_run(self->model.buf, self->arena.buf, size, NULL, callers, hook == Py_None ? NULL : call_hook, hook);
    self->running--;
    if (stop) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *engine_bind(PyObject *object, PyObject *args) {
    Engine *self = (Engine *)object;
    unsigned number;
    PyObject *buffer;
    if (!PyArg_ParseTuple(args, "IO:bind", &number, &buffer)) {
        return NULL;
    }
    if (number >= UPYML_MAX_CALLERS) {
        PyErr_SetString(PyExc_ValueError, "there is no such input");
        return NULL;
    }
    if (self->running) {
        PyErr_SetString(PyExc_ValueError, "the model is running: its inputs stay where they are");
        return NULL;
    }
    Py_buffer view = {0};
    if (buffer != Py_None && get_bytes(buffer, &view, 0) < 0) {
        return NULL;
    }
    if (self->callers[number].obj) {
        PyBuffer_Release(&self->callers[number]);
    }
    self->callers[number] = view;
    Py_RETURN_NONE;
}

// Runs one of the two conversions on (number, source, destination).
static PyObject *convert(Engine *self, PyObject *args, const char *format, int output) {
    unsigned number;
    PyObject *source, *destination;
    if (!PyArg_ParseTuple(args, format, &number, &source, &destination)) {
        return NULL;
    }
    uint32_t width = 0;
    uint32_t count = !self->model.obj ? 0 : output ? upyml_output_size(self->model.buf, number, &width)
                                                   : upyml_input_size(self->model.buf, number, &width);
    Py_buffer from, to;
    if (get_bytes(source, &from, 0) < 0) {
        return NULL;
    }
    if (get_bytes(destination, &to, 1) < 0) {
        PyBuffer_Release(&from);
        return NULL;
    }
    Py_ssize_t raw = (Py_ssize_t)count * width, floats = (Py_ssize_t)count * 4;
    int fits = count > 0 && from.len == (output ? raw : floats) && to.len == (output ? floats : raw);
    if (!fits) {
        PyErr_Format(PyExc_ValueError, "expected %zd bytes of floats and %zd of raw values, received %zd and %zd",
            floats, raw, output ? to.len : from.len, output ? from.len : to.len);
    } else if (output) {
        upyml_dequantize_output(self->model.buf, number, from.buf, to.buf);
    } else {
        upyml_quantize_input(self->model.buf, number, from.buf, to.buf);
    }
    PyBuffer_Release(&from);
    PyBuffer_Release(&to);
    if (!fits) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *engine_quantize(PyObject *object, PyObject *args) {
    return convert((Engine *)object, args, "IOO:quantize", 0);
}

static PyObject *engine_dequantize(PyObject *object, PyObject *args) {
    return convert((Engine *)object, args, "IOO:dequantize", 1);
}

static PyMethodDef engine_methods[] = {
    {"run", engine_run, METH_VARARGS, "Run all ops; hook(number) is called after each."},
    {"quantize", engine_quantize, METH_VARARGS, "quantize(i, floats, raw): float32 to the number type of input i."},
    {"dequantize", engine_dequantize, METH_VARARGS, "dequantize(i, raw, floats): output i's number type to float32."},
    {"bind", engine_bind, METH_VARARGS, "bind(i, buffer): where input i lies, which is not in the arena; None: nowhere."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject engine_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "_upyml.Engine",
    .tp_basicsize = sizeof(Engine),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "Engine(model, arena): a checked model, ready to run in a writable buffer of at least check(model) bytes.",
    .tp_new = PyType_GenericNew,
    .tp_init = engine_init,
    .tp_dealloc = engine_dealloc,
    .tp_methods = engine_methods,
};

#include "signal_functions.h"

static PyMethodDef functions[] = {
    {"check", check, METH_O, "Bytes of arena a model needs, or a negative error code."},
    {"cast", cast, METH_VARARGS, "cast(buffer, typecode): the same memory with another type code."},
    {"rfft", signal_rfft, METH_VARARGS, "rfft(x, out, twiddles): points + 2 numbers for at most `points` samples."},
    {"power", signal_power, METH_VARARGS, "power(z, out): an int32 for each pair of int16."},
    {"magnitude", signal_magnitude, METH_VARARGS, "magnitude(z, out): an int16 for each pair of int16."},
    {"weigh", signal_weigh, METH_VARARGS, "weigh(x, factors, out): x times factors in Q15."},
    {"biquad", signal_biquad, METH_VARARGS, "biquad(samples, factors, state): a cascade of sections, in place."},
    {"fir", signal_fir, METH_VARARGS, "fir(x, out, coefficients, state, up, down, channels): a finite filter."},
    {"statistics", signal_statistics, METH_VARARGS, "statistics(x, out): all of them, as int32."},
    {"_scratch_size", upyml_kernels_scratch, METH_VARARGS, "For the planner: of a kernel for Cortex-M0+."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_upyml", "The upyml engine in C.", -1, functions,
                                        NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__upyml(void) {
    if (PyType_Ready(&engine_type) < 0) {
        return NULL;
    }
    PyObject *module = PyModule_Create(&definition);
    if (!module) {
        return NULL;
    }
    Py_INCREF(&engine_type);
    if (PyModule_AddObject(module, "Engine", (PyObject *)&engine_type) < 0
        || PyModule_AddStringConstant(module, "VERSION", UPYML_VERSION) < 0) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
