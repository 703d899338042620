// The engine for MicroPython: one file for a user C module in the firmware and for a native module (.mpy).
// ports/cpython/_upyml.c has the same names for CPython, upyml/_reference for where no C runs.

#ifndef MICROPY_ENABLE_DYNRUNTIME
#define MICROPY_ENABLE_DYNRUNTIME (0)  // CircuitPython takes what is not defined for an error, and defines this alike
#endif

#if MICROPY_ENABLE_DYNRUNTIME
#include "py/dynruntime.h"
#else
#include "py/obj.h"
#include "py/objstr.h"
#include "py/runtime.h"
#endif

#include "upyml.h"

// A port whose arena may lie in slow memory has other memory for the kernels, by its port_scratch.h.
#ifdef UPYML_PORT_SCRATCH
#include "port_scratch.h"
#endif

#if MICROPY_ENABLE_DYNRUNTIME
mp_obj_full_type_t upyml_engine_type, upyml_cast_type;
#define ENGINE_TYPE ((const mp_obj_type_t *)&upyml_engine_type)
#define CAST_TYPE ((const mp_obj_type_t *)&upyml_cast_type)
#else
extern const mp_obj_type_t upyml_engine_type, upyml_cast_type;
#define ENGINE_TYPE (&upyml_engine_type)
#define CAST_TYPE (&upyml_cast_type)
#endif

// check(model): bytes of arena a model needs, or a negative error code.
static mp_obj_t upyml_module_check(mp_obj_t model) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(model, &info, MP_BUFFER_READ);
    return mp_obj_new_int(upyml_check(info.buf, info.len, 1));
}
static MP_DEFINE_CONST_FUN_OBJ_1(upyml_module_check_obj, upyml_module_check);

// What memoryview() is given for a buffer whose type code is to change.
typedef struct {
    mp_obj_base_t base;
    mp_obj_t buffer;
    int typecode;
} upyml_cast_obj_t;

static mp_int_t upyml_cast_get_buffer(mp_obj_t self_in, mp_buffer_info_t *info, mp_uint_t flags) {
    upyml_cast_obj_t *self = MP_OBJ_TO_PTR(self_in);
    mp_get_buffer_raise(self->buffer, info, flags);
    info->typecode = self->typecode;
    return 0;
}

// cast(buffer, typecode): the same memory as a memoryview with another type code. The buffer is a whole one: of a part of
// another one's memory the garbage collector would not see that it is in use.
static mp_obj_t upyml_module_cast(mp_obj_t buffer, mp_obj_t typecode) {
    if (MP_OBJ_FROM_PTR(mp_obj_get_type(buffer)) == mp_load_global(MP_QSTR_memoryview)) {
        mp_raise_TypeError(MP_ERROR_TEXT("cast takes a whole buffer, not a memoryview: slice what it answers"));
    }
    mp_buffer_info_t code;
    mp_get_buffer_raise(typecode, &code, MP_BUFFER_READ);
    upyml_cast_obj_t *self = mp_obj_malloc(upyml_cast_obj_t, CAST_TYPE);
    self->buffer = buffer;
    self->typecode = code.len == 1 ? *(const char *)code.buf : 0;
    if (self->typecode != 'b' && self->typecode != 'B' && self->typecode != 'h' && self->typecode != 'i'
        && self->typecode != 'f') {
        mp_raise_ValueError(MP_ERROR_TEXT("typecode must be one of b, B, h, i, f"));
    }
    mp_obj_t args[1] = {MP_OBJ_FROM_PTR(self)};
    return mp_call_function_n_kw(mp_load_global(MP_QSTR_memoryview), 1, 0, args);
}
static MP_DEFINE_CONST_FUN_OBJ_2(upyml_module_cast_obj, upyml_module_cast);

// Engine(model, arena): a checked model, ready to run.
typedef struct {
    mp_obj_base_t base;
    mp_obj_t model, arena;
    mp_obj_t callers[UPYML_MAX_CALLERS];  // buffers of inputs that lie with the caller
    const uint8_t *file;
    size_t file_size, arena_size;
    #ifdef UPYML_PORT_SCRATCH
    upyml_scratch scratch;  // bytes NULL: in the arena
    #endif
} upyml_engine_obj_t;

static mp_obj_t upyml_engine_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 2, 2, false);
    mp_buffer_info_t model, arena;
    mp_get_buffer_raise(args[0], &model, MP_BUFFER_READ);
    mp_get_buffer_raise(args[1], &arena, MP_BUFFER_RW);
    if ((uintptr_t)arena.buf % 4) {
        mp_raise_ValueError(MP_ERROR_TEXT("the arena must start on a multiple of 4 bytes"));
    }
    int32_t answer = upyml_check(model.buf, model.len, 0);
    if (answer >= 0 && arena.len < (size_t)answer) {
        answer = UPYML_FAILED(UPYML_ERROR_ARENA, 0);
    }
    if (answer < 0) {
        nlr_raise(mp_obj_new_exception_arg1(&mp_type_ValueError, mp_obj_new_int(answer)));
    }
    #ifdef UPYML_PORT_SCRATCH
    upyml_engine_obj_t *self = mp_obj_malloc_with_finaliser(upyml_engine_obj_t, type);
    self->scratch = upyml_port_scratch(arena.buf, upyml_scratch_size(model.buf));
    #else
    upyml_engine_obj_t *self = mp_obj_malloc(upyml_engine_obj_t, type);
    #endif
    self->model = args[0];
    self->arena = args[1];
    for (size_t i = 0; i < UPYML_MAX_CALLERS; i++) {
        self->callers[i] = mp_const_none;
    }
    self->file = model.buf;
    self->file_size = model.len;
    self->arena_size = arena.len;
    return MP_OBJ_FROM_PTR(self);
}

// Both buffers belong to Python, which may have moved or shortened them since: only the model that was checked and an
// arena that is large enough are used.
static uint8_t *upyml_engine_arena(upyml_engine_obj_t *self) {
    mp_buffer_info_t model, arena;
    mp_get_buffer_raise(self->model, &model, MP_BUFFER_READ);
    mp_get_buffer_raise(self->arena, &arena, MP_BUFFER_RW);
    if (model.buf != self->file || model.len != self->file_size || arena.len < self->arena_size) {
        mp_raise_ValueError(MP_ERROR_TEXT("the model's or the arena's buffer has changed: load the model again"));
    }
    return arena.buf;
}

// What is called after each op, and the scratch of the run: if the hook has called __del__, that is gone, and the run has
// to end.
typedef struct {
    mp_obj_t function;
    const upyml_scratch *scratch;  // NULL: in the arena
} upyml_hook_context;

static int upyml_call_hook(void *context, uint32_t op) {
    upyml_hook_context *hook = context;
    mp_obj_t args[1] = {MP_OBJ_NEW_SMALL_INT(op)};
    mp_call_function_n_kw(hook->function, 1, 0, args);
    return hook->scratch && !hook->scratch->bytes;
}

// run(hook=None): all ops; allocates nothing.
static mp_obj_t upyml_engine_run(size_t n_args, const mp_obj_t *args) {
    upyml_engine_obj_t *self = MP_OBJ_TO_PTR(args[0]);
    uint8_t *arena = upyml_engine_arena(self);
    const uint8_t *callers[UPYML_MAX_CALLERS];
    for (size_t i = 0; i < UPYML_MAX_CALLERS; i++) {
        uint32_t size = upyml_caller_size(self->file, i);
        if (size) {
            mp_buffer_info_t info = {.len = 0};
            if (self->callers[i] != mp_const_none) {
                mp_get_buffer_raise(self->callers[i], &info, MP_BUFFER_READ);
            }
            if (info.len != size) {
                mp_raise_ValueError(MP_ERROR_TEXT("an input has no buffer, or one of another size: bind one"));
            }
            callers[i] = info.buf;
        }
    }
    const upyml_scratch *scratch = NULL;
    #ifdef UPYML_PORT_SCRATCH
    scratch = self->scratch.bytes ? &self->scratch : NULL;
    #endif
    int hooked = n_args > 1 && args[1] != mp_const_none;
    upyml_hook_context hook = {hooked ? args[1] : mp_const_none, scratch};
    if (upyml_run(self->file, arena, self->arena_size, scratch, callers, hooked ? upyml_call_hook : NULL, &hook)) {
        mp_raise_ValueError(MP_ERROR_TEXT("the model was released while it ran"));
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(upyml_engine_run_obj, 1, 2, upyml_engine_run);

// bind(i, buffer): where input i lies, which is not in the arena; None: nowhere.
static mp_obj_t upyml_engine_bind(mp_obj_t self_in, mp_obj_t place, mp_obj_t buffer) {
    upyml_engine_obj_t *self = MP_OBJ_TO_PTR(self_in);
    mp_int_t number = mp_obj_get_int(place);
    if (number < 0 || number >= UPYML_MAX_CALLERS) {
        mp_raise_ValueError(MP_ERROR_TEXT("there is no such input"));
    }
    self->callers[number] = buffer;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(upyml_engine_bind_obj, upyml_engine_bind);

static mp_obj_t upyml_engine_convert(const mp_obj_t *args, int output) {
    upyml_engine_obj_t *self = MP_OBJ_TO_PTR(args[0]);
    upyml_engine_arena(self);
    mp_int_t number = mp_obj_get_int(args[1]);  // unsigned in a native module without this
    mp_buffer_info_t from, to;
    mp_get_buffer_raise(args[2], &from, MP_BUFFER_READ);
    mp_get_buffer_raise(args[3], &to, MP_BUFFER_WRITE);
    uint32_t width = 0;
    uint32_t count = number < 0 ? 0 : output ? upyml_output_size(self->file, number, &width)
                                             : upyml_input_size(self->file, number, &width);
    size_t raw = (size_t)count * width, floats = (size_t)count * 4;
    if (count == 0 || from.len != (output ? raw : floats) || to.len != (output ? floats : raw)) {
        mp_raise_ValueError(MP_ERROR_TEXT("the buffers' lengths are not those of the model's input or output"));
    }
    if (output) {
        upyml_dequantize_output(self->file, number, from.buf, to.buf);
    } else {
        upyml_quantize_input(self->file, number, from.buf, to.buf);
    }
    return mp_const_none;
}

// quantize(i, floats, raw): float32 values to the number type of input i.
static mp_obj_t upyml_engine_quantize(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    return upyml_engine_convert(args, 0);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(upyml_engine_quantize_obj, 4, 4, upyml_engine_quantize);

// dequantize(i, raw, floats): output i's number type to float32 values.
static mp_obj_t upyml_engine_dequantize(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    return upyml_engine_convert(args, 1);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(upyml_engine_dequantize_obj, 4, 4, upyml_engine_dequantize);

#ifdef UPYML_PORT_SCRATCH
static mp_obj_t upyml_engine_del(mp_obj_t self_in) {
    upyml_engine_obj_t *self = MP_OBJ_TO_PTR(self_in);
    upyml_port_release(self->scratch.bytes);
    self->scratch.bytes = NULL;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(upyml_engine_del_obj, upyml_engine_del);
#endif

#ifndef UPYML_WITHOUT_SIGNAL
#include "mod_signal.h"
#endif

#if MICROPY_ENABLE_DYNRUNTIME

mp_map_elem_t upyml_engine_table[4];
static MP_DEFINE_CONST_DICT(upyml_engine_dict, upyml_engine_table);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    upyml_cast_type.base.type = mp_fun_table.type_type;
    upyml_cast_type.name = MP_QSTR_cast;
    MP_OBJ_TYPE_SET_SLOT(&upyml_cast_type, buffer, upyml_cast_get_buffer, 0);

    upyml_engine_type.base.type = mp_fun_table.type_type;
    upyml_engine_type.name = MP_QSTR_Engine;
    upyml_engine_table[0] = (mp_map_elem_t){MP_OBJ_NEW_QSTR(MP_QSTR_run), MP_OBJ_FROM_PTR(&upyml_engine_run_obj)};
    upyml_engine_table[1] = (mp_map_elem_t){MP_OBJ_NEW_QSTR(MP_QSTR_quantize),
                                            MP_OBJ_FROM_PTR(&upyml_engine_quantize_obj)};
    upyml_engine_table[2] = (mp_map_elem_t){MP_OBJ_NEW_QSTR(MP_QSTR_dequantize),
                                            MP_OBJ_FROM_PTR(&upyml_engine_dequantize_obj)};
    upyml_engine_table[3] = (mp_map_elem_t){MP_OBJ_NEW_QSTR(MP_QSTR_bind), MP_OBJ_FROM_PTR(&upyml_engine_bind_obj)};
    MP_OBJ_TYPE_SET_SLOT(&upyml_engine_type, make_new, upyml_engine_make_new, 0);
    MP_OBJ_TYPE_SET_SLOT(&upyml_engine_type, locals_dict, (void *)&upyml_engine_dict, 1);

    mp_store_global(MP_QSTR_VERSION, mp_obj_new_str(UPYML_VERSION, sizeof(UPYML_VERSION) - 1));
    mp_store_global(MP_QSTR_check, MP_OBJ_FROM_PTR(&upyml_module_check_obj));
    mp_store_global(MP_QSTR_cast, MP_OBJ_FROM_PTR(&upyml_module_cast_obj));
    mp_store_global(MP_QSTR_Engine, MP_OBJ_FROM_PTR(&upyml_engine_type));
    #ifndef UPYML_WITHOUT_SIGNAL
    mp_store_global(MP_QSTR_rfft, MP_OBJ_FROM_PTR(&upyml_signal_rfft_obj));
    mp_store_global(MP_QSTR_power, MP_OBJ_FROM_PTR(&upyml_signal_power_obj));
    mp_store_global(MP_QSTR_magnitude, MP_OBJ_FROM_PTR(&upyml_signal_magnitude_obj));
    mp_store_global(MP_QSTR_weigh, MP_OBJ_FROM_PTR(&upyml_signal_weigh_obj));
    mp_store_global(MP_QSTR_biquad, MP_OBJ_FROM_PTR(&upyml_signal_biquad_obj));
    mp_store_global(MP_QSTR_fir, MP_OBJ_FROM_PTR(&upyml_signal_fir_obj));
    mp_store_global(MP_QSTR_statistics, MP_OBJ_FROM_PTR(&upyml_signal_statistics_obj));
    #endif

    MP_DYNRUNTIME_INIT_EXIT
}

#else

MP_DEFINE_CONST_OBJ_TYPE(upyml_cast_type, MP_QSTR_cast, MP_TYPE_FLAG_NONE, buffer, upyml_cast_get_buffer);

static const mp_rom_map_elem_t upyml_engine_table[] = {
    #ifdef UPYML_PORT_SCRATCH
    {MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&upyml_engine_del_obj)},
    #endif
    {MP_ROM_QSTR(MP_QSTR_run), MP_ROM_PTR(&upyml_engine_run_obj)},
    {MP_ROM_QSTR(MP_QSTR_quantize), MP_ROM_PTR(&upyml_engine_quantize_obj)},
    {MP_ROM_QSTR(MP_QSTR_dequantize), MP_ROM_PTR(&upyml_engine_dequantize_obj)},
    {MP_ROM_QSTR(MP_QSTR_bind), MP_ROM_PTR(&upyml_engine_bind_obj)},
};
static MP_DEFINE_CONST_DICT(upyml_engine_dict, upyml_engine_table);

MP_DEFINE_CONST_OBJ_TYPE(upyml_engine_type, MP_QSTR_Engine, MP_TYPE_FLAG_NONE, make_new, upyml_engine_make_new,
    locals_dict, &upyml_engine_dict);

static MP_DEFINE_STR_OBJ(upyml_version_obj, UPYML_VERSION);

static const mp_rom_map_elem_t upyml_globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__upyml)},
    {MP_ROM_QSTR(MP_QSTR_VERSION), MP_ROM_PTR(&upyml_version_obj)},
    {MP_ROM_QSTR(MP_QSTR_check), MP_ROM_PTR(&upyml_module_check_obj)},
    {MP_ROM_QSTR(MP_QSTR_cast), MP_ROM_PTR(&upyml_module_cast_obj)},
    {MP_ROM_QSTR(MP_QSTR_Engine), MP_ROM_PTR(&upyml_engine_type)},
    #ifndef UPYML_WITHOUT_SIGNAL
    {MP_ROM_QSTR(MP_QSTR_rfft), MP_ROM_PTR(&upyml_signal_rfft_obj)},
    {MP_ROM_QSTR(MP_QSTR_power), MP_ROM_PTR(&upyml_signal_power_obj)},
    {MP_ROM_QSTR(MP_QSTR_magnitude), MP_ROM_PTR(&upyml_signal_magnitude_obj)},
    {MP_ROM_QSTR(MP_QSTR_weigh), MP_ROM_PTR(&upyml_signal_weigh_obj)},
    {MP_ROM_QSTR(MP_QSTR_biquad), MP_ROM_PTR(&upyml_signal_biquad_obj)},
    {MP_ROM_QSTR(MP_QSTR_fir), MP_ROM_PTR(&upyml_signal_fir_obj)},
    {MP_ROM_QSTR(MP_QSTR_statistics), MP_ROM_PTR(&upyml_signal_statistics_obj)},
    #endif
};
static MP_DEFINE_CONST_DICT(upyml_globals, upyml_globals_table);

const mp_obj_module_t upyml_user_cmodule = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&upyml_globals,
};

MP_REGISTER_MODULE(MP_QSTR__upyml, upyml_user_cmodule);

#endif
