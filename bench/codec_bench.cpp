// Encoding, decoding and the two sums of what is decoded, beside memcpy: GB/s of bytes read and written, memcpy's, and the
// share. Encoded bytes count as what they are, scales included. Arrays of elements are four times the last-level cache. A
// sum in place can be faster than memcpy. `bits`: of an encoded element.
#include <algorithm>
#include <bit>
#include <fstream>
#include <string>

#include "bench/memory_ceiling.h"
#include "intertie/codec/codec.h"

namespace intertie::bench {
namespace {

// Bytes of the last-level cache that the first core reaches, as Linux tells it (sysconf counts that of the whole package); 0
// where it does not.
std::size_t last_cache_bytes() {
  std::size_t kib = 0;
  for (const char* level : {"2", "3"}) {
    std::ifstream("/sys/devices/system/cpu/cpu0/cache/index" + std::string(level) + "/size") >> kib;  // such as 32768K
  }
  return kib << 10U;
}

// Of an array of floats four times as large as that; no smaller than that of other benches, and at most 2 GiB.
std::size_t cache_exceeding_elements() {
  return std::clamp(last_cache_bytes(), kElements, std::size_t{512} << 20U);  // one float for each byte
}

template <Encoding encoding>
struct Arrays {
  Values values = some_values();
  std::vector<std::byte> bytes = std::vector<std::byte>(codec::encoded_size(encoding, values.size()));

  static Values some_values() {
    Values made(cache_exceeding_elements());
    std::uint32_t state = 1;
    for (float& value : made) {  // normal floats of both signs, over 2^16 in magnitude
      state = state * 1664525U + 1013904223U;
      value = std::bit_cast<float>((state & 0x87ffffffU) | 0x38000000U);
    }
    return made;
  }
  std::size_t num_bytes(std::size_t passes_over_values) const {
    return passes_over_values * values.size() * sizeof(float) + bytes.size();
  }
};

template <Encoding encoding, class Kernel>
void beside_memcpy(benchmark::State& state, std::size_t passes_over_values, const Kernel& kernel) {
  Arrays<encoding> arrays;
  codec::encode(encoding, arrays.values, arrays.bytes);
  beside_ceiling(state, CopyLoop(arrays.values.size()), arrays.num_bytes(passes_over_values), [&] { kernel(arrays); });
  state.counters["bits"] = 8 * codec::bytes_per_element(encoding);
}

template <Encoding encoding>
void encode(benchmark::State& state) {
  beside_memcpy<encoding>(state, 1, [](auto& arrays) { codec::encode(encoding, arrays.values, arrays.bytes); });
}

template <Encoding encoding>
void decode(benchmark::State& state) {
  beside_memcpy<encoding>(state, 1, [](auto& arrays) { codec::decode(encoding, arrays.bytes, arrays.values); });
}

template <Encoding encoding>
void decode_scaled(benchmark::State& state) {
  beside_memcpy<encoding>(state, 1, [](auto& arrays) { codec::decode_scaled(encoding, arrays.bytes, 0.5F, arrays.values); });
}

template <Encoding encoding>
void decode_add_scaled(benchmark::State& state) {
  beside_memcpy<encoding>(state, 2,
                          [](auto& arrays) { codec::decode_add_scaled(encoding, arrays.bytes, 0.5F, arrays.values); });
}

INTERTIE_BENCH(encode<Encoding::f32>);
INTERTIE_BENCH(decode<Encoding::f32>);
INTERTIE_BENCH(decode_scaled<Encoding::f32>);
INTERTIE_BENCH(decode_add_scaled<Encoding::f32>);
INTERTIE_BENCH(encode<Encoding::bf16>);
INTERTIE_BENCH(decode<Encoding::bf16>);
INTERTIE_BENCH(decode_scaled<Encoding::bf16>);
INTERTIE_BENCH(decode_add_scaled<Encoding::bf16>);
INTERTIE_BENCH(encode<Encoding::int8>);
INTERTIE_BENCH(decode<Encoding::int8>);
INTERTIE_BENCH(decode_scaled<Encoding::int8>);
INTERTIE_BENCH(decode_add_scaled<Encoding::int8>);
INTERTIE_BENCH(encode<Encoding::fp4>);
INTERTIE_BENCH(decode<Encoding::fp4>);
INTERTIE_BENCH(decode_scaled<Encoding::fp4>);
INTERTIE_BENCH(decode_add_scaled<Encoding::fp4>);

}  // namespace
}  // namespace intertie::bench

BENCHMARK_MAIN();
