# LibTorch from the torch wheel in INTERTIE_VENV, as our own target `intertie_libtorch`.
#
# Not find_package(Torch): with the CUDA wheel and no CUDA toolkit on the machine it ends in a fatal error. The libraries are
# imported one by one instead: torch, torch_cpu and c10, and torch_cuda and c10_cuda where the wheel has them, so that one source
# builds with the CPU and the CUDA wheel. Both wheels use the new C++11 ABI, which is the compiler's default.
file(GLOB INTERTIE_TORCH_FOLDERS "${INTERTIE_VENV}/lib/python3*/site-packages/torch")
if(NOT INTERTIE_TORCH_FOLDERS)
  message(FATAL_ERROR "There is no torch wheel in ${INTERTIE_VENV}, which intertie-trainer needs: run ./dev setup "
                      "(or configure the preset `core`, which builds everything else).")
endif()
list(GET INTERTIE_TORCH_FOLDERS 0 INTERTIE_TORCH_FOLDER)
set(INTERTIE_TORCH_LIB "${INTERTIE_TORCH_FOLDER}/lib")

add_library(intertie_libtorch INTERFACE)
target_include_directories(intertie_libtorch SYSTEM INTERFACE "${INTERTIE_TORCH_FOLDER}/include")
target_compile_definitions(intertie_libtorch INTERFACE AT_PER_OPERATOR_HEADERS)
foreach(name torch torch_cpu c10 torch_cuda c10_cuda)
  set(file "${INTERTIE_TORCH_LIB}/lib${name}.so")
  if(EXISTS "${file}")
    add_library(intertie_${name} SHARED IMPORTED)
    set_target_properties(intertie_${name} PROPERTIES IMPORTED_LOCATION "${file}")
    target_link_libraries(intertie_libtorch INTERFACE intertie_${name})
  elseif(name MATCHES "^(torch|torch_cpu|c10)$")
    message(FATAL_ERROR "The torch wheel in ${INTERTIE_VENV} lacks lib${name}.so: remove that folder and run ./dev setup.")
  endif()
endforeach()
# What the CUDA libraries need themselves lies in other wheels, which they find by their own run path. libtorch names torch_cuda
# as needed, so --as-needed must not drop it.
target_link_options(intertie_libtorch INTERFACE "-Wl,--allow-shlib-undefined" "-Wl,--no-as-needed")
# Programs run in place: the wheel's folder is in their run path (CMake adds it for imported libraries of a build tree).
target_link_options(intertie_libtorch INTERFACE "-Wl,-rpath,${INTERTIE_TORCH_LIB}")
message(STATUS "LibTorch: ${INTERTIE_TORCH_FOLDER}")
