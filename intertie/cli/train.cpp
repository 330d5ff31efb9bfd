// intertie train: one site (which becomes this process) or all of them (which become its children).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <csignal>

#include "intertie/cli/commands.h"
#include "intertie/cli/live_screen.h"
#include "intertie/cli/screen.h"
#include "intertie/env/real/children.h"
#include "intertie/env/real/real_loop.h"
#include "intertie/env/real/terminal.h"
#include "intertie/site/folders.h"
#include "intertie/site/launcher.h"
#include "intertie/site/output.h"
#include "intertie/site/site_data.h"

namespace intertie::cli {
namespace {

using site::ExitCode;
using site::RunFile;

constexpr Duration kLiveInterval = std::chrono::seconds(2);  // of progress events, where somebody watches

site::SiteCommand command_of(const TrainOptions& options, const std::string& site) {
  return {.run_file = options.run.run_file,
          .site = site,
          .overrides = options.run.overrides,
          .data = options.run.data,
          .addresses = {},
          .certificates = {},
          .local = options.local,
          .resume = options.resume,
          .fresh = options.fresh,
          .json = options.run.json || options.local,  // the launcher makes lines of its sites' events
          .control = options.local,
          .cut = {},
          .die_at = options.die_at,
          .progress_every = {}};
}

std::vector<std::string> with_program(const std::string& program, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), program);
  return arguments;
}

Result<std::vector<site::LaunchedSite>> launched_sites(const TrainOptions& options, const RunFile& file,
                                                       const std::string& program, Duration progress_every) {
  INTERTIE_ASSIGN(const auto ports, env::real::free_loopback_ports(file.sites.size()));
  std::vector<env::Address> addresses;
  for (const std::uint16_t port : ports) addresses.push_back({"127.0.0.1", port});
  std::vector<site::LaunchedSite> launched;
  for (const site::SiteSettings& site : file.sites) {
    site::SiteCommand command = command_of(options, site.name);
    command.addresses = addresses;
    command.progress_every = progress_every;
    site::SiteCommand again = command;
    again.resume = true;
    again.fresh = false;
    launched.push_back({.name = site.name,
                        .command = with_program(program, command.arguments()),
                        .log = site::text_log(file, site.name),
                        .again = with_program(program, again.arguments())});
  }
  return launched;
}

struct LocalRun {
  env::Disk& disk;
  const env::Clock& clock;
  const TrainOptions& options;
  const RunFile& file;
  const std::string& program;
  Screen& screen;
};

Result<site::LaunchScript> read_script(env::Disk& disk, const TrainOptions& options, const RunFile& file) {
  if (options.script.empty()) return site::LaunchScript();
  INTERTIE_ASSIGN(const auto bytes, disk.read(options.script));
  std::vector<std::string> names;
  for (const site::SiteSettings& site : file.sites) names.push_back(site.name);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  INTERTIE_ASSIGN(auto lines, site::parse_script(text, options.script, names));
  return site::LaunchScript(std::move(lines));
}

using Sites = std::vector<site::LaunchedSite>;

Result<site::Launch::Outcome> run_with_lines(const LocalRun& run, const Sites& sites, const site::LaunchScript& script) {
  site::LineScreen lines([&run](const std::string& line) { run.screen.print(line + "\n"); },
                         [&run](const std::string& line) { run.screen.print_error(line); });
  return site::run_sites(
      sites, {.disk = run.disk, .clock = run.clock, .screen = lines, .json = run.options.run.json, .script = script});
}

Result<site::Launch::Outcome> run_with_view(const LocalRun& run, const Sites& sites, const site::LaunchScript& script,
                                            env::real::Terminal& terminal) {
  std::vector<std::string> names;
  for (const site::LaunchedSite& site : sites) names.push_back(site.name);
  LiveScreen live(terminal, run.clock, names, [&run](const std::string& line) {
    if (!run.screen.errors_are_on_a_terminal()) run.screen.print_error(line);
  });
  auto outcome = site::run_sites(sites, {.disk = run.disk, .clock = run.clock, .screen = live, .script = script});
  live.leave();
  return outcome;
}

// What can be wrong with the input is found before anything is written or started.
Result<ExitCode> train_locally(env::Disk& disk, const TrainOptions& options, const RunFile& file, const std::string& program) {
  const env::real::RealLoop clock;
  INTERTIE_ASSIGN(const site::LaunchScript script, read_script(disk, options, file));
  INTERTIE_RETURN_IF_ERROR(check_certificates(disk, file, clock.wall()));
  // Each site opens the text again, from the cache that this fills.
  INTERTIE_RETURN_IF_ERROR(site::open_site_data(file, disk, {.folder = site::data_folder(file), .writer = "launcher"}));
  INTERTIE_RETURN_IF_ERROR(make_missing_certificates(disk, file));
  const bool lines = options.plain || options.run.json;
  const auto terminal = lines ? nullptr : env::real::Terminal::open();
  INTERTIE_ASSIGN(const auto sites, launched_sites(options, file, program, terminal ? kLiveInterval : Duration(0)));
  Screen screen(clock, options.run.json);
  const LocalRun run{.disk = disk, .clock = clock, .options = options, .file = file, .program = program, .screen = screen};
  INTERTIE_ASSIGN(const site::Launch::Outcome outcome,
                  terminal ? run_with_view(run, sites, script, *terminal) : run_with_lines(run, sites, script));
  screen.settle();
  const auto print = [&screen](const std::string& line) { screen.print(line + "\n"); };
  const auto say = [&screen](const std::string& line) { screen.print_error(line); };
  if (outcome.code == ExitCode::done && !options.run.json) {
    screen.print(run_summary(disk, file));
    screen.settle();
    if (file.model.kind != "toy") {
      write_sample({.disk = disk, .clock = clock, .file = file, .options = options.run, .program = program}, print, say);
    }
  }
  // A start that never began, or that was refused, leaves the report of the run before it.
  if (outcome.began && outcome.code != ExitCode::input) leave_report(disk, file, say);
  if (!outcome.message.empty()) screen.print_error(site::kErrorPrefix + outcome.message);
  if (outcome.code == ExitCode::stopped) screen.print_error("stopped; go on with --resume");
  return outcome.code;
}

Result<ExitCode> say_what_would_start(const TrainOptions& options, const RunFile& file, const std::string& program) {
  for (const site::SiteSettings& site : file.sites) {
    if (!options.local && site.name != options.site) continue;
    const auto command = with_program(program, command_of(options, site.name).arguments());
    INTERTIE_RETURN_IF_ERROR(site::write_output(
        fmt::format("{}: {}\n  state in {}\n", site.name, fmt::join(command, " "), site::site_folder(file, site.name))));
  }
  return ExitCode::done;
}

}  // namespace

Result<ExitCode> train(env::Disk& disk, const TrainOptions& options) {
  // Who reads along may leave, as `| head` does. The sites that are started inherit this.
  if (!options.dry_run) std::signal(SIGPIPE, SIG_IGN);
  INTERTIE_ASSIGN(const RunFile file, load(disk, options.run));
  if (!options.local) {
    INTERTIE_RETURN_IF_ERROR(file.require_site(options.site));
    if (file.sites.size() > 1) INTERTIE_RETURN_IF_ERROR(file.addresses());
  }
  INTERTIE_ASSIGN(const std::string program, site_program(disk, file));
  if (options.dry_run) return say_what_would_start(options, file, program);
  INTERTIE_RETURN_IF_ERROR(check_devices(file, program, options.site));
  if (options.local) return train_locally(disk, options, file, program);
  return env::real::become(with_program(program, command_of(options, options.site).arguments()));
}

}  // namespace intertie::cli
