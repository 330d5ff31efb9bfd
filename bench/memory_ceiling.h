// What memory allows, for benches of one-pass kernels: plain loops with as many streams of reads and writes, timed in turns
// with the kernel itself, so that a busy machine slows both. Bytes are those that the kernel must load and store; what the
// cache fetches besides (a line that is about to be overwritten) is not counted, on either side.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <vector>

namespace intertie::bench {

// Arrays are larger than the last-level cache of common machines when three or more are in use.
inline constexpr std::size_t kElements = std::size_t{16} << 20U;

using Values = std::vector<float>;

template <class Body>
double seconds(const Body& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

inline double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

// One cache line, in vectors that every x86-64 and Arm processor has.
struct alignas(64) Line {
  using Words [[gnu::vector_size(16)]] = std::uint64_t;
  Words words[4] = {};

  // Written out: a loop here would keep the sums in memory instead of registers.
  void add(const Line& other) {
    words[0] += other.words[0];
    words[1] += other.words[1];
    words[2] += other.words[2];
    words[3] += other.words[3];
  }
};

// One pass over arrays that are only read and arrays that are read and written, all at once, line by line, asking memory for
// what lies ahead: the least work that moves these bytes.
template <std::size_t num_read, std::size_t num_updated>
class CeilingLoop {
 public:
  static std::size_t num_bytes() { return kElements * sizeof(float) * (num_read + 2 * num_updated); }

  CeilingLoop() { arrays_.assign(num_read + num_updated, std::vector<Line>(kLines)); }

  void run() {
    Line* streams[num_read + num_updated];
    for (std::size_t k = 0; k < arrays_.size(); ++k) streams[k] = arrays_[k].data();
    Line sum;
    Line one{.words = {{1, 1}, {1, 1}, {1, 1}, {1, 1}}};
    benchmark::DoNotOptimize(one);  // a sum with a known value might be left out
    for (std::size_t i = 0; i < kLines; ++i) {
      for (Line* stream : streams) __builtin_prefetch(stream + i + kLinesAhead);
      for (std::size_t k = 0; k < num_read; ++k) sum.add(streams[k][i]);
      for (std::size_t k = num_read; k < arrays_.size(); ++k) streams[k][i].add(one);
    }
    benchmark::DoNotOptimize(sum);
    benchmark::ClobberMemory();
  }

 private:
  static constexpr std::size_t kLines = kElements * sizeof(float) / sizeof(Line);
  static constexpr std::size_t kLinesAhead = 64;
  std::vector<std::vector<Line>> arrays_;
};

// memcpy, for kernels that read one array and write another. It goes past the cache where that pays, which is more than a
// kernel may do whose result is read next: expect a share well below 1.
class CopyLoop {
 public:
  explicit CopyLoop(std::size_t elements) : from_(elements, 1), to_(elements, 1) {}
  std::size_t num_bytes() const { return 2 * from_.size() * sizeof(float); }
  void run() {
    std::memcpy(to_.data(), from_.data(), from_.size() * sizeof(float));
    benchmark::ClobberMemory();
  }

 private:
  Values from_, to_;
};

// Times `kernel`, which moves `bytes`, in turns with a CeilingLoop or CopyLoop. Reports medians: GB/s of both, and the kernel's
// share.
template <class Loop, class Kernel>
void beside_ceiling(benchmark::State& state, Loop loop, std::size_t bytes, const Kernel& kernel) {
  kernel(), loop.run();  // pages are there from now on
  std::vector<double> rates, ceilings, shares;
  for ([[maybe_unused]] auto _ : state) {
    const double at_ceiling = static_cast<double>(loop.num_bytes()) / seconds([&] { loop.run(); });
    const double time = seconds(kernel);
    state.SetIterationTime(time);
    rates.push_back(static_cast<double>(bytes) / time), ceilings.push_back(at_ceiling);
    shares.push_back(rates.back() / at_ceiling);
  }
  state.counters["GB/s"] = median(rates) / 1e9;
  state.counters["ceiling"] = median(ceilings) / 1e9;
  state.counters["share"] = median(shares);
}

}  // namespace intertie::bench

#define INTERTIE_BENCH(function) BENCHMARK(function)->UseManualTime()->Iterations(25)->Unit(benchmark::kMillisecond)
