#include <stdbool.h>
bool esp_ptr_external_ram(const void *pointer);
