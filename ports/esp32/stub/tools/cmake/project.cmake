# Stands in the place of ESP-IDF's file of this name: enough for MicroPython's ports/esp32 to be configured, so that
# its compile_commands.json shows what would be compiled and with which flags. Nothing that is made so can run.
# STUB_COMPILER and STUB_FLAGS: a C compiler for the chip, and what it needs besides ESP-IDF's own flags.

if(NOT IDF_TARGET)
    set(IDF_TARGET esp32)
endif()
set(IDF_PATH $ENV{IDF_PATH})
string(TOUPPER ${IDF_TARGET} STUB_CHIP)
set(CONFIG_IDF_TARGET_${STUB_CHIP} 1)

# As ESP-IDF 5.4 compiles a C file with CONFIG_COMPILER_OPTIMIZATION_PERF, MicroPython's choice.
set(STUB_ESP_IDF -ffunction-sections -fdata-sections -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -ggdb -O2
    -fstrict-volatile-bitfields -std=gnu17
)
if(IDF_TARGET MATCHES "^esp32(s[23])?$")
    set(CONFIG_IDF_TARGET_ARCH_XTENSA 1)
    list(APPEND STUB_ESP_IDF -mlongcalls)
else()
    set(CONFIG_IDF_TARGET_ARCH_RISCV 1)
    if(IDF_TARGET STREQUAL esp32c3)
        list(APPEND STUB_ESP_IDF -march=rv32imc_zicsr_zifencei)
    else()
        list(APPEND STUB_ESP_IDF -march=rv32imac_zicsr_zifencei)
    endif()
endif()

# sdkconfig.h, from the settings alone: the true one has ESP-IDF's defaults too.
file(STRINGS ${SDKCONFIG_DEFAULTS} STUB_SETTINGS REGEX "^CONFIG_")
set(STUB_HEADER "#define CONFIG_IDF_TARGET_${STUB_CHIP} 1\n")
if(CONFIG_IDF_TARGET_ARCH_XTENSA)
    string(APPEND STUB_HEADER "#define CONFIG_IDF_TARGET_ARCH_XTENSA 1\n")
else()
    string(APPEND STUB_HEADER "#define CONFIG_IDF_TARGET_ARCH_RISCV 1\n")
endif()
foreach(SETTING ${STUB_SETTINGS})
    if(SETTING MATCHES "^(CONFIG_[A-Z0-9_]+)=(.+)$" AND NOT CMAKE_MATCH_2 STREQUAL "n")
        set(STUB_NAME ${CMAKE_MATCH_1})
        string(REGEX REPLACE "^y$" "1" STUB_VALUE ${CMAKE_MATCH_2})
        string(APPEND STUB_HEADER "#undef ${STUB_NAME}\n#define ${STUB_NAME} ${STUB_VALUE}\n") # the last one counts
    endif()
endforeach()
file(WRITE ${CMAKE_BINARY_DIR}/sdkconfig.h "${STUB_HEADER}")

set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_C_COMPILER ${STUB_COMPILER})
set(CMAKE_ASM_COMPILER ${STUB_COMPILER})
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Debian's source of MicroPython lacks the libraries of others.
function(stub_existing result)
    set(found)
    foreach(file ${ARGN})
        if(EXISTS ${file} OR file MATCHES "^${CMAKE_BINARY_DIR}" OR NOT file MATCHES "\\.c$")
            list(APPEND found ${file})
        endif()
    endforeach()
    set(${result} ${found} PARENT_SCOPE)
endfunction()

function(add_library name)
    stub_existing(sources ${ARGN})
    if(ARGN MATCHES "OBJECT" AND NOT sources MATCHES "\\.c")
        list(APPEND sources ${IDF_PATH}/empty.c) # such a library has at least one
    endif()
    _add_library(${name} ${sources})
endfunction()

macro(idf_component_register)
    cmake_parse_arguments(STUB "" "" "SRCS;INCLUDE_DIRS;LDFRAGMENTS;REQUIRES" ${ARGN})
    set(COMPONENT_TARGET __idf_main)
    add_library(__idf_main STATIC ${STUB_SRCS})
    target_include_directories(__idf_main PUBLIC ${STUB_INCLUDE_DIRS} ${IDF_PATH}/include)
    separate_arguments(STUB_MORE UNIX_COMMAND "${STUB_FLAGS}")
    target_compile_options(__idf_main PRIVATE ${STUB_ESP_IDF} ${STUB_MORE})
endmacro()

macro(project name)
    _project(${name} C ASM)
    add_subdirectory(main)
endmacro()
