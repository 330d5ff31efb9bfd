# Compiler settings of every target: C++20, warnings are errors, and arithmetic that gives the same bytes everywhere
# (no contraction to fused multiply-add, no fast-math: sums are specified operation by operation).
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

# Paths below the source tree are hashed as relative ones, so several worktrees and presets share one cache.
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1
    CCACHE_SLOPPINESS=pch_defines,time_macros "${CCACHE}")
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(intertie_options INTERFACE)
target_compile_options(intertie_options INTERFACE
  -Wall -Wextra -Wpedantic -Wno-missing-field-initializers -Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast -Werror
  -ffp-contract=off -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # -Wshadow is g++'s: clang's also reports names of an enclosing class in a local struct. g++ 12 reports false positives of the
  # others inside the standard library (the last two at -O1). A gigabyte before its first garbage collection saves a tenth of
  # the time.
  target_compile_options(intertie_options INTERFACE -Wshadow
    -Wno-restrict -Wno-maybe-uninitialized -Wno-array-bounds -Wno-stringop-overflow --param=ggc-min-heapsize=1000000)
endif()
target_include_directories(intertie_options INTERFACE "${PROJECT_SOURCE_DIR}")
set(INTERTIE_HOT $<$<NOT:$<CONFIG:Debug>>:-O2>
  $<$<CXX_COMPILER_ID:GNU>:-Warray-bounds> $<$<CXX_COMPILER_ID:GNU>:-Wstringop-overflow>)
add_library(intertie_test_options INTERFACE)
target_compile_options(intertie_test_options INTERFACE -O0)
if(INTERTIE_SANITIZER)
  target_compile_options(intertie_options INTERFACE -fsanitize=${INTERTIE_SANITIZER} -fno-sanitize-recover=all)
  target_link_options(intertie_options INTERFACE -fsanitize=${INTERTIE_SANITIZER})
endif()
if(INTERTIE_FUZZ)
  target_compile_options(intertie_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
