#include "intertie/site/merge_bench.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <numeric>

#include "intertie/base/json.h"
#include "intertie/env/real/posix_disk.h"
#include "intertie/env/real/real_loop.h"
#include "intertie/env/real/real_network.h"
#include "intertie/env/real/real_worker.h"
#include "intertie/env/real/signals.h"
#include "intertie/env/real/text_output.h"
#include "intertie/reduce/bound.h"
#include "intertie/reduce/schedule.h"
#include "intertie/site/certificates.h"
#include "intertie/site/folders.h"
#include "intertie/site/forecast.h"
#include "intertie/site/output.h"
#include "intertie/site/run_file.h"
#include "intertie/trial/merge_trial.h"

namespace intertie::site {
namespace {

using trial::MergeTrial;
using trial::MergeTrialReport;
using trial::MergeTrialSettings;

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return of(used.ru_utime) + of(used.ru_stime);
}

wire::Reduction reduction_of(const RunFile& file) {
  return file.sync.gathers(file.sites.size()) ? wire::Reduction::gather : wire::Reduction::owners;
}

// What the sites of a bench must have in common, as the lines of a run file.
std::string bench_agreement(const RunFile& file, const MergeBenchCommand& command) {
  return fmt::format(
      "bench.size = {}\nbench.merges = {}\nbench.warm_ups = {}\nsync.encoding = {}\nsync.result_encoding = {}\n"
      "sync.reduction = {}\nrun.seed = {}\nbench.probe = {}\n",
      command.size.value, command.num_merges, command.num_warm_ups, to_string(file.sync.encoding),
      to_string(file.sync.result_encoding), file.sync.reduction, file.run.seed, command.probe);
}

reduce::Work work_of(const RunFile& file, const MergeBenchCommand& command) {
  reduce::Work work{.elements = command.size.value / sizeof(float), .element = element_bytes(file)};
  if (file.sync.reduction != "auto") work.reduction = reduction_of(file);
  return work;
}

Result<MergeTrialSettings> trial_settings(const RunFile& file, const MergeBenchCommand& command, SiteId self,
                                          std::chrono::system_clock::time_point now) {
  if (file.sites.size() < 2) return file.error("has one site: there is nothing to merge", "add a [[site]]");
  if (command.size.value < 4) return file.error("--size is less than one element", "write --size 64MiB");
  INTERTIE_ASSIGN(const auto addresses, file.addresses());
  std::vector<SiteId> members;
  MergeTrialSettings settings;
  settings.mesh.identity = {.run = file.run.name,
                            .self = self,
                            .site_names = {},
                            .incarnation = Incarnation{static_cast<std::uint64_t>(now.time_since_epoch().count())},
                            .agreement = hash_text(bench_agreement(file, command)),
                            .agreement_text = bench_agreement(file, command),
                            .data = {}};
  for (std::uint16_t i = 0; i < file.sites.size(); ++i) {
    members.push_back(SiteId{i});
    settings.mesh.identity.site_names.push_back(file.sites[i].name);
  }
  settings.mesh.addresses = addresses;
  settings.mesh.listen = file.listens_at(self);
  settings.mesh.paths = file.paths_from(self, false);
  settings.schedule = reduce::make_schedule(
      {.reduction = reduction_of(file), .members = members, .elements = command.size.value / sizeof(float)});
  if (command.probe) settings.probed_work = work_of(file, command);
  settings.encoding = file.sync.encoding;
  settings.result_encoding = file.sync.result_encoding;
  settings.num_warm_ups = command.num_warm_ups;
  settings.num_merges = command.num_merges;
  settings.every = command.every;
  settings.silence = command.silence;
  settings.seed = file.run.seed;
  settings.start_wait = file.run.start_wait;
  settings.lost_after = file.run.lost_after;
  return settings;
}

// What site 0 makes of the probe.
struct Plan {
  Duration predicted{0};
  Duration bound{0};  // that no schedule can be below
  std::string network;
};

struct Figures {
  MergeTrialReport report;
  std::optional<Plan> plan;
  double cpu = 0;  // seconds of this process while the merges that count were made
};

Plan plan_of(const reduce::Map& map, const reduce::Scheduled& best, const reduce::Work& work) {
  Plan plan{.predicted = best.predicted.time(), .bound = reduce::lower_bound(map, work).time()};
  for (std::size_t i = 0; i < map.num_sites(); ++i) {
    const reduce::Map::Site& site = map.site(i);
    plan.network += fmt::format("{}{} {} up, {} down", i == 0 ? "" : "; ", site.name, to_string(site.up), to_string(site.down));
  }
  return plan;
}

Duration median(std::vector<Duration> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

// The time that such a part of them, which are sorted, is below.
Duration part_of(const std::vector<Duration>& times, double part) {
  return times[std::min(times.size() - 1, static_cast<std::size_t>(part * static_cast<double>(times.size())))];
}

Json json_of(const RunFile& file, const MergeBenchCommand& command, const Figures& figures) {
  const auto seconds = [](const std::vector<Duration>& times) {
    Json all = Json::array();
    for (const Duration time : times) all.push(seconds_of(time));
    return all;
  };
  Json json = Json::object();
  json.set("site", command.site);
  json.set("num_sites", file.sites.size());
  json.set("size", command.size.value);
  json.set("encoding", to_string(file.sync.encoding));
  json.set("result_encoding", to_string(file.sync.result_encoding));
  json.set("merges", seconds(figures.report.merges));
  json.set("warm_ups", seconds(figures.report.warm_ups));
  json.set("elapsed", seconds_of(figures.report.elapsed));
  json.set("bytes_sent", figures.report.sent.value);
  json.set("bytes_received", figures.report.received.value);
  json.set("bytes_lost", figures.report.lost.value);
  json.set("bytes_sent_again", figures.report.sent_again.value);
  json.set("cpu_seconds", figures.cpu);
  json.set("congestion_control", figures.report.congestion_control);
  json.set("streams", figures.report.num_streams);
  if (const std::vector<Duration>& times = figures.report.round_trips; !times.empty()) {
    json.set("control_round_trips", Json::object({{"count", times.size()},
                                                  {"median", seconds_of(part_of(times, 0.5))},
                                                  {"p99", seconds_of(part_of(times, 0.99))},
                                                  {"most", seconds_of(times.back())}}));
  }
  json.set("result", to_string(figures.report.result));
  if (figures.plan) {
    json.set("predicted", seconds_of(figures.plan->predicted));
    json.set("bound", seconds_of(figures.plan->bound));
    json.set("network", figures.plan->network);
  }
  return json;
}

std::string table_of(const RunFile& file, const MergeBenchCommand& command, const Figures& figures) {
  const auto row = [](const char* name, const std::string& value) { return fmt::format("{:<10} {}\n", name, value); };
  const MergeTrialReport& report = figures.report;
  const auto [least, most] = std::minmax_element(report.merges.begin(), report.merges.end());
  const auto count = static_cast<double>(report.merges.size());
  const Duration total = std::accumulate(report.merges.begin(), report.merges.end(), Duration{0});
  const auto rate = [&](Bytes bytes) {  // every merge carries the same, the warm-ups too
    const double all = 8 * static_cast<double>(bytes.value) / (count + static_cast<double>(report.warm_ups.size()));
    return to_string(BitRate{all * count / seconds_of(total)});
  };
  const double gigabytes = count * static_cast<double>(command.size.value) / 1e9;
  const bool owners = report.reduction == wire::Reduction::owners;
  std::string out =
      row("merges", fmt::format("{} of {} in f32, {} sites, {}, {} on the wire", report.merges.size(), to_string(command.size),
                                file.sites.size(), owners ? "owners" : "gather", to_string(file.sync.encoding)));
  out += row("time",
             fmt::format("{} at the median, {} to {}", to_string(median(report.merges)), to_string(*least), to_string(*most)));
  if (figures.plan) {
    const double ratio = seconds_of(median(report.merges)) / seconds_of(figures.plan->bound);
    out += row("network", figures.plan->network);
    out += row("schedule", fmt::format("predicted {}; no schedule takes less than {}, of which the median is {:.2f} times",
                                       to_string(figures.plan->predicted), to_string(figures.plan->bound), ratio));
  }
  out += row("goodput", fmt::format("{} out, {} in, {}, {} streams at most", rate(report.sent), rate(report.received),
                                    report.congestion_control, report.num_streams));
  if (!report.round_trips.empty()) {
    out += row("control", fmt::format("round trips beside the merges {} at the median, {} at the 99th percentile, {} at most",
                                      to_string(part_of(report.round_trips, 0.5)), to_string(part_of(report.round_trips, 0.99)),
                                      to_string(report.round_trips.back())));
  }
  out += row("processor", fmt::format("{:.2f} s a merge at this site, {:.2f} s per GB of f32", figures.cpu / count,
                                      figures.cpu / gigabytes));
  return out + row("sum", fmt::format("{}, compared with what the sites contribute", to_string(report.result)));
}

Result<Figures> measure(const RunFile& file, const MergeBenchCommand& command, SiteId self) {
  env::real::PosixDisk disk;
  env::real::RealLoop loop;
  const std::string certificates = certificates_folder(file);
  INTERTIE_RETURN_IF_ERROR(check_certificate(disk, file, certificates, command.site, loop.wall()));
  INTERTIE_ASSIGN(const auto network,
                  env::real::RealNetwork::create(loop, {.run = file.run.name,
                                                        .site = command.site,
                                                        .tls = env::real::tls_files(certificates, command.site),
                                                        .congestion_control = file.sites[self.value].congestion_control}));
  INTERTIE_ASSIGN(MergeTrialSettings settings, trial_settings(file, command, self, loop.wall()));
  env::real::RealWorker worker(loop);
  env::real::TextOutput notes(STDERR_FILENO, {});
  Figures figures;
  MergeTrial trial(
      std::move(settings), {loop, worker, *network},
      {.note = [&notes](const std::string& note) { notes.write(note + "\n"); },
       .merged = [&notes](std::uint32_t number, std::uint32_t of,
                          Duration time) { notes.write(fmt::format("merge {}/{} {}\n", number, of, to_string(time))); },
       .scheduled = [&](const reduce::Map& map,
                        const reduce::Scheduled& best) { figures.plan = plan_of(map, best, work_of(file, command)); },
       .measuring = [&figures] { figures.cpu = -cpu_seconds(); },
       .measured = [&figures] { figures.cpu += cpu_seconds(); }});
  const env::real::Signals signals(loop, [&trial](int) { trial.stop(); });
  std::optional<Result<MergeTrialReport>> report;
  env::Task<Result<MergeTrialReport>> task = trial.run();
  loop.post([&] {
    task.start([&](Result<MergeTrialReport> done) {
      report = std::move(done);
      loop.stop();
    });
  });
  loop.run();
  INTERTIE_ASSIGN(figures.report, std::move(*report));
  return figures;
}

}  // namespace

Result<ExitCode> run_merge_bench(const MergeBenchCommand& command) {
  env::real::PosixDisk disk;
  INTERTIE_ASSIGN(const RunFile file, read_run_file(disk, command.run_file, command.overrides));
  INTERTIE_ASSIGN(const SiteId self, file.require_site(command.site));
  const Result<Figures> figures = measure(file, command, self);
  if (!figures && figures.error().code == ErrorCode::cancelled) return ExitCode::stopped;
  if (!figures) return figures.error();
  INTERTIE_RETURN_IF_ERROR(
      write_output(command.json ? json_of(file, command, *figures).dump() + "\n" : table_of(file, command, *figures)));
  return ExitCode::done;
}

}  // namespace intertie::site
