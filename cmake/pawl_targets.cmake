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

# pawl_test(<folder> <file> LINK ...): tests/<folder>/<file>.cpp becomes the
# CTest test <folder>.<file> with the label <folder>.
function(pawl_test folder file)
  cmake_parse_arguments(arg "" "TIMEOUT" "LINK;ARGS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(test_${folder}_${file} ${CMAKE_SOURCE_DIR}/tests/${folder}/${file}.cpp)
  target_compile_definitions(test_${folder}_${file} PRIVATE
    BOOST_TEST_DYN_LINK PAWL_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
    PAWL_BINARY_DIR="${CMAKE_BINARY_DIR}")
  target_link_libraries(test_${folder}_${file} PRIVATE
    ${arg_LINK} pawl_settings Boost::unit_test_framework)
  add_test(NAME ${folder}.${file} COMMAND test_${folder}_${file} ${arg_ARGS})
  set_tests_properties(${folder}.${file} PROPERTIES
    LABELS ${folder} TIMEOUT ${arg_TIMEOUT})
endfunction()
