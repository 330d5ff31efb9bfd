# intertie_module(FOLDER [DEPENDS folder...] [LIBRARIES target...])
#
# One folder of intertie/ = one namespace = one static library `intertie_FOLDER` (slashes become underscores). Every .cpp of
# the folder belongs to it, but *_test.cpp, which make the test program FOLDER_test. DEPENDS are the only
# intertie folders it may include; they are what the arrows in ARCHITECTURE.md say, and cmake/check_includes.py checks
# the include lines against the same lists.
include(GoogleTest)

function(intertie_module folder)
  cmake_parse_arguments(arg "" "" "DEPENDS;LIBRARIES;TEST_LIBRARIES" ${ARGN})
  string(REPLACE "/" "_" name "${folder}")
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(TRANSFORM arg_DEPENDS REPLACE "/" "_")
  list(TRANSFORM arg_DEPENDS PREPEND "intertie_")
  if(sources)
    add_library(intertie_${name} STATIC ${sources})
    target_link_libraries(intertie_${name} PUBLIC intertie_options ${arg_DEPENDS} ${arg_LIBRARIES})
  else()
    add_library(intertie_${name} INTERFACE)
    target_link_libraries(intertie_${name} INTERFACE intertie_options ${arg_DEPENDS} ${arg_LIBRARIES})
  endif()
  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE intertie_${name} GTest::gmock GTest::gtest_main ${arg_TEST_LIBRARIES})
    gtest_discover_tests(${name}_test TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60 PROPERTIES LABELS unit TIMEOUT 60)
  endif()
endfunction()
