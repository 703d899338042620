// Sums of any number of products, near and apart, at any address: those of the plain kernel.
#include "random_values.h"
#include "signal/filters.h"

uint32_t plain_upyml_fir_sum(const uint8_t *coefficient, int32_t step, const uint8_t *sample, int32_t stride, int32_t count);

enum { CASES = 4000, MOST = 40, STEPS = 3 };

static uint8_t coefficients[2 * MOST * STEPS + 2], samples[2 * MOST * STEPS + 2];

int32_t cases(void) {
    for (int32_t passed = 0; passed < CASES; passed++) {
        int32_t count = between(0, MOST), step = one_in(3) ? between(1, STEPS) : 1, stride = one_in(3) ? between(1, STEPS) : 1;
        int32_t extreme = one_in(5), c = one_in(4), x = one_in(4);
        for (int32_t i = 0; i < 2 * MOST * STEPS + 2; i++) {
            coefficients[i] = (uint8_t)(extreme ? i & 1 ? 128 : 0 : between(0, 255));
            samples[i] = (uint8_t)(extreme ? i & 1 ? 128 : 0 : between(0, 255));
        }
        const uint8_t *last = samples + x + 2 * stride * (count ? count - 1 : 0);
        if (upyml_fir_sum(coefficients + c, step, last, stride, count)
            != plain_upyml_fir_sum(coefficients + c, step, last, stride, count)) {
            const int32_t values[] = {count, step, stride, c, x};
            rig_print("count, step, stride, places: ");
            for (int i = 0; i < 5; i++) {
                rig_number(values[i]);
                rig_print(" ");
            }
            rig_print("\n");
            return passed;
        }
    }
    return CASES;
}
