// Launch: what the local launcher decides while the sites of a run are processes of one machine. Sans-I/O: what happened goes
// in, what to do comes out; site/launcher.cpp performs it.
//
//   a request to stop         the first site (the store's holder) is asked, and stops the whole run at a checkpoint; if it is
//                             gone, no checkpoint can be agreed on: the others are asked, then told to, then killed
//   a second one              everybody is killed
//   a site ends well          the others have kEndWait to do so, too
//   a site is asked to leave  the others go on, and it can be brought back
//   a site fails or is killed the same (what the others can do alone is theirs to know); what becomes of the run is what
//                             becomes of the sites that finish
//   ... before the run began, or after a request to stop: the others are asked to stop, then told to, then killed
// Values; the launcher's thread.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "intertie/env/clock.h"
#include "intertie/site/control.h"
#include "intertie/site/exit_code.h"
#include "intertie/site/launch_request.h"

namespace intertie::site {

struct SendSignal {
  std::size_t site = 0;
  int signal = 0;
  friend bool operator==(const SendSignal&, const SendSignal&) = default;
};
struct Say {
  std::string line;  // of the launcher itself
  friend bool operator==(const Say&, const Say&) = default;
};
struct Tell {
  std::size_t site = 0;
  ControlLine line;
  friend bool operator==(const Tell&, const Tell&) = default;
};
struct StartAgain {
  std::size_t site = 0;
  std::vector<std::string> cut_from;  // the sites to which its links are cut from the start
  friend bool operator==(const StartAgain&, const StartAgain&) = default;
};
using LaunchAction = std::variant<SendSignal, Say, Tell, StartAgain>;
using LaunchActions = std::vector<LaunchAction>;

struct SiteEnd {
  int exit_code = 0, signal = 0;  // a signal that is not 0: died of it
};

class Launch {
 public:
  static constexpr Duration kAskWait = std::chrono::seconds(5);    // from asking the survivors of a failure to SIGTERM
  static constexpr Duration kTermWait = std::chrono::seconds(2);   // from there to SIGKILL
  static constexpr Duration kStopWait = std::chrono::seconds(10);  // after the first site stopped as asked
  static constexpr Duration kEndWait = std::chrono::minutes(2);    // after the first site ended well

  explicit Launch(std::vector<std::string> site_names);

  void failed_because(std::size_t site, std::string message);  // its own words: its last line that begins with "error: "
  LaunchActions ended(std::size_t site, SiteEnd end, env::TimePoint now);
  LaunchActions stop_requested(env::TimePoint now);
  // By keys or a script. A stop that was asked for is not asked for again, since that would kill.
  LaunchActions requested(const LaunchRequest& request, env::TimePoint now);
  LaunchActions time_passed(env::TimePoint now);
  void leaving(std::size_t site) { sites_[site].leaves = true; }  // it says that it was asked to, by whomever
  void begun() { begun_ = true; }  // the sites have come together: from now on the run survives the death of one

  bool all_ended() const;
  bool runs(std::size_t site) const { return !sites_[site].end; }
  bool is_cut(std::size_t site, std::size_t other) const;
  // Why it does not run, in a word or two ("killed", "died of signal 11"); empty where it runs, or ended well.
  std::string fate(std::size_t site) const;
  env::TimePoint deadline() const { return deadline_; }  // when time_passed() wants to be called, if anything is waited for

  struct Outcome {
    ExitCode code = ExitCode::done;
    std::string message;  // of the site whose failure explains the others'; empty when none failed
    bool began = false;   // the sites had come together
  };
  Outcome outcome() const;  // once all have ended

 private:
  enum class Phase { running, ending, asked, terminating };
  struct Site {
    std::string name, message;
    std::optional<SiteEnd> end;
    std::size_t order = 0;  // of ending
    bool asked = false;     // it ended without a word of its own after this launcher had told it to: an echo of a failure
    bool killed = false, leaves = false;  // on request
  };
  bool any_finished() const;
  LaunchActions cut_or_mend(const LaunchRequest& request);
  LaunchActions kill(std::size_t site);
  LaunchActions leave(std::size_t site);
  LaunchActions restore(std::size_t site);
  bool ends_all(const Site& site) const;
  bool stops_without_the_holder() const;
  LaunchActions end_without_the_holder(env::TimePoint now);
  static bool has_left(const Site& site);
  std::string words_of_end(const Site& site) const;
  LaunchActions ask_the_late(env::TimePoint now);
  LaunchActions signal_all(int signal) const;
  LaunchActions enter(Phase phase, Duration wait, int signal, env::TimePoint now);

  std::vector<Site> sites_;
  Phase phase_ = Phase::running;
  env::TimePoint deadline_ = env::TimePoint::max();
  std::size_t num_ends_ = 0;                           // with those of sites that were brought back
  std::set<std::pair<std::size_t, std::size_t>> cut_;  // links; the lower site first
  bool begun_ = false, stop_requested_ = false;
  bool given_up_ = false;        // a failure ends the others
  bool without_holder_ = false;  // the others could not agree on a checkpoint
};

}  // namespace intertie::site
