#include "intertie/links/climb.h"

#include <algorithm>
#include <utility>

namespace intertie::links {
namespace {

constexpr double kCarried = 0.95;  // of the pace of a stage that was not too much
constexpr double kBelow = 0.95;    // of what the line carries
constexpr double kMostFall = 0.8;  // of the pace: one stage of bad luck undoes no more
constexpr double kLeastStep = 0.02, kMostStep = 0.2;
constexpr BitRate kMostAtFirst{10e6};
constexpr Bytes kFirstWindow{std::uint64_t{40} << 10U};  // what fresh streams send at once, without an answer
constexpr Bytes kLump{std::uint64_t{8} << 10U};          // in which packets are sent and acknowledged

BitRate rate_of(Bytes bytes, Duration time) { return {8 * static_cast<double>(bytes.value) / seconds_of(time)}; }

BitRate first_pace(Duration round_trip) {
  return {std::min(kMostAtFirst.bits_per_second, rate_of(kFirstWindow, std::max(round_trip, Duration(1))).bits_per_second)};
}

// Acknowledgements wait in queues of the other direction, and come in lumps; in a shorter time that would count for much.
Duration seen_for(BitRate pace) {
  return std::max<Duration>(std::chrono::milliseconds(60), transfer_time(Bytes{16 * kLump.value}, pace));
}

}  // namespace

Duration Climb::takes(Duration round_trip, BitRate rate) {
  Duration time{0};
  for (BitRate pace = first_pace(round_trip); pace.bits_per_second < rate.bits_per_second;) {
    time += round_trip + seen_for(pace);
    pace.bits_per_second *= 1 + kMostStep;
  }
  return time;
}

Climb::Climb(env::TimePoint now, Duration round_trip)
    : round_trip_(round_trip), began_(now), pace_(first_pace(round_trip)), step_(kMostStep) {}

bool Climb::note(const Delivered& delivered) {
  if (delivered.at < began_ + round_trip_) return false;
  if (!arrives_) arrives_ = delivered;
  if (delivered.at < arrives_->at + seen_for(pace_)) return false;
  const Delivered before = *std::exchange(arrives_, std::nullopt);
  began_ = delivered.at;
  pace_ = next(rate_between(before, delivered), rate_of(kLump, delivered.at - before.at));
  return true;
}

BitRate Climb::next(BitRate rate, BitRate doubt) {
  const double pace = pace_.bits_per_second;
  if (rate.bits_per_second + doubt.bits_per_second < kCarried * pace) {
    step_ = kLeastStep;
    return {std::max({kBelow * rate.bits_per_second, kMostFall * pace, kLeast.bits_per_second})};
  }
  const double step = std::exchange(step_, std::min(2 * step_, kMostStep));
  return {(1 + step) * pace};
}

}  // namespace intertie::links
