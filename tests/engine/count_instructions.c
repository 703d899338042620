// A plugin for QEMU 7.2: counts the guest's instructions between its functions layer_begin and layer_end, but for those of
// functions whose names start with rig_ or host_, or are not known (the return from a signal), and says so line by line on stderr: the count, then the functions with more than
// 1 % of it. Without these two functions it counts all, to the end.
//
//     qemu-xtensa -plugin count_instructions.so -singlestep program
#include <qemu-plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

enum { MOST = 8192, NAME = 64 };

typedef struct {
    char name[NAME];
    uint64_t count, before;
} function;

static function *functions[MOST];
static int known, spans;

static function *find(const char *name) {
    name = name ? name : "?";
    for (int i = 0; i < known; i++) {
        if (strncmp(functions[i]->name, name, NAME - 1) == 0) {
            return functions[i];
        }
    }
    if (known == MOST) {
        fprintf(stderr, "more than %d functions\n", MOST);
        exit(1);
    }
    function *made = calloc(1, sizeof *made);
    strncpy(made->name, name, NAME - 1);
    functions[known++] = made;
    return made;
}

static int counts(const function *f) {
    return strcmp(f->name, "?") != 0 && strncmp(f->name, "rig_", 4) != 0 && strncmp(f->name, "host_", 5) != 0 && strncmp(f->name, "layer_", 6) != 0;
}

static int more(const void *a, const void *b) {
    const function *x = *(function *const *)a, *y = *(function *const *)b;
    uint64_t of_x = x->count - x->before, of_y = y->count - y->before;
    return of_x < of_y ? 1 : of_x > of_y ? -1 : 0;
}

static void begin(unsigned cpu, void *data) {
    (void)cpu;
    (void)data;
    for (int i = 0; i < known; i++) {
        functions[i]->before = functions[i]->count;
    }
}

static void end(unsigned cpu, void *data) {
    (void)cpu;
    (void)data;
    uint64_t total = 0;
    spans++;
    static function *sorted[MOST];
    memcpy(sorted, functions, sizeof(function *) * (size_t)known);
    qsort(sorted, (size_t)known, sizeof(function *), more);
    for (int i = 0; i < known; i++) {
        total += counts(functions[i]) ? functions[i]->count - functions[i]->before : 0;
    }
    fprintf(stderr, "%llu", (unsigned long long)total);
    for (int i = 0; i < known; i++) {
        uint64_t own = sorted[i]->count - sorted[i]->before;
        if (counts(sorted[i]) && own * 100 > total) {
            fprintf(stderr, " %s=%llu", sorted[i]->name, (unsigned long long)own);
        }
    }
    fprintf(stderr, "\n");
}

static void at_exit(qemu_plugin_id_t id, void *data) {
    (void)id;
    if (!spans) {
        end(0, data);
    }
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
    (void)id;
    static uint64_t begin_at, end_at;  // their first instructions: what comes first is the call
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        const char *name = qemu_plugin_insn_symbol(instruction);
        uint64_t at = qemu_plugin_insn_vaddr(instruction);
        function *f = find(name);
        if (name && strcmp(name, "layer_begin") == 0 && (!begin_at || at == begin_at)) {
            begin_at = at;
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, begin, QEMU_PLUGIN_CB_NO_REGS, NULL);
        } else if (name && strcmp(name, "layer_end") == 0 && (!end_at || at == end_at)) {
            end_at = at;
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, end, QEMU_PLUGIN_CB_NO_REGS, NULL);
        }
        qemu_plugin_register_vcpu_insn_exec_inline(instruction, QEMU_PLUGIN_INLINE_ADD_U64, &f->count, 1);
    }
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int count, char **arguments) {
    (void)info;
    (void)count;
    (void)arguments;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    return 0;
}
