# intertie_module(FOLDER [COLD] [PROGRAM name] [DEPENDS folder...] [LIBRARIES target...] [TEST_LIBRARIES target...])
#
# One folder of intertie/ = one namespace = one static library `intertie_FOLDER` (slashes become underscores). Every .cpp of
# the folder belongs to it, but *_test.cpp, which make the test program FOLDER_test, and with PROGRAM main.cpp, which makes the
# program `name`. DEPENDS are the only intertie folders it may include, and its tests those in TEST_LIBRARIES too; they are what
# the arrows in ARCHITECTURE.md say, and tools/lint/check_rules.py checks the include lines against the same lists. COLD: no loop
# over elements or bytes is in it, so -O1 does, and a clean build of everything is a sixth shorter.
include(GoogleTest)

# Two precompiled headers, of the standard library and fmt only: one for the libraries, one for the tests, which are compiled
# with -O0 (what they test is optimised; they run as fast, and compile in two thirds of the time). Each source still includes
# what it uses: the header check and clang-tidy compile without. Test programs are position-independent executables, so their
# header is made for those.
set(standard_headers <algorithm> <array> <chrono> <functional> <memory> <optional> <span> <sstream> <string> <variant> <vector>)
foreach(headers library_headers cold_library_headers)
  add_library(${headers} OBJECT "${PROJECT_SOURCE_DIR}/cmake/precompiled.cpp")
  target_link_libraries(${headers} PRIVATE intertie_options fmt::fmt)
  target_precompile_headers(${headers} PRIVATE ${standard_headers} <deque> <map> <set> <fmt/format.h>)
endforeach()
target_compile_options(cold_library_headers PRIVATE ${INTERTIE_COLD})

add_library(test_headers OBJECT "${PROJECT_SOURCE_DIR}/cmake/precompiled.cpp")
set_target_properties(test_headers PROPERTIES POSITION_INDEPENDENT_CODE OFF)
target_compile_options(test_headers PRIVATE -fPIE)
target_link_libraries(test_headers PRIVATE intertie_options intertie_test_options GTest::gmock)
target_precompile_headers(test_headers PRIVATE <gmock/gmock.h> <gtest/gtest.h> ${standard_headers})

function(intertie_module folder)
  cmake_parse_arguments(arg "COLD" "PROGRAM" "DEPENDS;LIBRARIES;TEST_LIBRARIES" ${ARGN})
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
    if(arg_COLD)
      target_compile_options(intertie_${name} PRIVATE ${INTERTIE_COLD})
      target_precompile_headers(intertie_${name} REUSE_FROM cold_library_headers)
    else()
      target_precompile_headers(intertie_${name} REUSE_FROM library_headers)
    endif()
    target_link_libraries(intertie_${name} PUBLIC intertie_options ${arg_DEPENDS} ${arg_LIBRARIES})
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
    gtest_discover_tests(${name}_test TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60 PROPERTIES LABELS unit TIMEOUT 60)
  endif()
endfunction()
