#include "intertie/site/starts.h"

#include <fmt/format.h>

#include <utility>

namespace intertie::site {
namespace {

Error stopped(const std::string& reason) {
  return {.code = ErrorCode::cancelled, .where = "phase start", .what = "stopped: " + reason, .fix = {}, .cause = {}};
}

}  // namespace

void Starts::begin(std::function<void(Result<sync::Outcome>)> ended) {
  ended_ = std::move(ended);
  start(false);
}

void Starts::start(bool again) {
  pauses_ = false;
  run_.reset();  // its port and its memory are the next one's
  auto made = handlers_.make(again);
  if (!made) return ended_(made.error());
  run_ = std::move(*made);
  if (kept_stop_) run_->request_stop_once_member(*kept_stop_);
  run_->start([this](Result<sync::Outcome> outcome) { run_ended(std::move(outcome)); });
}

void Starts::run_ended(Result<sync::Outcome> outcome) {
  if (outcome || outcome.error().code != ErrorCode::rejoin) return ended_(std::move(outcome));
  if (asked_) return ended_(stopped(*asked_));
  if (run_->stop_is_ordered()) kept_stop_.reset();  // it has done what it was for, and is not for a run that is resumed later
  handlers_.warn(fmt::format("comes back in {}: {}", to_string(kPause), outcome.error().message()));
  pauses_ = true;
  timer_ = loop_.call_after(kPause, [this] { start(true); });
}

// Whether there is a Run to be asked.
bool Starts::runs_after(const std::string& reason) {
  asked_ = reason;
  if (!pauses_) return run_ != nullptr;
  loop_.cancel(timer_);
  pauses_ = false;
  ended_(stopped(reason));
  return false;
}

void Starts::request_stop(const std::string& reason) {
  if (runs_after(reason)) run_->request_stop(reason);
}

void Starts::request_stop_once_member(const std::string& reason) {
  kept_stop_ = reason;
  if (run_ && !pauses_) run_->request_stop_once_member(reason);
}

void Starts::request_leave(const std::string& reason) {
  if (runs_after(reason)) run_->request_leave(reason);
}

}  // namespace intertie::site
