# What our boards add to MicroPython's own for a chip: frozen upyml, and a partition for models.
# Before including this: MICROPY_BOARD_DIR, and UPYML_BASE, the name of MicroPython's board; UPYML_PARTITIONS, a table here.

include(${CMAKE_CURRENT_SOURCE_DIR}/boards/${UPYML_BASE}/mpconfigboard.cmake)

set(MICROPY_FROZEN_MANIFEST ${CMAKE_CURRENT_LIST_DIR}/manifest.py)

# ESP-IDF looks for the table from its project's folder, which is MicroPython's: so by its whole path.
file(WRITE ${CMAKE_BINARY_DIR}/sdkconfig.upyml
    "CONFIG_PARTITION_TABLE_CUSTOM_FILENAME=\"${CMAKE_CURRENT_LIST_DIR}/${UPYML_PARTITIONS}\"\n"
)
list(APPEND SDKCONFIG_DEFAULTS ${CMAKE_BINARY_DIR}/sdkconfig.upyml)
