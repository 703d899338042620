set(UPYML_BASE ESP32_GENERIC_S3)
set(UPYML_PARTITIONS partitions-8MiB.csv)
include(${CMAKE_CURRENT_LIST_DIR}/../upyml.cmake)
