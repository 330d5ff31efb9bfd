#include "intertie/status/summary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "intertie/base/units.h"
#include "intertie/status/event_table.h"
#include "intertie/status/event_words.h"
#include "intertie/status/figures.h"

namespace intertie::status {
namespace {

std::string row(const SiteFigures& site) {
  if (!site.has_log) return fmt::format("{:<12} has no event log here\n", site.site);
  if (!site.finished) return fmt::format("{:<12} has not finished\n", site.site);
  return fmt::format("{:<12} {:>9} {:>9} {:>9} {:>10} {:>7} {:>7} {:>7} {:>10} {:>10}\n", site.site, site.step,
                     fixed(site.loss, 3), fixed(site.validation_loss, 4), fixed(site.tokens_per_second, 0),
                     fixed(100 * site.computing, 1), fixed(100 * site.waiting, 1), fixed(100 * site.encoding, 1),
                     bytes_to_string(site.bytes_sent), bytes_to_string(site.bytes_received));
}

std::vector<std::string> without_logs(const RunFigures& run) {
  std::vector<std::string> names;
  for (const SiteFigures& site : run.sites) {
    if (!site.has_log) names.push_back(site.site);
  }
  return names;
}

// What is the same at all sites that are known, or that it is not.
std::string common(const RunFigures& run) {
  const FinalParameters parameters = final_parameters(run);
  if (!run.finished || parameters.sites.empty()) return {};
  const SiteFigures& first = *parameters.sites.front();
  if (parameters.other) return fmt::format("the parameters of {} and {} differ\n", first.site, parameters.other->site);
  const std::string who = who_has_them(run, parameters);
  return fmt::format("{} tokens in {}; final parameters {}{}\n", amount_to_string(run.tokens), seconds_to_string(first.seconds),
                     first.parameters_hash, who.empty() ? who : ", the same at " + who);
}

}  // namespace

std::string who_has_them(const RunFigures& run, const FinalParameters& parameters) {
  const std::size_t num = parameters.sites.size();
  if (num < 2 || parameters.other) return {};  // one is the same as nothing
  if (num == run.sites.size()) return "all sites";
  return fmt::format("the {} sites {}", num, without_logs(run).empty() ? "that stayed to the end" : "whose logs are here");
}

std::string lost_in_words(const RunFigures& run) {
  const std::vector<std::string> missing = without_logs(run);
  std::string words = "lost: nothing";
  if (!missing.empty()) words += " that the logs here know of";
  if (missing.empty() && !run.finished) words += " so far";
  if (!run.lost.empty()) {
    std::vector<std::string> parts;
    for (const LostSamples& lost : run.lost) {
      parts.push_back(fmt::format("{} tokens of {} ({})", amount_to_string(lost.tokens), lost.site,
                                  samples_in_words(names_in(lost.samples))));
    }
    constexpr std::size_t kShown = 3;
    const std::size_t more = parts.size() > kShown ? parts.size() - kShown : 0;
    parts.resize(parts.size() - more);
    words = fmt::format("lost: {}{}", fmt::join(parts, "; "), more > 0 ? fmt::format("; and {} more", more) : "");
  }
  if (run.given_up_tokens > 0) {
    words += fmt::format("; {} tokens that sites trained on while they were cut off", amount_to_string(run.given_up_tokens));
  }
  if (run.redone_tokens > 0) words += fmt::format("; {} tokens were trained on again", amount_to_string(run.redone_tokens));
  if (missing.size() == 1) words += fmt::format("; the log of {} is not here", missing.front());
  if (missing.size() > 1) words += fmt::format("; the logs of {} are not here", fmt::join(missing, ", "));
  return words;
}

std::string members_in_words(const RunFigures& run) {
  const std::uint64_t changes = run.num_member_changes;
  const std::string none =
      without_logs(run).empty() ? "the members did not change" : "the logs here know of no change of the members";
  std::string words = changes == 0   ? none
                      : changes == 1 ? "the members changed once"
                                     : fmt::format("the members changed {} times", changes);
  if (run.num_partial_merges > 0) {
    words += fmt::format("; {} of {} merges were made without some site", run.num_partial_merges, run.num_merges);
  }
  if (run.num_resumes > 0)
    words += fmt::format("; the run was resumed {}", run.num_resumes == 1 ? "once" : fmt::format("{} times", run.num_resumes));
  return words;
}

std::string summary_table(const RunFigures& run) {
  if (run.sites.empty()) return {};
  std::string table = fmt::format("{:<12} {:>9} {:>9} {:>9} {:>10} {:>7} {:>7} {:>7} {:>10} {:>10}\n", "site", "steps", "loss",
                                  "val loss", "tokens/s", "comp %", "wait %", "enc %", "sent", "received");
  for (const SiteFigures& site : run.sites) table += row(site);
  table += common(run);
  if (run.begun) table += lost_in_words(run) + "\n" + members_in_words(run) + "\n";
  if (run.emulated) table += "links were emulated on this machine\n";
  if (run.paced) table += "steps were paced\n";
  return table;
}

}  // namespace intertie::status
