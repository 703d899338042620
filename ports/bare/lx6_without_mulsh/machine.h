#include "../lx6/machine.h"
