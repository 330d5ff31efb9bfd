#include "intertie/cli/arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "intertie/base/nearest.h"
#include "intertie/base/version.h"

namespace intertie::cli {
namespace {

constexpr const char* kPurpose = "Trains one model over several sites.";

Error wrong(std::string what, std::string fix = {}) {
  return Error{.code = ErrorCode::reconfigure, .where = {}, .what = std::move(what), .fix = std::move(fix), .cause = nullptr};
}

// Everything that the parser writes into; one command is chosen.
struct Parsed {
  TrainOptions train;
  CheckOptions check;
  CaOptions ca;
  StatusOptions status;
  StopOptions stop;
  LeaveOptions leave;
  site::SampleCommand sample;
  ReportOptions report;
  ShardOptions shard;
  BenchOptions bench;
  DocsOptions docs;
};

void add_run_file(CLI::App& command, std::string& run_file, std::vector<std::string>& overrides) {
  command.add_option("RUN.toml", run_file, "the run file (docs/run-file.md)")->required();
  command.add_option("--set", overrides, "sets a key of the run file, e.g. sync.every=10; any number of times")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

void add_run(CLI::App& command, RunOptions& run) {
  add_run_file(command, run.run_file, run.overrides);
  command.add_option("--data", run.data, "files, patterns or folders to train on instead of [data] train")->type_name("PATH");
  command.add_flag("--json", run.json, "machine-readable output");
}

void add_train(CLI::App& app, Parsed& parsed) {
  CLI::App* command = app.add_subcommand("train", "trains: all sites on this machine, or one of them");
  add_run(*command, parsed.train.run);
  command->add_flag("--local", parsed.train.local, "starts every site on this machine; the links between them are emulated");
  command->add_option("--site", parsed.train.site, "starts this site; the others run elsewhere")->type_name("NAME");
  command->add_flag("--resume", parsed.train.resume, "goes on from the newest complete checkpoint");
  command->add_flag("--fresh", parsed.train.fresh, "begins anew and removes what an earlier start left");
  command->add_option("--script", parsed.train.script, "what happens to links and sites of a --local run, and when")
      ->type_name("FILE");
  command->add_option("--die-at", parsed.train.die_at, "kills this site's process at a place of a merge, for tests")
      ->type_name("VERSION:PLACE");
  command->add_flag("--plain", parsed.train.plain, "prints lines on a terminal, too, instead of the live view");
  command->add_flag("--dry-run", parsed.train.dry_run, "says what would be started, and starts nothing");
}

void add_address(CLI::App& command, RunOptions& run, std::string& at) {
  add_run_file(command, run.run_file, run.overrides);
  command.add_option("--at", at, "where a site of the run can be reached, if not where the run file says")
      ->type_name("HOST:PORT");
}

void add_visits(CLI::App& app, Parsed& parsed) {
  CLI::App* status = app.add_subcommand("status", "shows a run that goes on elsewhere");
  add_address(*status, parsed.status.run, parsed.status.at);
  status->add_flag("--once", parsed.status.once, "prints how things are now, and ends");
  status->add_flag("--plain", parsed.status.plain, "prints lines on a terminal, too, instead of the live view");
  status->add_flag("--json", parsed.status.run.json, "prints the events of all sites, each as a line of JSON");

  CLI::App* stop = app.add_subcommand("stop", "stops a run that goes on elsewhere, with a checkpoint");
  add_address(*stop, parsed.stop.run, parsed.stop.at);
  stop->add_option("--reason", parsed.stop.reason, "for the logs of the sites")->type_name("TEXT");
  stop->add_flag("--json", parsed.stop.run.json, "prints what has become of it as JSON");

  CLI::App* leave = app.add_subcommand("leave", "takes one site out of a run that goes on");
  add_address(*leave, parsed.leave.run, parsed.leave.at);
  leave->add_option("--site", parsed.leave.site, "the site that leaves")->type_name("NAME")->required();
  leave->add_option("--reason", parsed.leave.reason, "for the logs of the sites")->type_name("TEXT");
  leave->add_flag("--json", parsed.leave.run.json, "prints what has become of it as JSON");
}

void add_report(CLI::App& app, ReportOptions& report) {
  CLI::App* command = app.add_subcommand("report", "writes what a run's logs say as one HTML page");
  add_run_file(*command, report.run.run_file, report.run.overrides);
  command->add_option("--out", report.out, "the page to write; else report.html in the run's folder")->type_name("FILE.html");
  command->add_flag("--json", report.run.json, "prints the figures as JSON instead of the table");
  command->add_flag("--sample", report.sample, "has the newest checkpoint write a new sample first");
}

void add_bench(CLI::App& app, BenchOptions& bench) {
  CLI::App* command = app.add_subcommand("bench", "measures what merges cost over the run's links");
  command->add_option("KIND", bench.kind, "merge: merges of made-up contributions, one after another, at all sites")
      ->required()
      ->check(CLI::IsMember({"merge"}));
  add_run_file(*command, bench.merge.run_file, bench.merge.overrides);
  command->add_option("--site", bench.merge.site, "is this site; the others are started elsewhere")
      ->type_name("NAME")
      ->required();
  command->add_option("--size", bench.size, "of a contribution in f32")->type_name("SIZE")->capture_default_str();
  command->add_option("--merges", bench.merge.num_merges, "how many count; 1 to 100000")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000).description(""));
  command->add_option("--warm-ups", bench.merge.num_warm_ups, "how many come before; 0 to 1000")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000).description(""));
  command->add_option("--every", bench.every, "from the beginning of one merge to that of the next; 0 s: back to back")
      ->type_name("TIME")
      ->capture_default_str();
  command->add_option("--silence", bench.silence, "pause before those that count")->type_name("TIME")->capture_default_str();
  command->add_flag("--probe", bench.merge.probe, "probes the links first, and paces and schedules by what they carry");
  command->add_flag("--json", bench.merge.json, "machine-readable output");
}

void add_others(CLI::App& app, Parsed& parsed) {
  CLI::App* check = app.add_subcommand("check", "says whether a run file is right and what would happen");
  add_run(*check, parsed.check.run);
  check->add_option("--site", parsed.check.site, "on the machine of this site: looks at its certificate only")
      ->type_name("NAME");
  check->add_flag("--schedule", parsed.check.schedule, "shows the best schedule over the file's links, and what bounds it");

  CLI::App* ca = app.add_subcommand("ca", "makes the run's authority and certificates for its sites and visitors");
  add_run(*ca, parsed.ca.run);
  CLI::Option* only = ca->add_option("--site", parsed.ca.site, "only for this site")->type_name("NAME");
  CLI::Option* revoke =
      ca->add_option("--revoke", parsed.ca.revoke, "this site's or visitor's certificate counts no more; makes a new one")
          ->type_name("NAME")
          ->excludes(only);
  ca->add_flag("--no-new", parsed.ca.no_new, "makes no new one with --revoke")->needs(revoke);
  ca->add_flag("--renew", parsed.ca.renew, "replaces certificates that exist");
  ca->add_flag("--dry-run", parsed.ca.dry_run, "says what would be written, and writes nothing");

  CLI::App* sample = app.add_subcommand("sample", "writes text with the model of the newest checkpoint");
  add_run_file(*sample, parsed.sample.run_file, parsed.sample.overrides);
  sample->add_option("--site", parsed.sample.site, "whose checkpoint; else the first site's")->type_name("NAME");
  sample->add_option("--prompt", parsed.sample.prompt, "what the text begins with")->type_name("TEXT");
  const CLI::Validator not_negative([](const std::string& word) { return word.starts_with('-') ? "must not be negative" : ""; },
                                    "");
  const auto number = [&](const char* name, auto& value, const CLI::Validator& range, const char* meaning) {
    CLI::Validator nameless = range;  // the meaning says it
    sample->add_option(name, value, meaning)->type_name("N")->capture_default_str()->check(nameless.description(""));
  };
  number("--tokens", parsed.sample.tokens, CLI::Range(1, 1'000'000), "how many tokens to write; 1 to 1000000");
  number("--temperature", parsed.sample.temperature, CLI::Range(0.0, 100.0), "of the draws, 0 to 100; 0: always the likeliest");
  number("--top-k", parsed.sample.top_k, CLI::Range(0, 65536), "draws among so many likeliest; 0: all");
  number("--seed", parsed.sample.seed, not_negative, "of the draws");

  add_visits(app, parsed);
  add_report(app, parsed.report);

  CLI::App* shard = app.add_subcommand("shard", "encodes the run's text into ready-made .bin shards");
  add_run(*shard, parsed.shard.run);
  shard->add_option("--out", parsed.shard.out, "the folder to write")->type_name("FOLDER")->required();

  add_bench(app, parsed.bench);

  app.add_subcommand("docs", "prints a generated page of the documentation")
      ->add_option("PAGE", parsed.docs.page, "commands, run-file, events or exit-codes")
      ->type_name("NAME")
      ->required()
      ->check(CLI::IsMember({"commands", "run-file", "events", "exit-codes"}));
  app.add_subcommand("version", "prints the version");
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

void add_commands(CLI::App& app, Parsed& parsed) {
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("intertie ") + kVersion);
  add_train(app, parsed);
  add_others(app, parsed);
}

OptionHelp describe(const CLI::Option& option) {
  const bool flag = option.get_items_expected_max() == 0;
  const std::string name = option.get_positional() ? option.get_name() : "--" + option.get_lnames().front();
  const std::string value = flag || option.get_positional() ? "" : " " + option.get_type_name();
  return {.name = name + value, .fallback = option.get_default_str(), .meaning = option.get_description()};
}

// The first word that the parser had no use for.
Error unexpected(const CLI::App& app, const std::vector<std::string>& words) {
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  if (chosen.empty()) {
    const std::string close = words.empty() ? "" : nearest(words.front(), command_names(app));
    const std::string list = fmt::format("the commands are {}", fmt::join(command_names(app), ", "));
    if (words.empty()) return wrong("no command", list);
    return wrong(fmt::format("unknown command {:?}", words.front()),
                 close.empty() ? list : fmt::format("did you mean \"{}\"?", close));
  }
  const CLI::App& command = *chosen.front();
  const std::vector<std::string> extra = command.remaining().empty() ? app.remaining() : command.remaining();
  const std::string word = extra.empty() ? "" : extra.front().substr(0, extra.front().find('='));
  if (!word.starts_with("-")) return wrong(fmt::format("{}: {:?} is one argument too many", command.get_name(), word));
  const std::string close = nearest(word, option_names(command));
  return wrong(
      fmt::format("{}: unknown option {:?}", command.get_name(), word),
      close.empty() ? fmt::format("see intertie {} --help", command.get_name()) : fmt::format("did you mean {}?", close));
}

Error not_understood(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& words) {
  const bool extra = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  if (extra || app.get_subcommands().empty()) return unexpected(app, words);
  std::string what = error.what();
  std::replace(what.begin(), what.end(), '\n', ' ');
  const std::string command = app.get_subcommands().front()->get_name();
  return wrong(fmt::format("{}: {}", command, what), fmt::format("see intertie {} --help", command));
}

Result<Arguments> checked(TrainOptions train) {
  if (train.local == !train.site.empty()) {
    return wrong(train.local ? "train: --local and --site exclude each other" : "train: say which sites to start",
                 "write --local for all of them on this machine, or --site NAME for one");
  }
  if (!train.script.empty() && !train.local)
    return wrong("train: --script needs --local", "one site alone has no say over links");
  if (!train.die_at.empty() && train.local)
    return wrong("train: --die-at needs --site NAME", "a --script kills sites of a --local run");
  if (train.resume && train.fresh) return wrong("train: --resume and --fresh exclude each other", "choose one");
  return Arguments(std::move(train));
}

Result<Arguments> checked(BenchOptions bench) {
  const auto option = [](const char* name, Error error) {
    error.where = std::string("bench: ") + name;
    return error;
  };
  const Result<Bytes> size = parse_bytes(bench.size);
  if (!size) return option("--size", size.error());
  const Result<Duration> every = parse_duration(bench.every);
  if (!every) return option("--every", every.error());
  const Result<Duration> silence = parse_duration(bench.silence);
  if (!silence) return option("--silence", silence.error());
  bench.merge.size = *size;
  bench.merge.every = *every;
  bench.merge.silence = *silence;
  return Arguments(std::move(bench.merge));
}

Result<Arguments> chosen(const CLI::App& app, Parsed parsed) {
  const std::string name = app.get_subcommands().front()->get_name();
  if (name == "train") return checked(std::move(parsed.train));
  if (name == "check") return Arguments(std::move(parsed.check));
  if (name == "ca") return Arguments(std::move(parsed.ca));
  if (name == "status") return Arguments(std::move(parsed.status));
  if (name == "stop") return Arguments(std::move(parsed.stop));
  if (name == "leave") return Arguments(std::move(parsed.leave));
  if (name == "sample") return Arguments(std::move(parsed.sample));
  if (name == "report") return Arguments(std::move(parsed.report));
  if (name == "shard") return Arguments(std::move(parsed.shard));
  if (name == "bench") return checked(std::move(parsed.bench));
  if (name == "docs") return Arguments(std::move(parsed.docs));
  return Arguments(VersionOptions{});
}

Result<Arguments> site_command(std::vector<std::string> words) {
  words.erase(words.begin());
  INTERTIE_ASSIGN(site::SiteCommand command, site::parse_site_command(words));
  return Arguments(std::move(command));
}

}  // namespace

Result<Arguments> parse_arguments(std::vector<std::string> words) {
  // The site process of the toy problem: started by `train`, not by people.
  if (!words.empty() && words.front() == "site") return site_command(std::move(words));
  if (!words.empty() && words.front() == "help") {
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  CLI::App app(kPurpose, "intertie");
  Parsed parsed;
  add_commands(app, parsed);
  try {
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    const std::vector<CLI::App*> command = app.get_subcommands();
    if (command.empty() && !words.front().starts_with("-")) return unexpected(app, words);
    return Arguments(Text{command.empty() ? app.help() : command.front()->help("intertie")});
  } catch (const CLI::CallForVersion&) {
    return Arguments(VersionOptions{});
  } catch (const CLI::ParseError& error) {
    return not_understood(app, error, words);
  }
  return chosen(app, std::move(parsed));
}

std::vector<CommandHelp> command_help() {
  CLI::App app(kPurpose, "intertie");
  Parsed parsed;
  add_commands(app, parsed);
  std::vector<CommandHelp> commands;
  for (const CLI::App* command : app.get_subcommands({})) {
    CommandHelp& help = commands.emplace_back();
    help.name = command->get_name();
    help.meaning = command->get_description();
    for (const CLI::Option* option : command->get_options()) {
      if (option != command->get_help_ptr()) help.options.push_back(describe(*option));
    }
  }
  return commands;
}

}  // namespace intertie::cli
