// Encoding, decoding and the fused decode-weight-add beside a bare loop over the same streams of memory: GB/s, ceiling, share.
// bf16 streams count as what they are, half as many bytes.
#include "bench/memory_ceiling.h"
#include "intertie/codec/codec.h"

namespace intertie::bench {
namespace {

constexpr std::size_t kBytes = kElements * sizeof(float);

template <Encoding encoding>
void encode(benchmark::State& state) {
  const Values values(kElements, 1.5F);
  std::vector<std::byte> out(codec::encoded_size(encoding, kElements));
  beside_ceiling(state, CopyLoop(), kBytes + out.size(), [&] { codec::encode(encoding, values, out); });
}
INTERTIE_BENCH(encode<Encoding::f32>);
INTERTIE_BENCH(encode<Encoding::bf16>);

template <Encoding encoding>
void decode_scaled(benchmark::State& state) {
  const std::vector<std::byte> bytes(codec::encoded_size(encoding, kElements));
  Values sum(kElements);
  beside_ceiling(state, CopyLoop(), kBytes + bytes.size(), [&] { codec::decode_scaled(encoding, bytes, 0.5F, sum); });
}
INTERTIE_BENCH(decode_scaled<Encoding::f32>);
INTERTIE_BENCH(decode_scaled<Encoding::bf16>);

template <Encoding encoding>
void decode_add_scaled(benchmark::State& state) {
  const std::vector<std::byte> bytes(codec::encoded_size(encoding, kElements));
  Values sum(kElements);
  beside_ceiling(state, CeilingLoop<1, 1>(), 2 * kBytes + bytes.size(),
                 [&] { codec::decode_add_scaled(encoding, bytes, 0.5F, sum); });
}
INTERTIE_BENCH(decode_add_scaled<Encoding::f32>);
INTERTIE_BENCH(decode_add_scaled<Encoding::bf16>);

}  // namespace
}  // namespace intertie::bench

BENCHMARK_MAIN();
