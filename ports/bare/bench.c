// Runs one model on a bare processor, without MicroPython, in an emulator that counts: how long each op takes, how long a
// run takes, and whether the outputs are right. ports/bare/README.md says who puts what where.
#include <string.h>

#include "machine.h"
#include "upyml.h"

typedef struct {
    uint8_t *to;
    const uint8_t *from;
    uint32_t size;
} piece;

// What is to be done: written by whoever loads the program. host_tools/emulators/bare.py has the same fields.
typedef struct {
    const uint8_t *model;
    uint32_t model_size;
    uint8_t *arena;
    uint32_t arena_size, arena_room;  // the size the model was planned for; bytes there are
    uint32_t runs;
    const piece *inputs;  // copied to where they belong before each run
    uint32_t input_count;
    const piece *outputs;  // `from` and `size` of each: what a run leaves there
    uint32_t output_count;
    const uint8_t *callers[UPYML_MAX_CALLERS];
} task;

extern const task parameters;
__attribute__((section(".parameters"), used)) const task parameters;

static void stop(const char *why) {
    machine_print(why);
    machine_exit(1);
}

static void tell(const char *name, uint32_t number) {
    machine_print(name);
    machine_print_number(number);
    machine_print("\n");
}

// "op 12": the name of the op that runs.
static char op_name[16];

static void name_op(uint32_t op) {
    char digits[10], *at = op_name + 3;
    int count = 0;
    memcpy(op_name, "op ", 3);
    do {
        digits[count++] = (char)('0' + op % 10);
        op /= 10;
    } while (op);
    while (count) {
        *at++ = digits[--count];
    }
    *at = 0;
}

static int after_op(void *context, uint32_t op) {
    (void)context;
    machine_end(op_name);
    name_op(op + 1);
    machine_begin();
    return 0;
}

static uint32_t crc32(const uint8_t *bytes, uint32_t size) {
    uint32_t crc = 0xffffffffu;
    for (uint32_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
        }
    }
    return ~crc;
}

static void run(const task *t, uint32_t arena_size, upyml_hook hook) {
    memset(t->arena, 0, arena_size);
    for (uint32_t i = 0; i < t->input_count; i++) {
        memcpy(t->inputs[i].to, t->inputs[i].from, t->inputs[i].size);
    }
    name_op(0);
    machine_begin();
    upyml_run(t->model, t->arena, arena_size, NULL, t->callers, hook, NULL);
    machine_end(hook ? "rest" : "run");
    for (uint32_t i = 0; i < t->output_count; i++) {
        tell("crc ", crc32(t->outputs[i].from, t->outputs[i].size));
    }
}

void bench(void) {
    const task *t = &parameters;
    __asm volatile("" : "+r"(t));  // the compiler knows only that there are zeros
    machine_begin();
    int32_t least = upyml_check(t->model, t->model_size, 1);
    machine_end("check");
    if (least < 0) {
        tell("error ", (uint32_t)least);
        stop("");
    }
    uint32_t size = (uint32_t)least;
    if (t->arena_size > size && t->arena_size <= t->arena_room) {
        size = t->arena_size;
    }
    size = (size + 3) & ~3u;
    tell("arena ", size);
    if (size > t->arena_room) {
        stop("no room\n");
    }
    for (uint32_t i = 0; i < t->runs; i++) {
        run(t, size, after_op);
        run(t, size, NULL);
    }
    machine_exit(0);
}
