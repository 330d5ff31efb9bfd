# intertie_module(FOLDER [PROGRAM name] [HOT source...] [DEPENDS folder...] [LIBRARIES target...] [TEST_LIBRARIES target...])
#
# One folder of intertie/ = one namespace = one static library `intertie_FOLDER` (slashes become underscores). Every .cpp of
# the folder belongs to it, but *_test.cpp, which make the test program FOLDER_test, and with PROGRAM main.cpp, which makes the
# program `name`. DEPENDS are the only intertie folders it may include, and its tests those in TEST_LIBRARIES too; they are what
# the arrows in ARCHITECTURE.md say, and tools/lint/check_rules.py checks the include lines against the same lists. HOT are the
# sources whose loops over elements or bytes gain from -O2; the others have -O1, which takes the compiler three quarters of the time.
include(GoogleTest)

# Two precompiled headers, of the standard library and fmt only: one for the libraries, one for the tests, which are compiled
# with -O0 (what they test is optimised; they run as fast, and compile in two thirds of the time). Each source still includes
# what it uses: the header check and clang-tidy compile without. Test programs are position-independent executables, so their
# header is made for those.
set(standard_headers <algorithm> <array> <chrono> <functional> <memory> <optional> <span> <sstream> <string> <variant> <vector>)
add_library(library_headers OBJECT "${PROJECT_SOURCE_DIR}/cmake/precompiled.cpp")
target_link_libraries(library_headers PRIVATE intertie_options fmt::fmt)
target_precompile_headers(library_headers PRIVATE ${standard_headers} <deque> <map> <set> <fmt/format.h>)

add_library(test_headers OBJECT "${PROJECT_SOURCE_DIR}/cmake/precompiled.cpp")
set_target_properties(test_headers PROPERTIES POSITION_INDEPENDENT_CODE OFF)
target_compile_options(test_headers PRIVATE -fPIE)
target_link_libraries(test_headers PRIVATE intertie_options intertie_test_options GTest::gmock)
target_precompile_headers(test_headers PRIVATE <gmock/gmock.h> <gtest/gtest.h> ${standard_headers})

# The sources of a target are compiled eight at a time, which takes two thirds of the time that they take one by one; so names
# in their unnamed namespaces differ (./dev lint rules sees to it). Those with options of their own are compiled by themselves,
# and so are all in the presets `alone` and `tidy`: each includes what it uses.
function(intertie_batches target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${INTERTIE_BATCHES} UNITY_BUILD_BATCH_SIZE 8)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)  # it takes a batch's sources for headers
  endif()
endfunction()

function(intertie_module folder)
  cmake_parse_arguments(arg "" "PROGRAM" "HOT;DEPENDS;LIBRARIES;TEST_LIBRARIES" ${ARGN})
  string(REPLACE "/" "_" name "${folder}")
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  if(arg_PROGRAM)
    list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  endif()
  list(TRANSFORM arg_DEPENDS REPLACE "/" "_")
  list(TRANSFORM arg_DEPENDS PREPEND "intertie_")
  if(sources)
    add_library(intertie_${name} STATIC ${sources})
    target_precompile_headers(intertie_${name} REUSE_FROM library_headers)
    foreach(source ${arg_HOT})
      if(NOT EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${source}")
        message(FATAL_ERROR "intertie/${folder} has no ${source}, which its CMakeLists.txt calls HOT")
      endif()
    endforeach()
    set_source_files_properties(${arg_HOT} PROPERTIES COMPILE_OPTIONS "${INTERTIE_HOT}" SKIP_PRECOMPILE_HEADERS ON)
    target_link_libraries(intertie_${name} PUBLIC intertie_options ${arg_DEPENDS} ${arg_LIBRARIES})
    intertie_batches(intertie_${name})
  else()
    add_library(intertie_${name} INTERFACE)
    target_link_libraries(intertie_${name} INTERFACE intertie_options ${arg_DEPENDS} ${arg_LIBRARIES})
  endif()
  if(arg_PROGRAM)
    add_executable(${arg_PROGRAM} main.cpp)
    target_link_libraries(${arg_PROGRAM} PRIVATE intertie_${name})
  endif()
  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE intertie_${name} GTest::gmock GTest::gtest_main ${arg_TEST_LIBRARIES}
      intertie_test_options)
    target_precompile_headers(${name}_test REUSE_FROM test_headers)
    intertie_batches(${name}_test)
    gtest_discover_tests(${name}_test TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60 PROPERTIES LABELS unit TIMEOUT 60)
  endif()
endfunction()
