// Random: SplitMix64, seeded. The same seed gives the same numbers on every machine; any number of independent sequences come
// from `fork`. Also the stateless form `mix`, for functions of (seed, k). Values; one owner each.
#pragma once

#include <cstdint>

namespace intertie::env {

// A bijective mixing of 64 bits (the finaliser of SplitMix64, Steele, Lea, Flood 2014).
constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) : state_(seed) {}
  constexpr std::uint64_t next() {
    const std::uint64_t value = mix(state_);
    state_ += 0x9e3779b97f4a7c15ULL;
    return value;
  }
  // Uniform in [0, bound); bound > 0. (Multiply-shift; bias below 2^-32 for bounds below 2^32.)
  constexpr std::uint64_t below(std::uint64_t bound) {
    return static_cast<std::uint64_t>((static_cast<Product>(next()) * bound) >> 64);
  }
  // Uniform in [0, 1).
  constexpr double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  // A sequence of its own, by name of a purpose.
  constexpr Random fork(std::uint64_t purpose) const { return Random(mix(state_ ^ mix(purpose))); }
  constexpr std::uint64_t state() const { return state_; }

 private:
  __extension__ using Product = unsigned __int128;  // not ISO C++, but g++ and clang have it
  std::uint64_t state_;
};

}  // namespace intertie::env
