// One hostile file: checked, and if it passes, run in an arena of exactly the size the check answered and in a larger
// one.
//
// With libFuzzer (clang -fsanitize=fuzzer,address,undefined) this is all that is needed. Built by gcc with
// -DFUZZ_MAIN, it replays the files it is given and then changes them at random for a number of rounds, always the same.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

#define MOST_BYTES 4096  // of an arena or a tensor: larger ones only take longer

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// The sizes that say how long a run takes may be large without the file being large; those files are left out.
static int quick(const uint8_t *file) {
    uint32_t count = upyml_load16(file + UPYML_HEADER_OP_COUNT);
    for (uint32_t i = 0; i < count; i++) {
        upyml_op op;
        upyml_tensor y;
        upyml_read_op(file, i, &op);
        upyml_read_link(file, &op, op.input_count, &y);
        const uint8_t *p = op.params;
        if ((op.opcode == UPYML_OPCODE_CONV2D || op.opcode == UPYML_OPCODE_DEPTHWISE_CONV2D)
            && upyml_load16(p + UPYML_CONV2D_KERNEL_H) * upyml_load16(p + UPYML_CONV2D_KERNEL_W) > 256) {
            return 0;
        }
        if (y.elements > MOST_BYTES) {  // a ring
            return 0;
        }
    }
    for (uint32_t i = 0; i < UPYML_MAX_CALLERS; i++) {
        if (upyml_caller_size(file, i) > MOST_BYTES) {
            return 0;
        }
    }
    return count <= 64;
}

static void *bytes(size_t size) {
    return calloc(size ? size : 1, 1);
}

static void run(const uint8_t *file, uint32_t arena_size) {
    uint8_t *arena = bytes(arena_size), *callers[UPYML_MAX_CALLERS];
    memset(arena, 0x55, arena_size);
    for (uint32_t i = 0; i < UPYML_MAX_CALLERS; i++) {
        callers[i] = bytes(upyml_caller_size(file, i));
    }
    upyml_scratch apart = {NULL, upyml_scratch_size(file)};
    apart.bytes = bytes(apart.size);
    upyml_run(file, arena, arena_size, NULL, (const uint8_t *const *)callers, NULL, NULL);
    upyml_run(file, arena, arena_size, &apart, (const uint8_t *const *)callers, NULL, NULL);
    free(apart.bytes);
    for (uint32_t i = 0; i < UPYML_MAX_CALLERS; i++) {
        free(callers[i]);
    }
    free(arena);
}

static void convert(const uint8_t *file, uint32_t number) {
    uint32_t width = 0, count = upyml_input_size(file, number, &width);
    uint8_t *floats = bytes((size_t)count * 4), *raw = bytes((size_t)count * width);
    upyml_quantize_input(file, number, floats, raw);
    free(floats);
    free(raw);
    count = upyml_output_size(file, number, &width);
    floats = bytes((size_t)count * 4);
    raw = bytes((size_t)count * width);
    upyml_dequantize_output(file, number, raw, floats);
    free(floats);
    free(raw);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t *file = malloc(size ? size : 1);  // exactly as long as it is, so that one byte too far is seen
    memcpy(file, data, size);
    upyml_check(file, (uint32_t)size, 1);
    if (size >= UPYML_HEADER_BYTES) {  // a cut file is to be looked into, not only refused for its length
        upyml_store32(file + UPYML_HEADER_FILE_SIZE, (uint32_t)size);
    }
    int32_t need = upyml_check(file, (uint32_t)size, 0);
    if (need >= 0 && need <= MOST_BYTES && quick(file)) {
        run(file, (uint32_t)need);
        run(file, (uint32_t)need + 1 + upyml_load16(file + UPYML_HEADER_CRC32) % 600);  // the CRC-32 is anything here
        for (uint32_t i = 0; i < 3; i++) {
            convert(file, i);
        }
    }
    free(file);
    return need >= 0;
}

#ifdef FUZZ_MAIN

static uint32_t next_random(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static uint8_t *read_file(const char *path, size_t *size) {
    FILE *in = fopen(path, "rb");
    if (!in || fseek(in, 0, SEEK_END) != 0) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(2);
    }
    *size = (size_t)ftell(in);
    rewind(in);
    uint8_t *data = malloc(*size + 1);
    if (fread(data, 1, *size, in) != *size) {
        exit(2);
    }
    fclose(in);
    return data;
}

// One to four fields set to telling values or to what stands elsewhere in the file, mostly before the data.
static void change(uint8_t *data, size_t size, uint32_t *random) {
    static const uint32_t telling[] = {0, 1, 2, 3, 4, 7, 8, 15, 16, 127, 128, 255, 256, 32767, 32768, 65535, 65536,
        0x0fffffff, 0x10000000, 0x10000001, 0x20000000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
    uint32_t edge = size >= UPYML_HEADER_BYTES ? upyml_load32(data + UPYML_HEADER_DATA) : 0;
    for (uint32_t n = 1 + next_random(random) % 4; n > 0; n--) {
        size_t room = edge > 0 && edge < size && next_random(random) % 8 ? edge : size;
        uint32_t width = 1u << next_random(random) % 3;
        if (room < width) {
            return;
        }
        size_t at = next_random(random) % (room - width + 1);
        uint32_t value = telling[next_random(random) % (sizeof telling / sizeof telling[0])];
        uint32_t kind = next_random(random) % 4;
        if (kind == 0) {
            value = next_random(random);
        } else if (kind == 1) {
            value = data[at] + (next_random(random) % 2 ? 1 : 0xffffffffu);
            width = 1;
        } else if (kind == 2) {
            value = data[next_random(random) % room];
        }
        for (uint32_t byte = 0; byte < width; byte++) {
            data[at + byte] = (uint8_t)(value >> 8 * byte);
        }
    }
}

// fuzz ROUNDS FILE...
int main(int argc, char **argv) {
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 0, passed = 0;
    uint32_t random = 2463534242u;
    for (int i = 2; i < argc; i++) {
        size_t size;
        uint8_t *data = read_file(argv[i], &size);
        LLVMFuzzerTestOneInput(data, size);
        uint8_t *copy = malloc(size + 1);
        for (long round = 0; round < rounds; round++) {
            memcpy(copy, data, size);
            change(copy, size, &random);
            size_t length = next_random(&random) % 32 ? size : next_random(&random) % (size + 1);
            passed += LLVMFuzzerTestOneInput(copy, length);
        }
        free(copy);
        free(data);
    }
    printf("%d files, %ld rounds each, %ld changed files still passed the check and ran\n", argc - 2, rounds, passed);
    return 0;
}

#endif
