// The ops that a build has: all, but those that -DUPYML_WITHOUT_SOFTMAX=1 and the like leave out. The check refuses a
// model with one of them; nothing calls its kernel then, and the linker drops it. INT4 and SPARSE, two codings of weights,
// may be left out like ops.
#ifndef UPYML_OPS_H
#define UPYML_OPS_H

#include "format_layout.h"

// UPYML_HAS(SOFTMAX): 0 where UPYML_WITHOUT_SOFTMAX is 1, else 1. UPYML_FIRST_IF_1 is a macro that brings a 0
// of its own, UPYML_FIRST_IF_ with any other name is none. An op may also be left out with its family, as that one's
// layout_<family>.h says.
#define UPYML_HAS(op) (!UPYML_IS_1(UPYML_WITHOUT_##op) && !UPYML_IS_1(UPYML_WITHOUT_FAMILY_##op))
#define UPYML_IS_1(value) UPYML_IS_1_EXPANDED(value)
#define UPYML_IS_1_EXPANDED(value) UPYML_SECOND(UPYML_FIRST_IF_##value 1, 0, 0)
#define UPYML_FIRST_IF_1 0,
#define UPYML_SECOND(...) UPYML_SECOND_EXPANDED(__VA_ARGS__)
#define UPYML_SECOND_EXPANDED(first, second, ...) second

// UPYML_HAS_FAMILY(WIDE): whether this build has that family of ops.
#define UPYML_HAS_FAMILY(family) (!UPYML_IS_1(UPYML_WITHOUT_##family))

// Whether weights may lie in the file as something else than INT8.
#define UPYML_HAS_CODINGS (UPYML_HAS(INT4) || UPYML_HAS(SPARSE))

// Does what an op asks for, where this build has the op.
#define UPYML_FOR(op, call)  \
    do {                     \
        if (UPYML_HAS(op)) { \
            call;            \
        }                    \
    } while (0)

#endif
