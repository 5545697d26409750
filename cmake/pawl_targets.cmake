# How Pawl's own targets are made: one library a folder, one program a test.

# Optimised, with assertions and short debug information: what the tests run is
# what ships, but for the assertions.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")

add_library(pawl_settings INTERFACE)
target_compile_features(pawl_settings INTERFACE cxx_std_20)
target_compile_options(pawl_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow $<$<BOOL:${PAWL_WERROR}>:-Werror>)
target_include_directories(pawl_settings INTERFACE ${CMAKE_SOURCE_DIR})
target_link_libraries(pawl_settings INTERFACE Boost::headers)

find_program(PAWL_MOLD mold)
if(PAWL_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# pawl_library(<folder> SOURCES ... LINK ... PRIVATE_LINK ...)
function(pawl_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(pawl_${name} STATIC ${arg_SOURCES})
  target_link_libraries(pawl_${name} PUBLIC pawl_settings ${arg_LINK}
                        PRIVATE ${arg_PRIVATE_LINK})
endfunction()

# pawl_test(<folder> <file> LINK ... [SANITIZE asan tsan] [ARGS ...]
#           [TIMEOUT seconds])
# tests/<folder>/<file>.cpp becomes the CTest test <folder>.<file> with the
# label <folder>. SANITIZE says under which sanitizers it is run as well; the
# folders that run without CAF are under both unless it says otherwise
# ("none").
function(pawl_test folder file)
  cmake_parse_arguments(arg "" "TIMEOUT" "LINK;ARGS;SANITIZE" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(NOT DEFINED arg_SANITIZE AND folder MATCHES "^(base|access|workflow|trial|storage|secrets|config|http)$")
    set(arg_SANITIZE asan tsan)
  endif()
  list(REMOVE_ITEM arg_SANITIZE none)
  add_executable(test_${folder}_${file} ${CMAKE_SOURCE_DIR}/tests/${folder}/${file}.cpp)
  target_compile_definitions(test_${folder}_${file} PRIVATE
    BOOST_TEST_DYN_LINK PAWL_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
    PAWL_BINARY_DIR="${CMAKE_BINARY_DIR}")
  # The sanitizers look at what is tested; the tests themselves only have to
  # compile quickly there.
  target_compile_options(test_${folder}_${file} PRIVATE $<$<CONFIG:Debug>:-O0>)
  target_link_libraries(test_${folder}_${file} PRIVATE
    ${arg_LINK} pawl_settings Boost::unit_test_framework)
  add_test(NAME ${folder}.${file} COMMAND test_${folder}_${file} ${arg_ARGS})
  set_tests_properties(${folder}.${file} PROPERTIES
    LABELS "${folder};${arg_SANITIZE}" TIMEOUT ${arg_TIMEOUT})
  set_property(TEST ${folder}.${file} APPEND PROPERTY ENVIRONMENT
    TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/support/tsan.supp)
  foreach(sanitizer IN LISTS arg_SANITIZE)
    add_dependencies(pawl_${sanitizer}_tests test_${folder}_${file})
  endforeach()
endfunction()
add_custom_target(pawl_asan_tests)
add_custom_target(pawl_tsan_tests)

# pawl_programs(<folder> ...): the target `programs` builds every program of
# these folders: what a user runs, without the tests.
function(pawl_programs)
  add_custom_target(programs)
  foreach(folder ${ARGN})
    if(NOT EXISTS ${CMAKE_SOURCE_DIR}/${folder}/CMakeLists.txt)
      continue()
    endif()
    get_directory_property(targets
      DIRECTORY ${CMAKE_SOURCE_DIR}/${folder} BUILDSYSTEM_TARGETS)
    foreach(target IN LISTS targets)
      get_target_property(type ${target} TYPE)
      if(type STREQUAL EXECUTABLE)
        add_dependencies(programs ${target})
      endif()
    endforeach()
  endforeach()
endfunction()

# pawl_page(<page> <target> <directory> WORDS...): what the program writes when
# it is run with these words is built with `programs`, and installed in that
# directory.
function(pawl_page page target directory)
  set(file ${CMAKE_BINARY_DIR}/pages/${page})
  add_custom_command(OUTPUT ${file}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/pages
    COMMAND $<TARGET_FILE:${target}> ${ARGN} > ${file}
    DEPENDS ${target} VERBATIM)
  add_custom_target(page_${page} ALL DEPENDS ${file})
  add_dependencies(programs page_${page})
  install(FILES ${file} DESTINATION ${directory})
endfunction()
