// Starts: what one process of a site does about its runs: one Run after the other, as long as the members have gone on without
// this site and it can come back to them. Used by the process of a site, which makes the Run and everything under it.
// Owner thread: the loop. Create before the loop runs, keep until the callback has come.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "intertie/env/loop.h"
#include "intertie/sync/run.h"

namespace intertie::site {

class Starts {
 public:
  static constexpr Duration kPause = std::chrono::milliseconds(500);  // until the next start

  struct Handlers {
    // `again`: one that comes back, with what the members have, not with what is on this site's disk.
    std::function<Result<std::unique_ptr<sync::Run>>(bool again)> make;
    std::function<void(const std::string& message)> warn;
  };
  Starts(env::Loop& loop, Handlers handlers) : loop_(loop), handlers_(std::move(handlers)) {}
  ~Starts() { loop_.cancel(timer_); }
  Starts(const Starts&) = delete;
  Starts& operator=(const Starts&) = delete;

  void begin(std::function<void(Result<sync::Outcome>)> ended);
  // As those of Run. Between two starts, and once asked, this site does not come back.
  void request_stop(const std::string& reason);
  void request_leave(const std::string& reason);
  // As that of Run, and of every Run from then on until the order has come: this site comes back, and asks then.
  void request_stop_once_member(const std::string& reason);

 private:
  void start(bool again);
  void run_ended(Result<sync::Outcome> outcome);
  bool runs_after(const std::string& reason);

  env::Loop& loop_;
  Handlers handlers_;
  std::function<void(Result<sync::Outcome>)> ended_;
  std::unique_ptr<sync::Run> run_;
  bool pauses_ = false;
  std::optional<std::string> asked_;      // to stop or to leave: the reason
  std::optional<std::string> kept_stop_;  // as in Run
  env::TimerId timer_;
};

}  // namespace intertie::site
