// intertie stop and intertie leave: an operator asks a site, waits for what becomes of it, and says it.
#include <fmt/format.h>

#include <optional>

#include "intertie/base/json.h"
#include "intertie/cli/commands.h"
#include "intertie/cli/visiting.h"
#include "intertie/env/real/signals.h"
#include "intertie/site/output.h"

namespace intertie::cli {
namespace {

using site::ExitCode;
using site::RunFile;
using site::Visitor;

struct Question {
  const RunOptions& run;
  Whom whom;
  wire::Errand errand = wire::Errand::stop;
  std::string reason;
};

// Asks one site after the other until one answers; the answer is that of the first.
class Asking {
 public:
  Asking(const RunFile& file, const Question& question, std::vector<Visitor::Target> targets)
      : file_(file), question_(question), targets_(std::move(targets)) {}

  Result<ExitCode> run(env::Disk& disk) {
    INTERTIE_ASSIGN(network_, network_of_visitor(disk, loop_, file_, env::kOperatorRole));
    const env::real::Signals signals(loop_, [this](int) { interrupted(); });
    loop_.post([this] { visit_next(); });
    loop_.run();
    visitor_.reset();
    return *outcome_;
  }

 private:
  void visit_next() {
    const Visitor::Target& target = targets_[next_++];
    visitor_ = std::make_unique<Visitor>(
        Visitor::Services{loop_, *network_}, target,
        wire::Visit{.run = file_.run.name, .errand = question_.errand, .reason = question_.reason},
        Visitor::Handlers{.admitted = [this](const wire::Admission& admission) { site_ = admission.site; },
                          .lines = [](const wire::EventLines&) {},
                          .tidings = [this](const wire::Tidings& tidings) { hear(tidings); },
                          .away = [this](const Error& error) { away(error); }});
    visitor_->begin();
  }

  void hear(const wire::Tidings& tidings) {
    if (!question_.run.json) say(fmt::format("{}: {}\n", site_, tidings.words.text()));
    if (!tidings.final) return;
    if (question_.run.json) {
      say(Json::object({{"site", site_}, {"achieved", tidings.achieved}, {"words", tidings.words.text()}}).dump() + "\n");
    }
    if (tidings.achieved) return finish(ExitCode::done);
    finish(Error{.code = ErrorCode::give_up,
                 .where = "site " + site_,
                 .what = "what was asked for has not come about",
                 .fix = {},
                 .cause = {}});
  }

  // A site that had taken the request may have done anything since.
  void away(const Error& error) {
    if (!site_.empty()) {
      return finish(Error{.code = ErrorCode::retry,
                          .where = {},
                          .what = fmt::format("site {} took the request, and then the visit ended: {}", site_, error.message()),
                          .fix = fmt::format("'intertie status {}' says what has become of it", file_.path),
                          .cause = {}});
    }
    errors_.push_back(error);
    if (next_ == targets_.size()) return finish(nobody_answers(file_, errors_));
    loop_.post([this] { visit_next(); });
  }

  void interrupted() {
    if (site_.empty()) {
      return finish(Error{.code = ErrorCode::retry,
                          .where = fmt::format("run {}", file_.run.name),
                          .what = "interrupted before any site had answered: nothing was asked",
                          .fix = {},
                          .cause = {}});
    }
    print_error("no longer waited for; the request stands");
    finish(ExitCode::stopped);
  }
  void say(const std::string& text) {
    if (const Result<void> written = site::write_output(site::printable(text)); !written) finish(written.error());
  }
  void finish(Result<ExitCode> outcome) {
    if (!outcome_) outcome_ = std::move(outcome);
    loop_.stop();
  }

  const RunFile& file_;
  const Question& question_;
  std::vector<Visitor::Target> targets_;
  env::real::RealLoop loop_;
  std::unique_ptr<env::real::RealNetwork> network_;
  std::size_t next_ = 0;
  std::unique_ptr<Visitor> visitor_;
  std::string site_;  // that has taken the request
  std::vector<Error> errors_;
  std::optional<Result<ExitCode>> outcome_;
};

Result<ExitCode> ask_the_sites(env::Disk& disk, const RunFile& file, const Question& question) {
  INTERTIE_ASSIGN(auto targets, targets_of(disk, file, question.whom));
  return Asking(file, question, std::move(targets)).run(disk);
}

}  // namespace

Result<ExitCode> stop(env::Disk& disk, const StopOptions& options) {
  INTERTIE_ASSIGN(const RunFile file, load(disk, options.run));
  return ask_the_sites(
      disk, file,
      {.run = options.run, .whom = {.at = options.at, .site = {}}, .errand = wire::Errand::stop, .reason = options.reason});
}

Result<ExitCode> leave(env::Disk& disk, const LeaveOptions& options) {
  INTERTIE_ASSIGN(const RunFile file, load(disk, options.run));
  INTERTIE_RETURN_IF_ERROR(file.require_site(options.site));
  return ask_the_sites(disk, file,
                       {.run = options.run,
                        .whom = {.at = options.at, .site = options.site},
                        .errand = wire::Errand::leave,
                        .reason = options.reason});
}

}  // namespace intertie::cli
