#include "intertie/cli/live_screen.h"

#include <algorithm>
#include <csignal>

#include "intertie/cli/live_page.h"

namespace intertie::cli {
namespace {

constexpr Duration kLeastTime = std::chrono::milliseconds(100);  // between two pages
constexpr Duration kMostTime = std::chrono::seconds(1);          // the clock in it goes on

}  // namespace

LiveScreen::LiveScreen(env::real::Terminal& terminal, const env::Clock& clock, const std::vector<std::string>& site_names,
                       std::function<void(const std::string&)> print_error)
    : terminal_(terminal),
      clock_(clock),
      start_(clock.now()),
      names_(site_names),
      print_error_(std::move(print_error)),
      model_(site_names),
      keys_(site_names) {}

void LiveScreen::show(std::size_t site, const site::SiteLine& line) {
  changed_ = true;
  if (line.record) return model_.take(*line.record);
  model_.say(since_start(), names_[site] + ": " + line.text);
  if (line.error_stream) print_error_(line.text);
}

void LiveScreen::say(const std::string& line) {
  changed_ = true;
  model_.say(since_start(), line);
  print_error_(line);
}

void LiveScreen::look_at(const site::Launch& launch) {
  changed_ = true;
  for (std::size_t a = 0; a < names_.size(); ++a) {
    model_.set_running(a, launch.runs(a), launch.fate(a));
    for (std::size_t b = a + 1; b < names_.size(); ++b) model_.set_cut(a, b, launch.is_cut(a, b));
  }
}

std::vector<site::LaunchRequest> LiveScreen::requests() {
  changed_ = true;
  return keys_.press(terminal_.read_keys(), model_);
}

void LiveScreen::signalled(int signal) {
  if (signal == SIGTSTP) terminal_.suspend();
  if (signal == SIGCONT) terminal_.went_on();
  changed_ = true;
  drawn_.clear();  // it has another size, or somebody else wrote on it
}

env::TimePoint LiveScreen::deadline() const { return drawn_at_ + (changed_ ? kLeastTime : kMostTime); }

void LiveScreen::draw() {
  changed_ = false;
  drawn_at_ = clock_.now();
  const auto size = terminal_.size();
  auto page = lines(terminal_.keys() < 0 ? status::LiveFoot{} : keys_.foot(), {size.width, size.height});
  if (page == drawn_ && terminal_.keys() >= 0) return;
  terminal_.draw(page);
  drawn_ = std::move(page);
}

void LiveScreen::leave() {
  const auto size = terminal_.size();
  terminal_.leave(without_blank_end(lines({}, {size.width, std::max(1, size.height - 1)})));
}

std::vector<std::string> LiveScreen::lines(const status::LiveFoot& foot, status::LiveSize size) const {
  return live_page(model_.run(), foot, since_start(), size, terminal_.traits());
}

}  // namespace intertie::cli
