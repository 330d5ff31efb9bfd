// The histories of a run's sites on one running time, and what only all of them together say.
#include "intertie/status/report_history.h"

#include <algorithm>
#include <cmath>

#include "intertie/status/event_table.h"

namespace intertie::status {
namespace {

constexpr double kPause = 60;  // seconds without any site that are cut out of the running time

// Maps seconds of the wall clock to running time.
class RunningTime {
 public:
  explicit RunningTime(const std::vector<SiteHistory>& sites) {
    std::vector<Span> spans;
    for (const SiteHistory& site : sites) {
      for (const Start& start : site.starts) spans.push_back({start.begin, start.end, 0});
    }
    std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
    for (const Span& span : spans) add(span);
  }

  double operator()(double wall) const {
    const auto after =
        std::upper_bound(spans_.begin(), spans_.end(), wall, [](double time, const Span& span) { return time < span.begin; });
    return after == spans_.begin() ? 0 : wall - std::prev(after)->offset;
  }
  bool empty() const { return spans_.empty(); }
  double began() const { return spans_.front().begin; }
  double ended() const { return spans_.back().end; }
  const std::vector<Pause>& pauses() const { return pauses_; }

 private:
  struct Span {
    double begin, end;
    double offset;  // of running time from the wall clock
  };

  void add(Span span) {
    if (spans_.empty()) {
      span.offset = span.begin;
      spans_.push_back(span);
      return;
    }
    Span& last = spans_.back();
    if (span.begin - last.end <= kPause) {
      last.end = std::max(last.end, span.end);
      return;
    }
    const double pause = span.begin - last.end;
    span.offset = last.offset + pause;
    pauses_.push_back({last.end - last.offset, pause});
    spans_.push_back(span);
  }

  std::vector<Span> spans_;  // by time, disjoint
  std::vector<Pause> pauses_;
};

void put_on(const RunningTime& time, SiteHistory& site) {
  for (Start& start : site.starts) {
    start.begin = time(start.begin);
    start.end = time(start.end);
    start.started_at = time(start.started_at);
  }
  for (LossPoint& point : site.training) point.at = time(point.at);
  for (LossPoint& point : site.validation) point.at = time(point.at);
  for (MergePoint& point : site.merges) point.at = time(point.at);
  for (Happening& happening : site.happenings) happening.at = time(happening.at);
  for (SharePoint& point : site.shares) {
    point.begin = time(point.begin);
    point.end = time(point.end);
  }
  for (auto& [peer, points] : site.links) {
    for (LinkPoint& point : points) point.at = time(point.at);
  }
}

// A merge's event says its own tokens; those of the run are the sum over the versions before it, from the checkpoint that the
// run went on from. A version that no log has counts nothing.
class TokensOfVersions {
 public:
  explicit TokensOfVersions(const std::vector<SiteHistory>& sites) {
    for (const SiteHistory& site : sites) {
      for (const Start& start : site.starts) {
        if (!start.resumed.name.empty()) begins_[start.restart] = start.resumed_tokens;
      }
      for (const MergePoint& merge : site.merges) tokens_[{merge.restart, merge.version}] = merge.merge_tokens;
    }
    std::uint64_t restart = 0;
    double sum = 0;
    for (auto& [merge, tokens] : tokens_) {
      if (merge.first != restart) sum = begins_[merge.first];
      restart = merge.first;
      sum += tokens;
      tokens = sum;
    }
  }
  double operator()(const MergePoint& merge) const { return tokens_.at({merge.restart, merge.version}); }

 private:
  std::map<std::uint64_t, double> begins_;                            // by restart
  std::map<std::pair<std::uint64_t, std::uint64_t>, double> tokens_;  // by restart and version
};

}  // namespace

RunHistory read_history(RunTexts texts, const std::vector<SiteLog>& logs) {
  RunHistory history;
  history.texts = std::move(texts);
  for (const SiteLog& log : logs) history.sites.push_back(read_site(log));
  const RunningTime time(history.sites);
  if (time.empty()) return history;
  history.began_wall_seconds = time.began();
  history.ended_wall_seconds = time.ended();
  history.seconds = time(time.ended());
  history.pauses = time.pauses();
  const TokensOfVersions tokens(history.sites);
  for (SiteHistory& site : history.sites) {
    put_on(time, site);
    for (MergePoint& merge : site.merges) merge.tokens = tokens(merge);
  }
  return history;
}

const Start* last_start(const SiteHistory& site) { return site.starts.empty() ? nullptr : &site.starts.back(); }

}  // namespace intertie::status
