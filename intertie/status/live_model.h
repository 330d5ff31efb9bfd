// LiveModel: a run as it is now, from the events of its sites and from what whoever shows it knows besides. live_view.h draws
// it. Values; pure; one thread.
//
//   LiveModel model({"ashburn", "columbus", "quincy"});
//   model.take(record);   // of any site; since_start counts from when the run began to be shown, for all of them
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <vector>

#include "intertie/status/event_words.h"
#include "intertie/status/recorder.h"

namespace intertie::status {

inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

enum class LiveState { starting, member, fetching, away, done, stopped };
enum class LiveWay { unknown, direct, relayed, cut };

struct LiveSite {
  std::string name;
  LiveState state = LiveState::starting;
  std::string fate;         // why it is away, in a word or two; may be empty
  bool runs = true;         // its process, where that is known
  bool takes_part = false;  // this start of it has entered a view
  std::int64_t step = 0;
  double loss = kUnknown;
  double tokens_per_second = kUnknown;
  double computing = kUnknown;  // shares of its time
  double waiting = kUnknown;
  double encoding = kUnknown;
};

struct LiveLink {
  std::size_t a = 0;  // in site order; a < b
  std::size_t b = 0;
  struct Direction {
    LiveWay way = LiveWay::unknown;
    std::string relay;
    double mbit_per_second = kUnknown;
    double rtt_ms = kUnknown;
  };
  Direction there;  // as a says
  Direction back;   // as b says
  bool cut_on_purpose = false;

  // The worse of what the two ends say: they need not have noticed at the same time.
  const Direction& worse() const;
};

struct LiveEvent {
  Duration at{0};
  std::string site;  // who says so; empty: it concerns all
  std::string words;
  Weight weight = Weight::usual;
};

struct LiveRun {
  std::string name;
  std::string method;
  bool emulated = false;
  bool paced = false;
  std::int64_t num_steps = 0;  // 0: not known yet
  std::int64_t step = 0;       // of the site that is ahead
  std::int64_t tokens = 0;
  std::int64_t version = 0;      // the newest that any site has committed
  std::int64_t checkpoint = -1;  // the newest complete one; below 0: none
  double validation_loss = kUnknown;
  std::int64_t validation_step = 0;
  double eta_seconds = kUnknown;  // as of eta_at
  Duration eta_at{0};
  bool stopping = false;
  std::int64_t view = 0;  // 0: none was entered yet
  std::vector<LiveSite> sites;
  std::vector<LiveLink> links;   // of every pair
  std::deque<LiveEvent> events;  // the newest last
};

class LiveModel {
 public:
  static constexpr std::size_t kMaxEvents = 200;

  explicit LiveModel(const std::vector<std::string>& site_names);
  void take(const Record& record);
  // What no event of a site says.
  void set_running(std::size_t site, bool runs, const std::string& fate);
  void set_cut(std::size_t a, std::size_t b, bool cut);
  void say(Duration at, std::string words, Weight weight = Weight::notable);

  const LiveRun& run() const { return run_; }
  const LiveLink& link(std::size_t a, std::size_t b) const;

 private:
  void take_run(const Record& record, LiveSite& site);
  void take_figures(const Record& record, LiveSite& site);
  void take_members(const Event& event, LiveSite& site);
  void enter_view(const Event& event, LiveSite& site);
  void forget_the_run_before();
  void take_link(const Event& event, std::size_t site);
  void note(const Record& record);
  LiveSite* find(const std::string& name);
  LiveLink::Direction* direction(std::size_t from, const std::string& to);

  LiveRun run_;
};

}  // namespace intertie::status
