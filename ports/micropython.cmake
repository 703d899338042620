# upyml as a user C module for MicroPython's cmake ports: -DUSER_C_MODULES=<this file>.
# -DUPYML_CPU=cortex_m0, a folder of engine/ with faster kernels; the chips named below have theirs by themselves.
# -DUPYML_WITHOUT="SOFTMAX;MEAN", ops that the firmware leaves out.

set(UPYML_ENGINE ${CMAKE_CURRENT_LIST_DIR}/engine)
if(NOT DEFINED UPYML_CPU)
    if(PICO_PLATFORM STREQUAL rp2040)
        set(UPYML_CPU cortex_m0)
    elseif(PICO_PLATFORM STREQUAL rp2350-arm-s)
        set(UPYML_CPU cortex_m_dsp)
    elseif(IDF_TARGET MATCHES "^esp32(s3)?$") # an ESP32-S2 has no MAC16
        set(UPYML_CPU xtensa)
    elseif(IDF_TARGET MATCHES "^esp32c[36]$")
        set(UPYML_CPU riscv)
    endif()
endif()
# Weights stream through the flash's small cache, code would be fetched again and again: it is copied to the chip's RAM.
if(PICO_PLATFORM)
    set(UPYML_HOT_SECTION .time_critical.upyml)
elseif(IDF_TARGET)
    set(UPYML_HOT_SECTION .iram1.upyml)
endif()
if(PICO_PLATFORM STREQUAL rp2040)
    set(UPYML_WEIGHT_STREAM ${CMAKE_CURRENT_LIST_DIR}/rp2/weight_stream.c)
endif()

execute_process(
    COMMAND sh ${UPYML_ENGINE}/sources.sh ${UPYML_CPU}
    OUTPUT_VARIABLE UPYML_SOURCES OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE UPYML_FAILED
)
if(UPYML_FAILED)
    message(FATAL_ERROR "no list of the engine's sources for UPYML_CPU=${UPYML_CPU}")
endif()
string(REPLACE "\n" ";" UPYML_SOURCES "${UPYML_SOURCES}")
file(GLOB UPYML_LISTS ${UPYML_ENGINE}/sources.* ${UPYML_ENGINE}/*/sources.txt)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${UPYML_LISTS})
list(TRANSFORM UPYML_SOURCES PREPEND ${UPYML_ENGINE}/)

add_library(usermod_upyml INTERFACE)
target_sources(usermod_upyml INTERFACE ${CMAKE_CURRENT_LIST_DIR}/module/mod_upyml.c ${UPYML_SOURCES})
target_include_directories(usermod_upyml INTERFACE ${UPYML_ENGINE} ${UPYML_ENGINE}/${UPYML_CPU})

# Ports compile for size; the kernels are where the time goes. Warnings stop only our own builds.
if(DEFINED ENV{UPYML_WERROR})
    set(UPYML_WARNINGS -Wall -Wextra -Werror)
    set(UPYML_NOT_OURS -Wno-unused-parameter) # MicroPython's headers have parameters that they do not use
endif()
set(UPYML_KERNELS ${UPYML_SOURCES})
list(FILTER UPYML_KERNELS INCLUDE REGEX "/engine/[^/]+/[^/]+\\.c$")
set(UPYML_OWN ${UPYML_SOURCES})
list(FILTER UPYML_OWN INCLUDE REGEX "/engine/${UPYML_CPU}/")
set_source_files_properties(${UPYML_SOURCES} PROPERTIES COMPILE_OPTIONS "${UPYML_WARNINGS}")
set_source_files_properties(
    ${CMAKE_CURRENT_LIST_DIR}/module/mod_upyml.c PROPERTIES COMPILE_OPTIONS "${UPYML_WARNINGS};${UPYML_NOT_OURS}"
)
set_source_files_properties(${UPYML_KERNELS} PROPERTIES COMPILE_OPTIONS "-O2;${UPYML_WARNINGS}")
foreach(UPYML_OP ${UPYML_WITHOUT})
    set_property(
        SOURCE ${UPYML_SOURCES} ${CMAKE_CURRENT_LIST_DIR}/module/mod_upyml.c
        APPEND PROPERTY COMPILE_DEFINITIONS UPYML_WITHOUT_${UPYML_OP}=1
    )
endforeach()
if(UPYML_HOT_SECTION AND UPYML_CPU AND UPYML_OWN)
    set_property(
        SOURCE ${UPYML_OWN} APPEND PROPERTY COMPILE_DEFINITIONS "UPYML_HOT_SECTION=\"${UPYML_HOT_SECTION}\""
    )
endif()

if(IDF_TARGET) # an arena may lie in PSRAM
    target_include_directories(usermod_upyml INTERFACE ${CMAKE_CURRENT_LIST_DIR}/esp32)
    set_property(
        SOURCE ${CMAKE_CURRENT_LIST_DIR}/module/mod_upyml.c APPEND PROPERTY COMPILE_DEFINITIONS UPYML_PORT_SCRATCH=1
    )
endif()

if(UPYML_WEIGHT_STREAM)
    target_sources(usermod_upyml INTERFACE ${UPYML_WEIGHT_STREAM})
    set_property(
        SOURCE ${UPYML_WEIGHT_STREAM} ${UPYML_KERNELS} APPEND PROPERTY COMPILE_DEFINITIONS UPYML_WEIGHT_STREAM=1
    )
endif()

target_link_libraries(usermod INTERFACE usermod_upyml)
