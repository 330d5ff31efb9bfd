// Quantities with units, and how people write them: "100 Mbit/s", "20 ms", "30 MW", "20 M tokens". Values; any thread.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "intertie/base/result.h"

namespace intertie {

using Duration = std::chrono::nanoseconds;

struct Bytes {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(const Bytes&, const Bytes&) = default;
  friend constexpr Bytes operator+(Bytes a, Bytes b) { return {a.value + b.value}; }
};

struct BitRate {
  double bits_per_second = 0;
  friend constexpr auto operator<=>(const BitRate&, const BitRate&) = default;
};

struct Watts {
  double value = 0;
  friend constexpr auto operator<=>(const Watts&, const Watts&) = default;
};

// Time that `bytes` take at `rate`; `rate` > 0.
constexpr Duration transfer_time(Bytes bytes, BitRate rate) {
  return Duration(static_cast<std::int64_t>(static_cast<double>(bytes.value) * 8e9 / rate.bits_per_second));
}

// Each takes a number, optionally a space, and a unit. Errors (reconfigure) carry `what` and an example in `fix`; the
// caller adds the place.
Result<BitRate> parse_bit_rate(std::string_view text);     // bit/s kbit/s Mbit/s Gbit/s Tbit/s
Result<Duration> parse_duration(std::string_view text);    // ns us ms s min h d
Result<Bytes> parse_bytes(std::string_view text);          // B kB MB GB TB KiB MiB GiB TiB
Result<Watts> parse_watts(std::string_view text);          // W kW MW GW
Result<std::uint64_t> parse_count(std::string_view text);  // 20, 20 k, 20 M, 1.5 B (1e9), 2 T (1e12); also "20_000"

// For people: three significant digits and the largest fitting unit, "94.1 Mbit/s", "1.25 GB", "3 min 20 s", "20.0 M".
std::string to_string(BitRate rate);
inline double seconds_of(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string to_string(Bytes bytes);
std::string to_string(Watts power);
std::string to_string(Duration duration);
std::string count_to_string(std::uint64_t count);

}  // namespace intertie
