set(UPYML_BASE ESP32_GENERIC)
set(UPYML_PARTITIONS partitions-4MiB.csv)
include(${CMAKE_CURRENT_LIST_DIR}/../upyml.cmake)
