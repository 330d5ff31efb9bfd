#include "tools/wan/report.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "intertie/base/json.h"

namespace intertie::wan {
namespace {

double rounded(double seconds) { return std::round(seconds * 1e6) / 1e6; }

void add_counts(const Counts& counts, Json& to) {
  to.set("frames", counts.frames);
  to.set("packets", counts.packets);
  to.set("bytes", counts.bytes);
  to.set("lost", counts.lost);
  to.set("cut", counts.cut);
  to.set("dropped_up", counts.dropped_up);
  to.set("dropped", counts.dropped);
  to.set("dropped_down", counts.dropped_down);
}

bool is_empty(const Counts& counts) {
  return counts.packets + counts.lost + counts.cut + counts.dropped_up + counts.dropped + counts.dropped_down == 0;
}

Json line_report(const Options& options, const Way& way, const Counts& counts) {
  Json line = Json::object();
  line.set("from", options.sites[way.from]);
  line.set("to", options.sites[way.to]);
  line.set("path", way.path);
  add_counts(counts, line);
  return line;
}

Json line_reports(const Options& options, const Lines& lines) {
  Json reports = Json::array();
  for (std::size_t path = 0; path < options.paths; ++path) {
    for (std::size_t from = 0; from < options.sites.size(); ++from) {
      for (std::size_t to = 0; to < options.sites.size(); ++to) {
        const Way way{from, to, path};
        const Counts& counts = lines.counts(way);
        if (!is_empty(counts)) reports.push(line_report(options, way, counts));
      }
    }
  }
  return reports;
}

}  // namespace

void Lateness::add(Duration late) {
  ++counts_[static_cast<std::size_t>(std::clamp<std::int64_t>(late.count() / 1000, 0, kMost))];
}

std::int64_t Lateness::microseconds(double share) const {
  std::uint64_t all = 0;
  for (const std::uint64_t count : counts_) all += count;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen > 0 && static_cast<double>(seen) >= share * static_cast<double>(all)) return static_cast<std::int64_t>(i);
  }
  return 0;
}

std::uint64_t Lateness::num_too_late() const {
  return std::accumulate(counts_.begin() + kTooLate + 1, counts_.end(), std::uint64_t{0});
}

std::string report(const Options& options, const Lines& lines, const Work& work) {
  Json all = Json::object();
  all.set("seconds", rounded(work.seconds));
  all.set("cpu_seconds", rounded(work.cpu_seconds));
  add_counts(lines.all_counts(), all);
  all.set("strays", work.strays);
  all.set("refused", work.refused);
  Json late = Json::object();
  for (const auto& [name, share] : {std::pair("p50", 0.5), std::pair("p99", 0.99), std::pair("most", 1.0)}) {
    late.set(name, work.lateness.microseconds(share));
  }
  all.set("late_us", std::move(late));
  all.set("late_frames", work.lateness.num_too_late());
  all.set("lines", line_reports(options, lines));
  return all.dump();
}

}  // namespace intertie::wan
