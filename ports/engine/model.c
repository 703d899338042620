// Checks a model's bytes, once. After that the rest of the engine trusts them.
// The same questions in the same order as upyml/format/check.py, so that both give the same answer.
#include "model.h"

#define NEED(condition, error, where)             \
    do {                                          \
        if (!(condition)) {                       \
            return UPYML_FAILED(error, where);    \
        }                                         \
    } while (0)

// CRC-32 (IEEE), a nibble at a time: 64 bytes of table instead of 1 KB.
static uint32_t crc32_update(uint32_t crc, const uint8_t *p, uint32_t size) {
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    while (size--) {
        crc ^= *p++;
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return crc;
}

static uint32_t file_crc32(const uint8_t *file, uint32_t size) {
    uint32_t crc = crc32_update(0xffffffffu, file, UPYML_HEADER_CRC32);
    return ~crc32_update(crc, file + UPYML_HEADER_CRC32 + 4, size - UPYML_HEADER_CRC32 - 4);
}

static uint32_t edge_count(const uint8_t *file) {
    return (uint32_t)file[UPYML_HEADER_INPUT_COUNT] + file[UPYML_HEADER_OUTPUT_COUNT];
}

static int32_t check_header(const uint8_t *file) {
    uint32_t state = upyml_header32(file, UPYML_HEADER_STATE_SIZE);
    uint32_t links = upyml_header32(file, UPYML_HEADER_LINK_COUNT);
    NEED(upyml_load16(file + UPYML_HEADER_HEADER_SIZE) == UPYML_HEADER_BYTES
        && upyml_load16(file + UPYML_HEADER_FLAGS) == 0
        && state <= UPYML_MAX_ELEMENTS && state % 16 == 0
        && upyml_header32(file, UPYML_HEADER_ARENA_SIZE) <= 2 * UPYML_MAX_ELEMENTS
        && file[UPYML_HEADER_INPUT_COUNT] >= 1 && file[UPYML_HEADER_OUTPUT_COUNT] >= 1
        && upyml_load16(file + UPYML_HEADER_OP_COUNT) >= 1
        && links <= 65535 && edge_count(file) <= links,
        UPYML_ERROR_HEADER, 0);
    return 0;
}

static int section_fits(const uint8_t *file, uint32_t size, int field, uint64_t length) {
    uint32_t start = upyml_header32(file, field);
    return start >= UPYML_HEADER_BYTES && start <= size && length <= size - start;
}

static int32_t check_sections(const uint8_t *file, uint32_t size) {
    uint64_t ops = upyml_load16(file + UPYML_HEADER_OP_COUNT);
    uint64_t tensors = upyml_load16(file + UPYML_HEADER_TENSOR_COUNT);
    uint64_t vectors = upyml_load16(file + UPYML_HEADER_VECTOR_COUNT);
    uint32_t metadata_size = upyml_header32(file, UPYML_HEADER_METADATA_SIZE);
    NEED(section_fits(file, size, UPYML_HEADER_TENSORS, tensors * UPYML_TENSOR_BYTES)
        && section_fits(file, size, UPYML_HEADER_OPS, ops * UPYML_OP_BYTES)
        && section_fits(file, size, UPYML_HEADER_LINKS, 2 * upyml_header32(file, UPYML_HEADER_LINK_COUNT))
        && section_fits(file, size, UPYML_HEADER_DATA, upyml_header32(file, UPYML_HEADER_DATA_SIZE))
        && section_fits(file, size, UPYML_HEADER_METADATA, metadata_size)
        && section_fits(file, size, UPYML_HEADER_VECTORS, vectors * 4 * (1 + ops))
        && section_fits(file, size, UPYML_HEADER_SIGNATURE, upyml_header32(file, UPYML_HEADER_SIGNATURE_SIZE)),
        UPYML_ERROR_SECTION, 0);
    const uint8_t *metadata = file + upyml_header32(file, UPYML_HEADER_METADATA);
    uint64_t at = 0;
    while (at < metadata_size) {
        NEED(metadata_size - at >= 4, UPYML_ERROR_SECTION, 0);
        at += 4 + metadata[at] + upyml_load16(metadata + at + 2);
    }
    NEED(at == metadata_size, UPYML_ERROR_SECTION, 0);
    return 0;
}

// A positive normal float, told by its bits: the check uses no floats.
static int scale_fits(uint32_t bits) {
    return bits >= 0x00800000u && bits <= 0x7f7fffffu;
}

static int zero_point_fits(int dtype, int32_t zero_point) {
    switch (dtype) {
        case UPYML_DTYPE_INT8:
            return zero_point >= -128 && zero_point <= 127;
        case UPYML_DTYPE_UINT8:
            return zero_point >= 0 && zero_point <= 255;
        case UPYML_DTYPE_INT16:
            return zero_point >= -32768 && zero_point <= 32767;
        default:
            return zero_point == 0;
    }
}

static int32_t check_tensor(const uint8_t *file, uint32_t number) {
    const uint8_t *record = upyml_tensor_record(file, number);
    int kind = record[UPYML_TENSOR_KIND], dtype = record[UPYML_TENSOR_DTYPE], rank = record[UPYML_TENSOR_RANK];
    uint32_t ring = record[UPYML_TENSOR_RING_ROWS];
    NEED(kind < UPYML_KIND_COUNT && dtype < UPYML_DTYPE_COUNT && rank >= 1 && rank <= UPYML_MAX_RANK,
        UPYML_ERROR_TENSOR, number);
    NEED(ring == 0 || (kind == UPYML_KIND_ARENA && rank == 3 && ring <= upyml_load32(record + UPYML_TENSOR_SHAPE)),
        UPYML_ERROR_TENSOR, number);
    uint32_t elements = 1;
    for (int axis = 0; axis < UPYML_MAX_RANK; axis++) {
        uint32_t count = upyml_load32(record + UPYML_TENSOR_SHAPE + 4 * axis);
        NEED(count >= 1 && (axis < rank || count == 1) && count <= UPYML_MAX_ELEMENTS / elements,
            UPYML_ERROR_TENSOR, number);
        elements *= count;
    }
    uint32_t width = upyml_width(dtype), offset = upyml_load32(record + UPYML_TENSOR_OFFSET);
    uint32_t bytes = elements * width;  // at most 2^30
    int inside;
    if (kind == UPYML_KIND_ARENA) {
        inside = offset <= UPYML_MAX_ELEMENTS;
    } else if (kind == UPYML_KIND_CALLER) {
        inside = offset < UPYML_MAX_CALLERS && offset < file[UPYML_HEADER_INPUT_COUNT];
    } else if (kind == UPYML_KIND_STATE) {
        uint32_t state = upyml_header32(file, UPYML_HEADER_STATE_SIZE);
        inside = offset <= state && bytes <= state - offset;
    } else {
        inside = upyml_in_data(file, offset, bytes, 1);
    }
    NEED(inside && (offset % width == 0 || kind == UPYML_KIND_CALLER), UPYML_ERROR_TENSOR, number);
    NEED((dtype > UPYML_DTYPE_INT16 || scale_fits(upyml_load32(record + UPYML_TENSOR_SCALE)))
        && zero_point_fits(dtype, upyml_load_int32(record + UPYML_TENSOR_ZERO_POINT)),
        UPYML_ERROR_TENSOR, number);
    return 0;
}

// A tensor that lies with the caller is an input at the place it names, or has as many bytes as that one.
static int caller_fits(const uint8_t *file, const uint8_t *links, uint32_t place, uint32_t number) {
    upyml_tensor tensor, input;
    upyml_read_tensor(file, number, &tensor);
    if (place < edge_count(file)) {
        return place < file[UPYML_HEADER_INPUT_COUNT] && tensor.offset == place;
    }
    upyml_read_tensor(file, upyml_load16(links + 2 * tensor.offset), &input);
    return input.kind == UPYML_KIND_CALLER && tensor.end - tensor.offset == input.end - input.offset;
}

// The model's inputs and outputs are whole activations, or an input lies with the caller; its inputs no INT32, which has
// no scale to be filled by.
static int link_fits(const uint8_t *file, const uint8_t *links, uint32_t place, uint32_t number) {
    const uint8_t *record = upyml_tensor_record(file, number);
    uint32_t inputs = file[UPYML_HEADER_INPUT_COUNT];
    int edge = place < edge_count(file), input = place < inputs;
    if (record[UPYML_TENSOR_KIND] == UPYML_KIND_CALLER) {
        if (!caller_fits(file, links, place, number)) {
            return 0;
        }
    } else if (edge && (record[UPYML_TENSOR_KIND] != UPYML_KIND_ARENA || record[UPYML_TENSOR_RING_ROWS] != 0)) {
        return 0;
    }
    return !input || record[UPYML_TENSOR_DTYPE] != UPYML_DTYPE_INT32;
}

static int32_t check_links(const uint8_t *file) {
    const uint8_t *links = file + upyml_header32(file, UPYML_HEADER_LINKS);
    uint32_t count = upyml_header32(file, UPYML_HEADER_LINK_COUNT);
    uint32_t tensors = upyml_load16(file + UPYML_HEADER_TENSOR_COUNT);
    for (uint32_t place = 0; place < count; place++) {
        uint32_t number = upyml_load16(links + 2 * place);
        NEED(number < tensors && link_fits(file, links, place, number), UPYML_ERROR_LINK, place);
    }
    return 0;
}

int32_t upyml_check(const uint8_t *file, uint32_t size, int with_crc) {
    NEED(size >= 4, UPYML_ERROR_TOO_SHORT, 0);
    NEED(upyml_load32(file) == UPYML_MAGIC, UPYML_ERROR_MAGIC, 0);
    NEED(size >= UPYML_HEADER_BYTES, UPYML_ERROR_TOO_SHORT, 0);
    NEED(upyml_load16(file + UPYML_HEADER_FORMAT_VERSION) == UPYML_FORMAT_VERSION, UPYML_ERROR_VERSION, 0);
    NEED(upyml_header32(file, UPYML_HEADER_FILE_SIZE) == size, UPYML_ERROR_SIZE, 0);
    NEED(!with_crc || file_crc32(file, size) == upyml_header32(file, UPYML_HEADER_CRC32), UPYML_ERROR_CRC, 0);
    NEED(upyml_load16(file + UPYML_HEADER_ENGINE_VERSION) <= UPYML_ENGINE_VERSION, UPYML_ERROR_ENGINE, 0);
    int32_t answer = check_header(file);
    if (answer == 0) {
        answer = check_sections(file, size);
    }
    uint32_t tensors = upyml_load16(file + UPYML_HEADER_TENSOR_COUNT);
    for (uint32_t number = 0; answer == 0 && number < tensors; number++) {
        answer = check_tensor(file, number);
    }
    if (answer == 0) {
        answer = check_links(file);
    }
    if (answer < 0) {
        return answer;
    }
    int32_t need = 0;
    uint32_t ops = upyml_load16(file + UPYML_HEADER_OP_COUNT);
    upyml_group group = {0, 0};
    for (uint32_t number = 0; number < ops; number++) {
        int32_t bytes = upyml_check_op(file, number, &group);
        if (bytes < 0) {
            return bytes;
        }
        need = bytes > need ? bytes : need;
    }
    const uint8_t *links = file + upyml_header32(file, UPYML_HEADER_LINKS);
    for (uint32_t place = 0; place < edge_count(file); place++) {
        upyml_tensor tensor;
        upyml_read_tensor(file, upyml_load16(links + 2 * place), &tensor);
        if (tensor.kind == UPYML_KIND_ARENA) {
            need = (int32_t)tensor.end > need ? (int32_t)tensor.end : need;
        }
    }
    return (int32_t)upyml_header32(file, UPYML_HEADER_STATE_SIZE) + need;
}

uint32_t upyml_scratch_size(const uint8_t *file) {
    uint32_t most = 0, ops = upyml_load16(file + UPYML_HEADER_OP_COUNT);
    upyml_group group = {0, 0};
    for (uint32_t number = 0; number < ops; number++) {
        upyml_op op;
        upyml_read_op(file, number, &op);
        uint32_t need = (uint32_t)upyml_check_op(file, number, &group), offset = upyml_scratch_offset(&op);
        most = need > offset && need - offset > most ? need - offset : most;
    }
    return most;
}
