# upyml as a user C module for MicroPython's cmake ports: -DUSER_C_MODULES=<this file>.

file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/engine/sources.txt UPYML_SOURCES)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/engine/sources.txt)
list(TRANSFORM UPYML_SOURCES PREPEND ${CMAKE_CURRENT_LIST_DIR}/engine/)

add_library(usermod_upyml INTERFACE)
target_sources(usermod_upyml INTERFACE ${CMAKE_CURRENT_LIST_DIR}/module/mod_upyml.c ${UPYML_SOURCES})
target_include_directories(usermod_upyml INTERFACE ${CMAKE_CURRENT_LIST_DIR}/engine)

# Ports compile for size; the kernels are where the time goes. Warnings stop only our own builds.
if(DEFINED ENV{UPYML_WERROR})
    set(UPYML_WARNINGS -Wall -Wextra -Werror)
    set(UPYML_NOT_OURS -Wno-unused-parameter) # MicroPython's headers have parameters that they do not use
endif()
set(UPYML_KERNELS ${UPYML_SOURCES})
list(FILTER UPYML_KERNELS INCLUDE REGEX /kernels/)
set_source_files_properties(${UPYML_SOURCES} PROPERTIES COMPILE_OPTIONS "${UPYML_WARNINGS}")
set_source_files_properties(
    ${CMAKE_CURRENT_LIST_DIR}/module/mod_upyml.c PROPERTIES COMPILE_OPTIONS "${UPYML_WARNINGS};${UPYML_NOT_OURS}"
)
set_source_files_properties(${UPYML_KERNELS} PROPERTIES COMPILE_OPTIONS "-O2;${UPYML_WARNINGS}")

target_link_libraries(usermod INTERFACE usermod_upyml)
