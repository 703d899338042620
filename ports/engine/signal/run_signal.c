// Runs the ops of the family SIGNAL.
#include "families.h"

void upyml_run_signal(upyml_step *s) {
    (void)s;
}
