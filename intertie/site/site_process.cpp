#include "intertie/site/site_process.h"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>

#include "intertie/base/float_mode.h"
#include "intertie/base/version.h"
#include "intertie/env/real/certificates.h"
#include "intertie/env/real/input_lines.h"
#include "intertie/env/real/posix_disk.h"
#include "intertie/env/real/real_loop.h"
#include "intertie/env/real/real_network.h"
#include "intertie/env/real/real_worker.h"
#include "intertie/env/real/signals.h"
#include "intertie/env/real/text_output.h"
#include "intertie/members/member.h"
#include "intertie/site/certificates.h"
#include "intertie/site/folders.h"
#include "intertie/site/launcher.h"
#include "intertie/site/local_links.h"
#include "intertie/site/noted_address.h"
#include "intertie/site/prepared_site.h"
#include "intertie/site/reception.h"
#include "intertie/site/site_output.h"
#include "intertie/site/starts.h"
#include "intertie/status/json_log.h"
#include "intertie/status/recorder.h"
#include "intertie/sync/run.h"

namespace intertie::site {
namespace {

constexpr const char* kLeftWords = "this site has left the run; the others go on, and it comes back with --resume\n";

// The objects of a running site, in the order in which they are made.
class Process {
 public:
  Process(PreparedSite& site, const SiteCommand& command)
      : site_(site),
        command_(command),
        output_(STDOUT_FILENO, {.json = command.json, .log = event_log(site.file, name())}),
        worker_(loop_),
        recorder_(loop_, name()) {}

  // What can be wrong with the input comes first, so that such a start leaves nothing behind.
  Result<sync::Outcome> run(env::Disk& disk, const ModelFactory& make_model) {
    INTERTIE_RETURN_IF_ERROR(open_network(disk));
    INTERTIE_RETURN_IF_ERROR(open_data(site_, disk));
    INTERTIE_RETURN_IF_ERROR(open_model(site_, make_model));
    INTERTIE_RETURN_IF_ERROR(disk.make_folders(site_.folder));
    INTERTIE_ASSIGN(lock_, disk.lock(site_.folder + "/lock"));
    INTERTIE_RETURN_IF_ERROR(open_log(disk));
    INTERTIE_ASSIGN(const auto noted, NotedAddress::write(disk, site_.file, name(), site_.addresses[site_.self.value]));
    recorder_.record(started_event(site_, links_ && links_->emulated()));
    warn();
    Starts starts(loop_, {.make = [this, &disk, &make_model](bool again) { return make_run(disk, make_model, again); },
                          .warn = [this](const std::string& message) { warn(message); }});
    Reception reception(loop_, reception_settings(), recorder_,
                        {.stop = [&starts](const std::string& reason) { starts.request_stop_once_member(reason); },
                         .leave = [this, &starts](const std::string& reason) { leave(starts, reason); }});
    reception_ = &reception;
    recorder_.add(reception);
    const env::real::Signals signals(loop_, [this, &starts](int) { interrupted(starts); });
    std::optional<env::real::InputLines> control;
    if (command_.control && links_) {
      control.emplace(loop_, STDIN_FILENO, [this, &starts](const std::string& line) { obey(line, starts); });
    }
    std::optional<Result<sync::Outcome>> outcome;
    loop_.post([&] {
      clear_flush_to_zero();
      starts.begin([&](Result<sync::Outcome> result) {
        outcome = std::move(result);
        // After the last events were consumed.
        loop_.post([this, &outcome] { reception_->end(*outcome, [this] { loop_.stop(); }); });
      });
    });
    worker_.run([] { clear_flush_to_zero(); }, [] {});
    loop_.run();
    return *outcome;
  }

 private:
  const std::string& name() const { return site_.settings().name; }

  ReceptionSettings reception_settings() const {
    const bool may_leave = site_.self != members::Member::holder() && site_.file.sites.size() > 1;
    return {.run = site_.file.run.name, .site = name(), .began = recorder_.start(), .may_leave = may_leave};
  }

  // The first site evaluates.
  const data::EvaluationWindows* validation() const {
    const auto& windows = site_.data->samples.validation;
    return site_.self == SiteId{0} && windows ? &*windows : nullptr;
  }

  // One that comes back begins with a new model, as any start does: the run may have begun anew meanwhile.
  Result<std::unique_ptr<sync::Run>> make_run(env::Disk& disk, const ModelFactory& make_model, bool again) {
    sync::RunSettings settings = run_settings(site_, command_);
    if (again) {
      site_.model.reset();
      INTERTIE_RETURN_IF_ERROR(open_model(site_, make_model));
      settings.resume = true;
      settings.fresh = false;
    }
    return std::make_unique<sync::Run>(
        std::move(settings),
        sync::RunServices{.loop = loop_,
                          .worker = worker_,
                          .network = *network_,
                          .disk = disk,
                          .model = *site_.model,
                          .samples = site_.data->samples.train,
                          .validation = validation(),
                          .events = recorder_,
                          .sums = sums_,
                          .visitor = [this](auto connection) { reception_->accept(std::move(connection)); },
                          .die = [] { std::raise(SIGKILL); }});
  }

  Result<void> open_network(env::Disk& disk) {
    INTERTIE_RETURN_IF_ERROR(check_certificate(disk, site_.file, site_.certificates, name(), loop_.wall()));
    INTERTIE_ASSIGN(network_,
                    env::real::RealNetwork::create(loop_, {.run = site_.file.run.name,
                                                           .site = name(),
                                                           .tls = env::real::tls_files(site_.certificates, name()),
                                                           .visitors = true,
                                                           .congestion_control = site_.settings().congestion_control}));
    if (!command_.local) return {};
    auto local = std::make_unique<LocalLinks>(loop_, std::move(network_), site_.file, site_.self);
    links_ = local.get();
    network_ = std::move(local);
    return links_->cut_from_the_start(command_.cut);
  }

  Result<void> open_log(env::Disk& disk) {
    const auto log_failed = [this](const Error& error) { warn(error.message()); };
    INTERTIE_ASSIGN(log_,
                    status::JsonLog::open(disk, event_log(site_.file, name()),
                                          status::log_opened(loop_, name(), fmt::format("intertie {}", kVersion)), log_failed));
    recorder_.add(*log_);
    recorder_.add(output_);
    return {};
  }

  // What a person should know of the run file and the text. The sites of a local run have them in common: the first speaks.
  void warn() {
    if (command_.local && site_.self != SiteId{0}) return;
    for (const std::string& key : site_.file.unused) warn("not used: " + key);
    for (const LinkSettings& link : site_.file.links) {
      if (!command_.local || link.used().size() == 1) continue;
      warn(fmt::format("--local: of the link between {} and {} the first path only", link.a, link.b));
    }
    for (const std::string& note : site_.data->corpus.notes) warn(note);
  }
  // A word of the launcher; one that is not understood changes nothing.
  void obey(const std::string& text, Starts& starts) {
    const Result<ControlLine> line = parse_control_line(text);
    if (line && line->kind == ControlLine::Kind::leave) return leave(starts, "asked to leave");
    const Result<void> done = line ? links_->obey(*line) : line.error();
    if (!done) warn("ignored: " + done.error().message());
  }
  void warn(const std::string& message) { recorder_.record({"warning", {{"message", message}}}); }

  // The store's holder cannot; it stops the run.
  void leave(Starts& starts, const std::string& reason) {
    if (reception_settings().may_leave) recorder_.record({"site.leaving", {{"reason", reason}}});
    starts.request_leave(reason);
  }

  // Whoever started all sites of a run stops it as a whole; else it is one site that goes.
  void interrupted(Starts& starts) {
    if (std::exchange(interrupted_, true)) std::_Exit(static_cast<int>(ExitCode::failed));
    const std::string reason = fmt::format("interrupted at {}", name());
    command_.local ? starts.request_stop(reason) : leave(starts, reason);
  }

  PreparedSite& site_;
  const SiteCommand& command_;
  SiteOutput output_;  // the last to go: what nobody reads holds up nothing else
  env::real::SignalsIgnoredAtEnd signals_ignored_at_end_;
  std::unique_ptr<env::Lock>
      lock_;  // of this site's folder: log, checkpoints and store have one writer, which the worker is too
  env::real::RealLoop loop_;
  env::real::RealWorker worker_;
  std::unique_ptr<env::Network> network_;
  LocalLinks* links_ = nullptr;     // of a local run: network_
  Reception* reception_ = nullptr;  // while it runs
  std::unique_ptr<status::JsonLog> log_;
  status::Recorder recorder_;
  sync::ProcessSums sums_;
  bool interrupted_ = false;
};

Result<sync::Outcome> prepare_and_run(const SiteCommand& command, const ModelFactory& make_model) {
  env::real::PosixDisk disk;
  INTERTIE_ASSIGN(PreparedSite site, prepare_site(command, disk));
  Process process(site, command);
  return process.run(disk, make_model);
}

}  // namespace

ExitCode run_site(const SiteCommand& command, const ModelFactory& make_model) {
  const Result<sync::Outcome> outcome = prepare_and_run(command, make_model);
  if (outcome && outcome->left) env::real::TextOutput(STDERR_FILENO, {}).write(kLeftWords);
  if (outcome) return outcome->stopped ? ExitCode::stopped : ExitCode::done;
  env::real::TextOutput(STDERR_FILENO, {}).write(kErrorPrefix + outcome.error().message() + "\n");
  return exit_code_of(outcome.error());
}

}  // namespace intertie::site
