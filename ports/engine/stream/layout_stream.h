// The .upm file's layout for C, written from upyml/format/ops_stream.py by `python -m upyml.format.header`:
// change the table there. upyml/format/SPEC.md says what each field means.
#ifndef UPYML_LAYOUT_STREAM_H
#define UPYML_LAYOUT_STREAM_H

enum {
    UPYML_OPCODE_SHIFT = 96,
    UPYML_OPCODE_START = 97,
    UPYML_OPCODE_SVDF = 98,
};

#define UPYML_EACH_STREAM_OP(X) \
    X(SHIFT) \
    X(START) \
    X(SVDF)

// What leaves an op out together with its family, see ops.h.
#define UPYML_WITHOUT_FAMILY_SHIFT UPYML_WITHOUT_STREAM
#define UPYML_WITHOUT_FAMILY_START UPYML_WITHOUT_STREAM
#define UPYML_WITHOUT_FAMILY_SVDF UPYML_WITHOUT_STREAM

enum {  // SVDF: byte of each field
    UPYML_SVDF_MULTIPLIER1 = 0,
    UPYML_SVDF_MULTIPLIER2 = 4,
    UPYML_SVDF_SHIFT1 = 8,
    UPYML_SVDF_SHIFT2 = 9,
    UPYML_SVDF_RANK = 10,
};

#endif
