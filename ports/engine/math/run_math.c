// Runs the ops of the family MATH.
#include "families.h"

void upyml_run_math(upyml_step *s) {
    (void)s;
}
