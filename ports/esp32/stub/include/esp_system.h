#include <stddef.h>
#include "sdkconfig.h"
