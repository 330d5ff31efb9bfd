// Axes of charts: round values between the ends of what is shown, with labels. Pure; any thread.
#pragma once

#include <string>
#include <vector>

namespace intertie::status {

struct Tick {
  double value = 0;
  std::string label;
};

struct Axis {
  double low = 0, high = 1;  // low < high
  std::vector<Tick> ticks;   // ascending, within
};

// What an axis has to show. Starts empty; values that are not finite are passed over.
struct Extent {
  double low = 1, high = 0;
  void add(double value);
  bool empty() const { return low > high; }
};

// Ticks at multiples of 1, 2 or 5 times a power of ten; about `wanted` of them; the axis ends at ticks. Labels have the
// decimals that tell them apart, and k, M, B or T where the values are large. An empty extent makes an axis from 0 to 1.
Axis number_axis(Extent extent, int wanted);
// The same without widening the ends.
Axis exact_axis(Extent extent, int wanted);
// Of running time from 0: ticks at round seconds, minutes, hours or days ("1 h 30 min").
Axis time_axis(double seconds, int wanted);

}  // namespace intertie::status
