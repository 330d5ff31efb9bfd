// intertie status: what the sites of a run that goes on elsewhere tell a visitor: as the live view, as lines, as JSON, or once.
#include <fmt/format.h>

#include <csignal>
#include <map>
#include <optional>

#include "intertie/cli/commands.h"
#include "intertie/cli/live_page.h"
#include "intertie/cli/screen.h"
#include "intertie/cli/visiting.h"
#include "intertie/env/real/signals.h"
#include "intertie/site/noted_address.h"
#include "intertie/site/output.h"
#include "intertie/site/watched_run.h"
#include "intertie/status/console.h"

namespace intertie::cli {
namespace {

using env::real::Terminal;
using site::ExitCode;
using site::RunFile;
using site::Visitor;

constexpr Duration kTick = std::chrono::milliseconds(100);
constexpr Duration kAgain = std::chrono::seconds(2);  // after a site was found to be away
constexpr int kSnapshotWidth = 100;
constexpr int kSnapshotEvents = 10;

std::vector<std::string> names_of(const RunFile& file) {
  std::vector<std::string> names;
  for (const site::SiteSettings& site : file.sites) names.push_back(site.name);
  return names;
}

class Watching {
 public:
  Watching(env::Disk& disk, const RunFile& file, const StatusOptions& options, std::vector<Visitor::Target> targets)
      : disk_(disk),
        file_(file),
        options_(options),
        targets_(std::move(targets)),
        watched_(names_of(file), targets_.size()),
        errors_(targets_.size()),
        screen_(loop_, options.run.json) {}

  Result<ExitCode> run() {
    INTERTIE_ASSIGN(network_, network_of_visitor(disk_, loop_, file_, role_to_look_with(disk_, file_)));
    if (!options_.once && !options_.plain && !options_.run.json) terminal_ = Terminal::open();
    std::vector<int> signals_of_terminal;
    if (terminal_) signals_of_terminal = {SIGTSTP, SIGCONT, SIGWINCH};
    const env::real::Signals signals(
        loop_, [this](int signal) { signalled(signal); }, signals_of_terminal);
    loop_.post([this] { begin(); });
    loop_.run();
    if (is_cut_short()) show_news(loop_.now() + site::WatchedRun::kPatience);  // who has not answered is not waited for
    visitors_.clear();
    if (terminal_) terminal_->leave(without_blank_end(page({}, 1)));
    return outcome();
  }

 private:
  void begin() {
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      Visitor::Target& target = targets_[i];
      if (!options_.once) target.retry_every = kAgain;
      if (!target.site.empty()) watched_.expect(i, target.site);
      visitors_.push_back(std::make_unique<Visitor>(
          Visitor::Services{loop_, *network_}, target, wire::Visit{.run = file_.run.name},
          Visitor::Handlers{.admitted = [this, i](const wire::Admission& told) { watched_.admitted(i, told, loop_.now()); },
                            .lines =
                                [this, i](const wire::EventLines& lines) {
                                  watched_.take(i, lines);
                                  errors_[i].reset();
                                },
                            .tidings = [](const wire::Tidings&) {},
                            .away = [this, i](const Error& error) { away(i, error); }}));
      visitors_.back()->begin();
    }
    tick();
  }

  void show_news(env::TimePoint now) {
    for (const site::WatchedRun::Line& line : watched_.news(now)) {
      if (options_.run.json) {
        screen_.print(line.json + "\n");
      } else if (shows_lines()) {
        const std::string words = consoles_[line.record.site].line(line.record);
        if (!words.empty()) screen_.print(site::printable(words) + "\n");
      }
    }
  }

  void away(std::size_t visit, const Error& error) {
    errors_[visit] = error;
    const std::string words = watched_.away(visit, error, loop_.now());
    if (!words.empty() && !terminal_ && !options_.once) screen_.print_error(site::printable(words));
    // A site of this machine may begin only now, or at another port than before.
    if (options_.at.empty()) visitors_[visit]->set_addresses(site::addresses_to_try(disk_, file_, file_.sites[visit]));
  }

  void tick() {
    show_news(loop_.now());
    if (terminal_ && terminal_->read_keys().find('q') != std::string::npos) over_ = true;
    if (terminal_) draw();
    if (options_.once ? watched_.all_answered() : watched_.over() || is_hopeless() || screen_.is_lost()) over_ = true;
    if (over_) return loop_.stop();
    loop_.call_after(kTick, [this] { tick(); });
  }

  // Nobody ever answered, and waiting will not change that.
  bool is_hopeless() const {
    if (watched_.any_answered()) return false;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      const bool will_not_do = errors_[i] && errors_[i]->code == ErrorCode::reconfigure;
      if (!will_not_do && !targets_[i].addresses.empty()) return false;
    }
    return true;
  }

  // Of --once: it ends before all has come that was asked for.
  bool is_cut_short() const { return options_.once && interrupted_ && !watched_.all_answered(); }

  void signalled(int signal) {
    if (signal == SIGINT || signal == SIGTERM) over_ = interrupted_ = true;
    if (signal == SIGTSTP) terminal_->suspend();
    if (signal == SIGCONT) terminal_->went_on();
    drawn_.clear();
  }

  void draw() {
    std::vector<std::string> lines = page({.chosen = {}, .question = {}, .keys = {{"q", "quit; the run goes on"}}}, 0);
    if (lines == drawn_ && terminal_->keys() >= 0) return;
    terminal_->draw(lines);
    drawn_ = std::move(lines);
  }
  std::vector<std::string> page(const status::LiveFoot& foot, int lines_less) const {
    const Terminal::Size size = terminal_->size();
    return live_page(watched_.model().run(), foot, watched_.since_start(loop_.now()),
                     {size.width, std::max(1, size.height - lines_less)}, terminal_->traits());
  }
  std::string snapshot() const {
    const status::LiveRun& run = watched_.model().run();
    const int height = static_cast<int>(run.sites.size() + run.links.size()) + 7 + kSnapshotEvents;
    std::string text;
    for (const std::string& line : without_blank_end(live_page(
             run, {}, watched_.since_start(loop_.now()), {kSnapshotWidth, height}, {.colour = false, .unicode = false}))) {
      text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return text;
  }
  bool shows_lines() const { return !terminal_ && !options_.once && !options_.run.json; }

  Result<ExitCode> outcome() {
    std::vector<Error> errors;
    for (const auto& error : errors_) {
      if (error) errors.push_back(*error);
    }
    const bool cut_short = is_cut_short();
    const bool shows = watched_.any_answered() || (!cut_short && errors.empty());
    if (!shows && !cut_short && (options_.once || is_hopeless())) return nobody_answers(file_, errors);
    if (shows && options_.once && !options_.run.json) screen_.print(snapshot());
    screen_.settle();
    if (screen_.is_lost()) return screen_.has_no_reader() ? ExitCode::done : ExitCode::failed;  // which was said
    if (watched_.over()) screen_.print_error("the run has ended");
    for (const Error& error : errors) {
      if (options_.once && !watched_.over()) screen_.print_error(site::printable(error.message()));
    }
    if (!cut_short) return ExitCode::done;
    screen_.print_error("interrupted before all sites had answered");
    return ExitCode::stopped;
  }

  env::Disk& disk_;
  const RunFile& file_;
  const StatusOptions& options_;
  std::vector<Visitor::Target> targets_;
  env::real::RealLoop loop_;
  site::WatchedRun watched_;
  std::map<std::string, status::ConsoleLines> consoles_;  // by site
  std::vector<std::optional<Error>> errors_;              // of each visit, until the next is heard
  Screen screen_;
  std::unique_ptr<env::real::RealNetwork> network_;
  std::unique_ptr<Terminal> terminal_;
  std::vector<std::unique_ptr<Visitor>> visitors_;
  std::vector<std::string> drawn_;
  bool over_ = false;
  bool interrupted_ = false;
};

}  // namespace

Result<ExitCode> status(env::Disk& disk, const StatusOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);  // who reads along may leave, as `| head` does
  INTERTIE_ASSIGN(const RunFile file, load(disk, options.run));
  INTERTIE_ASSIGN(auto targets, targets_of(disk, file, {.at = options.at, .site = {}}));
  return Watching(disk, file, options, std::move(targets)).run();
}

}  // namespace intertie::cli
