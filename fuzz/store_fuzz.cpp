// Any text as the store's record; what parses must be written to text that parses to the same.
#include <cstdlib>

#include "intertie/env/sim/memory_disk.h"
#include "intertie/members/store.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace intertie;
  const auto parsed = members::parse_store({reinterpret_cast<const char*>(data), size}, "store.json");
  if (!parsed) return 0;
  env::sim::MemoryDisk disk;
  if (!members::save_store(disk, "store.json", *parsed)) std::abort();
  const auto loaded = members::load_store(disk, "store.json", parsed->run);
  if (!loaded || **loaded != *parsed) std::abort();
  return 0;
}
