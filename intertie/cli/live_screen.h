// LiveScreen: a local run on a terminal, drawn anew as its sites' events come, at most ten times a second, and its keys.
// Main's thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "intertie/cli/live_keys.h"
#include "intertie/env/clock.h"
#include "intertie/env/real/terminal.h"
#include "intertie/site/launcher.h"
#include "intertie/status/live_model.h"

namespace intertie::cli {

class LiveScreen final : public site::LaunchScreen {
 public:
  // `print_error` also gets what is no site's event: where standard error is not the terminal.
  LiveScreen(env::real::Terminal& terminal, const env::Clock& clock, const std::vector<std::string>& site_names,
             std::function<void(const std::string& line)> print_error);

  void show(std::size_t site, const site::SiteLine& line) override;
  void say(const std::string& line) override;
  void look_at(const site::Launch& launch) override;
  bool is_terminal() const override { return true; }
  int keys() const override { return terminal_.keys(); }
  std::vector<site::LaunchRequest> requests() override;
  void signalled(int signal) override;
  env::TimePoint deadline() const override;
  void draw() override;

  // The run is over: gives the terminal back, with the last state of the view left on it.
  void leave();

 private:
  std::vector<std::string> lines(const status::LiveFoot& foot, status::LiveSize size) const;
  Duration since_start() const { return clock_.now() - start_; }

  env::real::Terminal& terminal_;
  const env::Clock& clock_;
  env::TimePoint start_;
  std::vector<std::string> names_;
  std::function<void(const std::string&)> print_error_;
  status::LiveModel model_;
  LiveKeys keys_;
  std::vector<std::string> drawn_;
  env::TimePoint drawn_at_{};
  bool changed_ = true;
};

}  // namespace intertie::cli
