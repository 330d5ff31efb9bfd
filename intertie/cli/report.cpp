// intertie report: the page, the table and the JSON of a run from its sites' event logs.
#include <fmt/format.h>

#include "intertie/cli/commands.h"
#include "intertie/cli/screen.h"
#include "intertie/env/real/real_loop.h"
#include "intertie/site/folders.h"
#include "intertie/site/output.h"
#include "intertie/status/report_html.h"
#include "intertie/status/report_json.h"
#include "intertie/status/summary.h"

namespace intertie::cli {
namespace {

using site::ExitCode;
using site::RunFile;

std::string_view text_in(const env::MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

// A sample is bytes as the model has them; the report shows it as a terminal would.
std::optional<std::string> sample_of(env::Disk& disk, const RunFile& file) {
  const std::string path = site::sample_file(file);
  if (!disk.exists(path)) return std::nullopt;
  const auto sample = disk.map(path);
  if (!sample) return std::nullopt;
  constexpr std::size_t kMost = 20'000;
  const std::string_view text = text_in(**sample);
  return site::printable(text.substr(text.size() - std::min(text.size(), kMost)));
}

bool has_log(env::Disk& disk, const RunFile& file) {
  return std::any_of(file.sites.begin(), file.sites.end(),
                     [&](const site::SiteSettings& site) { return disk.exists(site::event_log(file, site.name)); });
}

// Errors: a log that is there and cannot be read.
Result<status::RunHistory> history_of(env::Disk& disk, const RunFile& file) {
  std::vector<std::unique_ptr<env::MappedFile>> files;
  std::vector<status::SiteLog> logs;
  for (const site::SiteSettings& site : file.sites) {
    status::SiteLog& log = logs.emplace_back(status::SiteLog{.site = site.name, .text = std::nullopt});
    const std::string path = site::event_log(file, site.name);
    if (!disk.exists(path)) continue;
    INTERTIE_ASSIGN(files.emplace_back(), disk.map(path));
    log.text = text_in(*files.back());
  }
  return status::read_history(
      {.run = file.run.name, .run_file_name = file.path, .run_file = file.text, .sample = sample_of(disk, file)}, logs);
}

// Whole or not at all; but what somebody has made a link, a pipe or a device stays one.
Result<void> write_page(env::Disk& disk, const std::string& path, const status::RunHistory& history) {
  const std::string page = status::report_html(history);
  const auto bytes = std::as_bytes(std::span(page));
  if (!disk.leads_elsewhere(path)) return disk.write_atomically(path, bytes);
  INTERTIE_ASSIGN(const auto file, disk.create(path));
  return file->append(bytes);
}

// For a terminal too: much of it is other sites' words.
std::string table_of(const status::RunHistory& history) {
  return site::printable(status::summary_table(status::figures_of(history)));
}

Result<void> sample_anew(env::Disk& disk, const RunFile& file, const RunOptions& options) {
  if (file.model.kind == "toy") {
    return Error{.code = ErrorCode::reconfigure,
                 .where = file.path,
                 .what = "the toy problem writes no text",
                 .fix = "leave out --sample",
                 .cause = nullptr};
  }
  INTERTIE_ASSIGN(const std::string program, site_program(disk, file));
  const env::real::RealLoop clock;
  Screen screen(clock, options.json);
  const auto say = [&](const std::string& line) { screen.print_error(line); };
  write_sample({.disk = disk, .clock = clock, .file = file, .options = options, .program = program}, say, say);
  screen.settle();
  return {};
}

}  // namespace

std::string run_summary(env::Disk& disk, const RunFile& file) {
  const Result<status::RunHistory> history = history_of(disk, file);
  return history ? table_of(*history) : std::string();
}

void leave_report(env::Disk& disk, const RunFile& file, const std::function<void(const std::string& line)>& print_error) {
  if (!has_log(disk, file)) return;
  const Result<status::RunHistory> history = history_of(disk, file);
  if (!history) return print_error("no report: " + history.error().message());
  const Result<void> written = write_page(disk, site::report_file(file), *history);
  print_error(written ? "report: " + site::report_file(file) : "no report: " + written.error().message());
}

Result<ExitCode> report(env::Disk& disk, const ReportOptions& options) {
  INTERTIE_ASSIGN(const RunFile file, load(disk, options.run));
  if (!has_log(disk, file)) {
    return Error{.code = ErrorCode::reconfigure,
                 .where = file.run.folder,
                 .what = "no site of this run has an event log here",
                 .fix = "give the --set options that it was trained with, or copy SITE/events.jsonl from the sites' machines",
                 .cause = nullptr};
  }
  if (options.sample) INTERTIE_RETURN_IF_ERROR(sample_anew(disk, file, options.run));
  INTERTIE_ASSIGN(const status::RunHistory history, history_of(disk, file));
  const std::string out = options.out.empty() ? site::report_file(file) : options.out;
  INTERTIE_RETURN_IF_ERROR(write_page(disk, out, history));
  print_error("report: " + out);
  INTERTIE_RETURN_IF_ERROR(
      site::write_output(options.run.json ? status::report_json(history).dump(1) + "\n" : table_of(history)));
  return ExitCode::done;
}

}  // namespace intertie::cli
