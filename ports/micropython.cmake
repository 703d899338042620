# upyml as a user C module for MicroPython's cmake ports: -DUSER_C_MODULES=<this file>.

file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/engine/sources.txt UPYML_SOURCES)
list(TRANSFORM UPYML_SOURCES PREPEND ${CMAKE_CURRENT_LIST_DIR}/engine/)

add_library(usermod_upyml INTERFACE)
target_sources(usermod_upyml INTERFACE ${CMAKE_CURRENT_LIST_DIR}/module/mod_upyml.c ${UPYML_SOURCES})
target_include_directories(usermod_upyml INTERFACE ${CMAKE_CURRENT_LIST_DIR}/engine)

# Ports compile for size; these files are where the time goes. Warnings stop only our own builds.
set(UPYML_OPTIONS -O2)
if(DEFINED ENV{UPYML_WERROR})
    list(APPEND UPYML_OPTIONS -Wall -Wextra -Werror)
endif()
set_source_files_properties(
    ${CMAKE_CURRENT_LIST_DIR}/module/mod_upyml.c ${UPYML_SOURCES}
    PROPERTIES COMPILE_OPTIONS "${UPYML_OPTIONS}"
)

target_link_libraries(usermod INTERFACE usermod_upyml)
