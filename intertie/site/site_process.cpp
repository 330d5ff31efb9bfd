#include "intertie/site/site_process.h"

#include <fmt/format.h>

#include <cstdio>

#include "intertie/base/float_mode.h"
#include "intertie/base/version.h"
#include "intertie/data/corpus.h"
#include "intertie/env/real/certificates.h"
#include "intertie/env/real/cores.h"
#include "intertie/env/real/emulated_network.h"
#include "intertie/env/real/posix_disk.h"
#include "intertie/env/real/real_loop.h"
#include "intertie/env/real/real_network.h"
#include "intertie/env/real/real_worker.h"
#include "intertie/env/real/signals.h"
#include "intertie/site/folders.h"
#include "intertie/site/launcher.h"
#include "intertie/site/run_file.h"
#include "intertie/status/console.h"
#include "intertie/status/json_log.h"
#include "intertie/status/recorder.h"
#include "intertie/sync/run.h"
#include "intertie/train/toy.h"

namespace intertie::site {
namespace {

void print(const std::string& line) {
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

// Everything that is known before anything runs.
struct Prepared {
  RunFile file;
  SiteId self;
  std::string folder;  // of this site
  std::vector<env::Address> addresses;
  int threads = 1;
  data::Corpus corpus;
  std::optional<data::Sampler> samples;
  std::optional<data::EvaluationWindows> validation;  // at the first site, which evaluates
  std::unique_ptr<train::LocalStep> model;
};

Error input_error(const std::string& where, std::string what, std::string fix) {
  return {.code = ErrorCode::reconfigure, .where = where, .what = std::move(what), .fix = std::move(fix), .cause = {}};
}

Result<std::vector<env::Address>> addresses_of(const RunFile& file, const SiteCommand& command) {
  if (!command.addresses.empty()) return command.addresses;
  std::vector<env::Address> addresses;
  for (const SiteSettings& site : file.sites) {
    if (!site.address) {
      return input_error(file.path, fmt::format("site {} has no address", site.name),
                         "add address = \"host:7400\" to its [[site]], or use --local");
    }
    addresses.push_back(*site.address);
  }
  return addresses;
}

int threads_of(const RunFile& file, const SiteCommand& command) {
  if (file.train.threads > 0) return file.train.threads;
  const int sharing = command.local ? static_cast<int>(file.sites.size()) : 1;
  return std::max(1, env::real::available_cores() / sharing);
}

Result<void> open_data(Prepared& site, env::Disk& disk) {
  const data::ShardCache cache{.folder = data_folder(site.file), .writer = site.file.sites[site.self.value].name};
  INTERTIE_ASSIGN(site.corpus, data::open_corpus(site.file.data, disk, cache));
  for (const std::string& note : site.corpus.notes) print("note: " + note);
  const int length = site.file.train.sequence_length;
  auto samples = data::Sampler::make(site.corpus.train, length, site.file.run.seed);
  if (!samples) return samples.error();
  site.samples.emplace(std::move(*samples));
  const std::uint64_t sequences = site.file.tokens_per_step() / static_cast<std::uint64_t>(length);
  INTERTIE_RETURN_IF_ERROR(site.samples->check_step(sequences));
  const bool evaluates =
      site.self == SiteId{0} && site.file.train.evaluate_every.count > 0 && site.corpus.validation.size() > 0;
  if (!evaluates) return {};
  auto windows = data::EvaluationWindows::make(site.corpus.validation, length, static_cast<int>(sequences),
                                               site.file.train.evaluate_batches, site.file.run.seed);
  if (!windows) return windows.error();
  site.validation.emplace(std::move(*windows));
  return {};
}

Result<Prepared> prepare(const SiteCommand& command, const ModelFactory& make_model, env::Disk& disk) {
  Prepared site;
  INTERTIE_ASSIGN(site.file, read_run_file(disk, command.run_file, command.overrides, command.data));
  const std::optional<SiteId> self = site.file.find_site(command.site);
  if (!self) {
    std::string names;
    for (const SiteSettings& each : site.file.sites) names += (names.empty() ? "" : ", ") + each.name;
    return input_error(command.run_file, fmt::format("there is no site \"{}\"", command.site), "its sites are " + names);
  }
  site.self = *self;
  const SiteSettings& settings = site.file.sites[self->value];
  site.folder = site_folder(site.file, settings.name);
  INTERTIE_ASSIGN(site.addresses, addresses_of(site.file, command));
  site.threads = threads_of(site.file, command);
  INTERTIE_RETURN_IF_ERROR(disk.make_folders(site.folder));
  INTERTIE_RETURN_IF_ERROR(open_data(site, disk));
  train::ModelSettings model = site.file.model;
  if (model.vocab_size == 0) model.vocab_size = site.corpus.tokenizer.vocabulary_size();
  INTERTIE_ASSIGN(site.model, make_model({.model = model,
                                          .device = settings.device.empty() ? site.file.train.device : settings.device,
                                          .precision = site.file.train.precision,
                                          .threads = site.threads,
                                          .seed = site.file.run.seed}));
  return site;
}

sync::RunSettings run_settings(const Prepared& site, const SiteCommand& command) {
  const RunFile& file = site.file;
  sync::RunSettings settings{.run = file.run.name,
                             .self = site.self,
                             .site_names = {},
                             .addresses = site.addresses,
                             .num_merge_streams = {},
                             .batch_sizes = {},
                             .sequence_length = file.train.sequence_length,
                             .step_time = file.sites[site.self.value].step_time,
                             .sync = file.sync,
                             .train = file.train,
                             .folder = site.folder,
                             .resume = command.resume,
                             .fresh = command.fresh,
                             .agreement = hash_text(file.agreement()),
                             .agreement_text = file.agreement(),
                             .data = site.corpus.hash,
                             .start_wait = file.run.start_wait};
  settings.train.threads = site.threads;
  for (std::uint16_t i = 0; i < file.sites.size(); ++i) {
    settings.site_names.push_back(file.sites[i].name);
    settings.batch_sizes.push_back(file.batch_size(SiteId{i}));
    const LinkSettings* link = i == site.self.value ? nullptr : file.find_link(site.self, SiteId{i});
    const int streams = link && !link->paths.empty() ? link->paths.front().streams : PathSettings{}.streams;
    settings.num_merge_streams.push_back(static_cast<std::uint16_t>(streams));
  }
  return settings;
}

// The links of a local run that state a rate or a delay: made so on real sockets.
std::map<std::string, env::LinkProfile> emulated_links(const Prepared& site, const SiteCommand& command) {
  std::map<std::string, env::LinkProfile> links;
  if (!command.local) return links;
  for (std::uint16_t i = 0; i < site.file.sites.size(); ++i) {
    const LinkSettings* link = i == site.self.value ? nullptr : site.file.find_link(site.self, SiteId{i});
    if (!link || link->paths.empty()) continue;
    const PathSettings& path = link->paths.front();
    if (path.rate.bits_per_second <= 0 && path.round_trip.count() == 0) continue;
    links[site.file.sites[i].name] = {.rate = path.rate, .delay = path.round_trip / 2};
  }
  return links;
}

Event started(const Prepared& site, bool emulated) {
  const RunFile& file = site.file;
  return {"run.started",
          {{"run", file.run.name},
           {"method", std::string(file.sync.method == sync::Method::diloco ? "diloco" : "synchronous")},
           {"num_sites", static_cast<std::int64_t>(file.sites.size())},
           {"num_steps", static_cast<std::int64_t>(file.num_steps())},
           {"tokens_per_step", static_cast<std::int64_t>(file.tokens_per_step())},
           {"num_parameters", static_cast<std::int64_t>(site.model->layout().num_elements)},
           {"trainer", site.model->description()},
           {"threads", std::int64_t{site.threads}},
           {"agreement", to_string(hash_text(file.agreement()))},
           {"data", to_string(site.corpus.hash)},
           {"emulated", emulated},
           {"paced", file.sites[site.self.value].step_time.has_value()}}};
}

// The objects of a running site, in the order in which they are made.
class Process {
 public:
  Process(Prepared& site, const SiteCommand& command)
      : site_(site), command_(command), worker_(loop_), recorder_(loop_, name()) {}

  Result<sync::Outcome> run(env::Disk& disk) {
    INTERTIE_RETURN_IF_ERROR(open(disk));
    recorder_.record(started(site_, emulated_));
    sync::Run run(run_settings(site_, command_), {.loop = loop_,
                                                  .worker = worker_,
                                                  .network = *network_,
                                                  .disk = disk,
                                                  .model = *site_.model,
                                                  .samples = *site_.samples,
                                                  .validation = site_.validation ? &*site_.validation : nullptr,
                                                  .events = recorder_});
    const env::real::Signals signals(loop_, [this, &run](int) { interrupted(run); });
    std::optional<Result<sync::Outcome>> outcome;
    loop_.post([&] {
      clear_flush_to_zero();
      run.start([&](Result<sync::Outcome> result) {
        outcome = std::move(result);
        loop_.post([this] { loop_.stop(); });  // after the last events were consumed
      });
    });
    worker_.run([] { clear_flush_to_zero(); }, [] {});
    loop_.run();
    return *outcome;
  }

 private:
  std::string name() const { return site_.file.sites[site_.self.value].name; }

  Result<void> open(env::Disk& disk) {
    const std::string certificates = command_.certificates.empty() ? certificates_folder(site_.file) : command_.certificates;
    INTERTIE_ASSIGN(
        network_, env::real::RealNetwork::create(
                      loop_, {.run = site_.file.run.name, .site = name(), .tls = env::real::tls_files(certificates, name())}));
    if (const auto links = emulated_links(site_, command_); !links.empty()) {
      emulated_ = true;
      network_ = std::make_unique<env::real::EmulatedNetwork>(loop_, std::move(network_), links);
    }
    const auto log_failed = [](const Error& error) { print("note: the event log is no longer written: " + error.message()); };
    INTERTIE_ASSIGN(log_,
                    status::JsonLog::open(disk, event_log(site_.file, name()),
                                          status::log_opened(loop_, name(), fmt::format("intertie {}", kVersion)), log_failed));
    recorder_.add(*log_);
    if (command_.json) {
      recorder_.add(json_);
    } else {
      recorder_.add(console_);
    }
    return {};
  }

  void interrupted(sync::Run& run) {
    if (std::exchange(interrupted_, true)) std::_Exit(static_cast<int>(ExitCode::failed));
    run.request_stop(fmt::format("interrupted at {}", name()));
  }

  class JsonLines final : public status::Consumer {
    void consume(const status::Record& record) override {
      std::fputs(status::json_line(record).c_str(), stdout);
      std::fflush(stdout);
    }
  };

  Prepared& site_;
  const SiteCommand& command_;
  env::real::RealLoop loop_;
  env::real::RealWorker worker_;
  std::unique_ptr<env::Network> network_;
  bool emulated_ = false;
  std::unique_ptr<status::JsonLog> log_;
  status::Console console_{print};
  JsonLines json_;
  status::Recorder recorder_;
  bool interrupted_ = false;
};

Result<sync::Outcome> prepare_and_run(const SiteCommand& command, const ModelFactory& make_model) {
  env::real::PosixDisk disk;
  INTERTIE_ASSIGN(Prepared site, prepare(command, make_model, disk));
  Process process(site, command);
  return process.run(disk);
}

}  // namespace

Result<std::unique_ptr<train::LocalStep>> make_toy_only(const ModelRequest& request) {
  if (request.model.kind == "toy") return train::make_toy(request.model, request.seed);
  return Error{.code = ErrorCode::reconfigure,
               .where = "model.kind",
               .what = fmt::format("\"{}\" needs the program intertie-trainer", request.model.kind),
               .fix = "build it with ./dev build",
               .cause = {}};
}

ExitCode run_site(const SiteCommand& command, const ModelFactory& make_model) {
  const Result<sync::Outcome> outcome = prepare_and_run(command, make_model);
  if (outcome) return outcome->stopped ? ExitCode::stopped : ExitCode::done;
  std::fputs((kErrorPrefix + outcome.error().message() + "\n").c_str(), stderr);
  return exit_code_of(outcome.error());
}

}  // namespace intertie::site
