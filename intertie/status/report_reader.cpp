// One site's log as a SiteHistory, line by line.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "intertie/status/event_table.h"
#include "intertie/status/event_words.h"
#include "intertie/status/report_history.h"

namespace intertie::status {
namespace {

// Beside what the timeline says in words: marks, and how sites and links were.
constexpr std::array<std::string_view, 3> kMarks = {"checkpoint.complete", "site.connected", "log.opened"};

bool is_happening(const Event& event) {
  return kind_of(event).in_report || std::find(kMarks.begin(), kMarks.end(), event.name) != kMarks.end();
}

// Figures beyond this are no measurements, and would make axes that show nothing.
constexpr double kLargest = 1e15;

double measured(const Event& event, const char* field) {
  const double value = number_of(event, field);
  return std::abs(value) <= kLargest ? value : std::numeric_limits<double>::quiet_NaN();
}

// Of sums: what is not finite or below 0 adds nothing.
double amount(const Event& event, const char* field) {
  const double value = measured(event, field);
  return value > 0 ? value : 0;
}

struct Shares {
  double computing = 0, waiting = 0, encoding = 0;
};

// Of one time: together no more than all of it.
Shares shares_of(const Event& event) {
  const auto share = [&](const char* field) { return std::min(1.0, amount(event, field)); };
  Shares shares{share("computing_share"), share("waiting_share"), share("encoding_share")};
  const double too_much = std::max(1.0, shares.computing + shares.waiting + shares.encoding);
  for (double* each : {&shares.computing, &shares.waiting, &shares.encoding}) *each /= too_much;
  return shares;
}

std::uint64_t whole(const Event& event, const char* field) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, integer_of(event, field)));
}

class SiteReader {
 public:
  explicit SiteReader(SiteHistory& site) : site_(site) {}

  void take(Record line) {
    if (line.event.name == "log.opened" || site_.starts.empty()) open(line);
    now_ = std::max(now_, base_ + seconds_of(line.since_start));
    start().end = now_;
    if (line.event.name == "log.opened") start().program = text_of(line.event, "program");
    take_life(line.event);
    take_figures(line.event);
    if (is_happening(line.event)) site_.happenings.push_back({now_, start().restart, std::move(line.event)});
  }

  // Removes what an earlier run of the same name left in the log: --fresh keeps the logs.
  void finish() {
    const double begin = new_run_began_;
    const auto earlier = [begin](const auto& point) { return point.at < begin; };
    std::erase_if(site_.starts, [begin](const Start& start) { return start.begin < begin; });
    std::erase_if(site_.shares, [begin](const SharePoint& share) { return share.begin < begin; });
    std::erase_if(site_.training, earlier);
    std::erase_if(site_.validation, earlier);
    std::erase_if(site_.merges, earlier);
    std::erase_if(site_.happenings, earlier);
    for (auto& [peer, points] : site_.links) {
      const auto first = std::find_if_not(points.begin(), points.end(), earlier);
      const double before = first == points.begin() ? 0 : std::prev(first)->bytes_sent;
      points.erase(points.begin(), first);
      for (LinkPoint& point : points) point.bytes_sent -= before;
    }
    std::erase_if(site_.links, [](const auto& link) { return link.second.empty(); });
  }

 private:
  struct Counter {
    double last = 0;   // as the log has it: since the program's start
    double total = 0;  // over all starts
    double add(double value) {
      const double grown = value >= last ? value - last : value;  // it began anew
      last = value;
      total += grown;
      return grown;
    }
  };
  struct Peer {
    Counter sent, received;
  };

  static constexpr double kNever = -1;

  Start& start() { return site_.starts.back(); }

  // A clock that was set back does not let a start begin before the one before it ended.
  void open(const Record& line) {
    const double end = site_.starts.empty() ? 0 : start().end;
    base_ = std::max(end, seconds_of(line.wall.time_since_epoch() - line.since_start));
    now_ = base_ + seconds_of(line.since_start);
    interval_began_ = now_;
    joined_ = takes_part_ = false;
    site_.starts.push_back({});
    start().begin = now_;
    for (auto& [name, peer] : peers_) peer.sent.last = peer.received.last = 0;
  }

  void take_figures(const Event& event) {
    if (event.name == "progress") take_progress(event);
    if (event.name == "link.measured") take_link(event);
    if (event.name == "merge.committed") take_merge(event);
    if (event.name == "evaluation") add_loss(site_.validation, event);
  }

  void take_life(const Event& event) {
    if (event.name == "run.started") {
      start().started = event;
      start().started_at = now_;
    }
    if (event.name == "error") start().error = event;
    if (event.name == "run.resumed") take_resumed(event);
    if (event.name == "join.began") {
      joined_ = true;
      start().restart = std::max(start().restart, whole(event, "restart"));
    }
    if (event.name == "run.finished") take_finished(event);
    if (begins_an_interval(event)) interval_began_ = now_;
    start().step = std::max(start().step, whole(event, "step"));
  }

  // From here on its time counts: what came before was waiting for the others, or a pause until it came back. A first view lets
  // a run begin; later ones change it.
  bool begins_an_interval(const Event& event) {
    const bool first_view = event.name == "view.entered" && !takes_part_;
    takes_part_ = takes_part_ || first_view || joined_;
    return first_view || event.name == "run.started" || event.name == "run.resumed" || event.name == "join.began";
  }

  void add_loss(std::vector<LossPoint>& points, const Event& event) {
    const LossPoint point{.at = now_, .tokens = measured(event, "tokens"), .loss = measured(event, "loss")};
    most_tokens_ = std::max(most_tokens_, amount(event, "tokens"));
    if (std::isfinite(point.tokens) && std::isfinite(point.loss)) points.push_back(point);
  }

  void take_progress(const Event& event) {
    add_loss(site_.training, event);
    const Shares shares = shares_of(event);
    const SharePoint point{.begin = interval_began_,
                           .end = now_,
                           .computing = shares.computing,
                           .waiting = shares.waiting,
                           .encoding = shares.encoding};
    const double seconds = point.end - point.begin;
    interval_began_ = now_;
    start().seconds += seconds;
    start().computing_seconds += seconds * point.computing;
    start().waiting_seconds += seconds * point.waiting;
    start().encoding_seconds += seconds * point.encoding;
    start().tokens += seconds * amount(event, "tokens_per_second");
    if (seconds > 0) site_.shares.push_back(point);
  }

  void take_link(const Event& event) {
    const std::string name = text_of(event, "peer");
    Peer& peer = peers_[name];
    start().bytes_sent += peer.sent.add(amount(event, "bytes_sent"));
    start().bytes_received += peer.received.add(amount(event, "bytes_received"));
    site_.links[name].push_back({.at = now_,
                                 .mbit_per_second = measured(event, "mbit_per_second"),
                                 .rtt_ms = amount(event, "rtt_ms"),
                                 .bytes_sent = peer.sent.total});
  }

  // A run that makes its first version again, and neither goes on from a checkpoint nor fetched what others have, began anew.
  void notice_new_run(std::uint64_t version) {
    if (version != 1 || joined_ || !start().resumed.name.empty() || new_run_began_ == start().begin) return;
    new_run_began_ = start().begin;
    most_tokens_ = 0;
  }

  void take_merge(const Event& event) {
    if (integer_of(event, "fragment") != 0) return;  // each fragment's merges count the same tokens
    notice_new_run(whole(event, "version"));
    site_.merges.push_back({.at = now_,
                            .version = whole(event, "version"),
                            .restart = start().restart,
                            .tokens = 0,
                            .merge_tokens = amount(event, "merge_tokens"),
                            .loss = measured(event, "loss"),
                            .set_size = whole(event, "set_size")});
  }

  void take_resumed(const Event& event) {
    start().resumed = event;
    start().restart = whole(event, "restart");
    start().resumed_tokens = amount(event, "tokens");
    start().redone_tokens = std::max(0.0, most_tokens_ - start().resumed_tokens);
    most_tokens_ = start().resumed_tokens;
  }

  void take_finished(const Event& event) {
    const double seconds = amount(event, "seconds");
    const Shares shares = shares_of(event);
    start().finished = event;
    start().seconds = seconds;
    start().computing_seconds = seconds * shares.computing;
    start().waiting_seconds = seconds * shares.waiting;
    start().encoding_seconds = seconds * shares.encoding;
    start().tokens = seconds * amount(event, "tokens_per_second");
    start().bytes_sent = amount(event, "bytes_sent");
    start().bytes_received = amount(event, "bytes_received");
  }

  SiteHistory& site_;
  double base_ = 0;
  double now_ = 0;
  double interval_began_ = 0;
  double most_tokens_ = 0;
  double new_run_began_ = kNever;
  bool joined_ = false;      // since the last log.opened
  bool takes_part_ = false;  // since then
  std::map<std::string, Peer> peers_;
};

}  // namespace

SiteHistory read_site(const SiteLog& log) {
  SiteHistory site;
  site.site = log.site;
  site.has_log = log.text.has_value();
  SiteReader reader(site);
  site.counts = read_log(log.text.value_or(""), [&](Record line) {
    if (line.site == site.site) return reader.take(std::move(line));
    ++site.num_of_others;  // the log was copied to where it does not belong, or two are in one file
  });
  site.counts.num_events -= site.num_of_others;
  reader.finish();
  return site;
}

}  // namespace intertie::status
