// Runs one Python script: firmware.elf [-heap BYTES] [-romfs FILE] SCRIPT|- [ARGUMENTS...]
// The script is a file of the host, or comes from stdin; the image is mounted at /rom. Status 1: the script raised, and
// its traceback is on stderr; 2: this program could not be started as it was asked to.

#include <string.h>

#include "extmod/vfs.h"
#include "py/builtin.h"
#include "py/compile.h"
#include "py/gc.h"
#include "py/mperrno.h"
#include "py/mphal.h"
#include "py/objarray.h"
#include "py/runtime.h"
#include "py/stackctrl.h"

#include "mulsh.h"

#define DEFAULT_HEAP (128 * 1024)
#define STACK (16 * 1024 - 1024) // what ports/esp32 gives its main task, less its margin

static char *stack_top;
static mp_obj_array_t romfs;

static void stderr_strn(void *env, const char *text, size_t size) {
    (void)env;
    host_call(HOST_WRITE, 2, text, size);
}
static const mp_print_t stderr_print = {NULL, stderr_strn};

static NORETURN void leave(int status) {
    for (;;) {
        host_call(HOST_EXIT_GROUP, status);
    }
}

static NORETURN void stop(const char *problem, const char *name) {
    mp_printf(&stderr_print, "%s: %s\n", problem, name);
    leave(2);
}

// Memory from the system, that code can run in.
static char *memory(size_t size) {
    int address = host_call(HOST_MMAP2, 0, size, 1 | 2 | 4 /* read, write, execute */, 2 | 0x800 /* private */, -1, 0);
    return address < 0 && address > -4096 ? NULL : (char *)address;
}

static size_t number(const char *text) {
    size_t value = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        value = 10 * value + (*text - '0');
    }
    return value;
}

// A whole file of the host, or of stdin.
static char *read_file(const char *name, size_t *size) {
    int file = strcmp(name, "-") ? host_call(HOST_OPEN, name, 0, 0) : 0;
    size_t room = 0;
    char *text = NULL;
    *size = 0;
    for (int got = 1; file >= 0 && got; *size += got) {
        if (*size == room) {
            room = room ? 2 * room : 1 << 20;
            char *wider = memory(room);
            if (!wider) {
                break;
            }
            memcpy(wider, text, *size);
            text = wider;
        }
        got = host_call(HOST_READ, file, text + *size, room - *size);
        if (got < 0) {
            file = got;
            break;
        }
    }
    if (file < 0) {
        stop("this file cannot be read", name);
    }
    return text;
}

static int run_script(const char *name, const char *text, size_t size) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        mp_lexer_t *lexer = mp_lexer_new_from_str_len(qstr_from_str(name), text, size, 0);
        qstr source_name = lexer->source_name;
        mp_parse_tree_t tree = mp_parse(lexer, MP_PARSE_FILE_INPUT);
        mp_call_function_0(mp_compile(&tree, source_name, false));
        nlr_pop();
        return 0;
    }
    mp_obj_base_t *exception = nlr.ret_val;
    if (mp_obj_is_subclass_fast(MP_OBJ_FROM_PTR(exception->type), MP_OBJ_FROM_PTR(&mp_type_SystemExit))) {
        mp_obj_t value = mp_obj_exception_get_value(MP_OBJ_FROM_PTR(exception));
        return value == mp_const_none ? 0 : mp_obj_is_small_int(value) ? MP_OBJ_SMALL_INT_VALUE(value) & 255 : 1;
    }
    mp_obj_print_exception(&stderr_print, MP_OBJ_FROM_PTR(exception));
    return 1;
}

void host_signal(int signal, host_context_t *context) {
    if (!host_mulsh(context)) {
        host_action_t none = {0};
        host_call(HOST_SIGACTION, signal, &none, NULL, sizeof none.mask); // it stops there again, and for good
    }
}

// Called by windows.S with what Linux leaves on the stack.
void host_start(int *stack) {
    stack_top = (char *)stack;
    host_action_t on = {host_on_signal, HOST_SIGNAL_WITH_CONTEXT, NULL, {0, 0}};
    host_call(HOST_SIGACTION, HOST_SIGNAL_ILLEGAL, &on, NULL, sizeof on.mask);
    int argc = stack[0];
    char **argv = (char **)&stack[1];
    size_t heap_size = DEFAULT_HEAP, script_size, romfs_size = 0;
    int at = 1;
    for (; at + 1 < argc && argv[at][0] == '-' && argv[at][1]; at += 2) {
        if (!strcmp(argv[at], "-heap")) {
            heap_size = number(argv[at + 1]);
        } else if (!strcmp(argv[at], "-romfs")) {
            romfs.items = read_file(argv[at + 1], &romfs_size);
        } else {
            stop("an option that is not known", argv[at]);
        }
    }
    if (at >= argc) {
        stop("usage", "firmware.elf [-heap BYTES] [-romfs FILE] SCRIPT|- [ARGUMENTS...]");
    }
    char *script = read_file(argv[at], &script_size), *heap = memory(heap_size);
    if (heap_size < 4096 || !heap) {
        stop("a heap of this size cannot be", "-heap");
    }

    mp_stack_set_top(stack);
    mp_stack_set_limit(STACK);
    gc_init(heap, heap + heap_size);
    romfs.base.type = &mp_type_memoryview;
    romfs.typecode = 'B';
    romfs.len = romfs_size;
    mp_init(); // mounts the image
    for (int i = at; i < argc; i++) {
        mp_obj_list_append(mp_sys_argv, mp_obj_new_str_from_cstr(argv[i]));
    }
    int status = run_script(argv[at], script, script_size);
    mp_deinit();
    leave(status);
}

// Roots are in the callers' registers, which the processor writes to the stack only when it runs out of them.
void gc_collect(void) {
    spill_windows();
    char *bottom;
    __asm__ volatile ("mov %0, a1" : "=r" (bottom));
    bottom -= 16; // where a0..a3 of this function's caller are
    gc_collect_start();
    gc_collect_root((void **)bottom, (stack_top - bottom) / sizeof(void *));
    gc_collect_end();
}

mp_obj_t mp_vfs_rom_ioctl(size_t n_args, const mp_obj_t *args) {
    switch (mp_obj_get_int(args[0])) {
        case MP_VFS_ROM_IOCTL_GET_NUMBER_OF_SEGMENTS:
            return MP_OBJ_NEW_SMALL_INT(romfs.len ? 1 : 0);
        case MP_VFS_ROM_IOCTL_GET_SEGMENT:
            return romfs.len ? MP_OBJ_FROM_PTR(&romfs) : MP_OBJ_NEW_SMALL_INT(-MP_EINVAL);
        default:
            return MP_OBJ_NEW_SMALL_INT(-MP_EINVAL); // it cannot be written
    }
}

void nlr_jump_fail(void *value) {
    (void)value;
    stop("an exception that nothing catches", "nlr");
}
