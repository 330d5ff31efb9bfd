#include "intertie/status/report_html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "intertie/base/version.h"
#include "intertie/status/figures.h"
#include "intertie/status/report_markup.h"
#include "intertie/status/report_sections.h"
#include "intertie/status/report_style.h"
#include "intertie/status/summary.h"

namespace intertie::status {
namespace {

// What a browser may do with the page: show it. Nothing is fetched and no script runs, whatever is in it.
constexpr const char* kPolicy = "default-src 'none'; style-src 'unsafe-inline'";

constexpr const char* kDefinitions =
    R"svg(<svg class="defs" aria-hidden="true"><defs><pattern id="stripes" width="6" height="6" patternUnits="userSpaceOnUse"
patternTransform="rotate(45)"><line x1="0" y1="0" x2="0" y2="6" class="stripe"/></pattern></defs></svg>
)svg";

std::string tag_of(std::string_view css, std::string_view words) {
  return element(css.empty() ? "span class=\"tag\"" : fmt::format("span class=\"tag {}\"", css), words);
}

std::string header(const RunHistory& history, const RunFigures& run) {
  const std::string method = run.method.empty() ? "" : escaped(run.method) + " over ";
  std::string sub = fmt::format("{}{} {}", method, run.num_sites, run.num_sites == 1 ? "site" : "sites");
  if (run.num_parameters > 0)
    sub += fmt::format(" &#183; {} parameters", amount_to_string(static_cast<double>(run.num_parameters)));
  if (history.began_wall_seconds > 0) {
    sub += fmt::format(" &#183; {} to {} UTC", utc_to_string(history.began_wall_seconds),
                       utc_to_string(history.ended_wall_seconds));
  }
  std::string tags = run.complete   ? tag_of("good", "complete")
                     : run.finished ? tag_of("mind", "stopped before its end")
                     : run.begun    ? tag_of("bad", "not finished")
                                    : tag_of("bad", "not begun");
  if (run.emulated) tags += tag_of("mind", "links emulated on one machine");
  if (run.paced) tags += tag_of("mind", "steps paced");
  if (run.num_resumes > 0)
    tags += tag_of("", fmt::format("resumed {}", run.num_resumes == 1 ? "once" : fmt::format("{} times", run.num_resumes)));
  return element("h1", escaped(history.texts.run)) + element("p class=\"sub\"", sub) + element("p class=\"badges\"", tags) +
         "\n";
}

std::string tile(const std::string& value, std::string_view meaning) {
  return element("div class=\"tile\"", element("b", value) + element("span", meaning));
}

std::string tiles(const RunHistory& history, const RunFigures& run) {
  double seconds = 0;
  double computing = 0;
  double sent = 0;
  for (const SiteFigures& site : run.sites) {
    sent += site.bytes_sent;
    if (!std::isfinite(site.computing)) continue;
    seconds += site.seconds;
    computing += site.seconds * site.computing;
  }
  const bool validated = std::isfinite(run.validation_loss);
  return element("div class=\"tiles\"",
                 tile(validated ? fixed(run.validation_loss, 4) : fixed(run.loss, 3),
                      validated ? "validation loss" : "training loss") +
                     tile(amount_to_string(run.tokens), "tokens") + tile(seconds_to_string(history.seconds), "running time") +
                     tile(amount_to_string(run.tokens_per_second), "tokens/s, all sites") +
                     tile(percent_to_string(seconds > 0 ? computing / seconds : std::nan("")), "of the time computing") +
                     tile(bytes_to_string(sent), "sent between sites")) +
         "\n";
}

std::string shown_state(const SiteFigures& site) {
  if (!site.has_log) return "no log here";
  if (!site.has_started) return "not begun";
  if (!site.finished) return "not finished";
  return site.complete ? "done" : site.left ? "left" : "stopped";
}

std::vector<Cell> site_row(const RunHistory& history, const SiteFigures& site) {
  const auto number = [](std::string text) { return Cell{std::move(text), "number"}; };
  return {{site_name(history, site.site), ""},
          {shown_state(site), site.finished ? "" : "bad"},
          number(std::to_string(site.step)),
          number(amount_to_string(site.tokens)),
          number(fixed(site.loss, 3)),
          number(fixed(site.validation_loss, 4)),
          number(amount_to_string(site.tokens_per_second)),
          number(percent_to_string(site.computing)),
          number(percent_to_string(site.waiting)),
          number(percent_to_string(site.encoding)),
          number(percent_to_string(site.other)),
          number(bytes_to_string(site.bytes_sent)),
          number(bytes_to_string(site.bytes_received))};
}

// Whether the sites ended with the same parameters, in words; empty if not all that are known have ended.
std::string parameters_note(const RunFigures& run) {
  const FinalParameters parameters = final_parameters(run);
  if (!run.finished || parameters.sites.size() < 2) return {};
  const SiteFigures& first = *parameters.sites.front();
  if (parameters.other) {
    return element("p class=\"lost bad\"",
                   fmt::format("The parameters of {} and {} differ.", escaped(first.site), escaped(parameters.other->site)));
  }
  return element("p class=\"key\"",
                 fmt::format("The final parameters are the same at {}, bit for bit ({}).", who_has_them(run, parameters),
                             element("span class=\"hash\"", escaped(first.parameters_hash))));
}

std::string sites_section(const RunHistory& history, const RunFigures& run) {
  std::vector<Cell> head = {{"site", ""}, {"", ""}};
  for (const char* name :
       {"steps", "tokens", "loss", "validation", "tokens/s", "computing", "waiting", "encoding", "other", "sent", "received"}) {
    head.push_back({name, "number"});
  }
  std::vector<std::vector<Cell>> rows;
  for (const SiteFigures& site : run.sites) rows.push_back(site_row(history, site));
  return section("Sites", table(head, rows) + parameters_note(run));
}

std::string versions_section(const RunHistory& history, const RunFigures& run) {
  std::vector<std::vector<Cell>> rows;
  for (const SiteFigures& site : run.sites) {
    rows.push_back({{site_name(history, site.site), ""},
                    {escaped(site.program), ""},
                    {escaped(site.trainer), ""},
                    {std::to_string(site.threads), "number"},
                    {std::to_string(site.num_starts), "number"},
                    {escaped(site.agreement), "hash"},
                    {escaped(site.data), "hash"}});
  }
  return section("Versions", table({{"site", ""},
                                    {"program", ""},
                                    {"trainer", ""},
                                    {"threads", "number"},
                                    {"starts", "number"},
                                    {"agreement", ""},
                                    {"text", ""}},
                                   rows));
}

std::string sample_section(const RunTexts& texts) {
  if (!texts.sample || texts.sample->empty()) return {};
  return section("A sample of the model", element("pre class=\"keep\"", escaped(*texts.sample)));
}

std::string run_file_section(const RunTexts& texts) {
  if (texts.run_file.empty()) return {};
  return section("Run file: " + escaped(texts.run_file_name.substr(texts.run_file_name.rfind('/') + 1)),
                 element("pre", escaped(texts.run_file)));
}

std::string footer(const RunHistory& history) {
  std::uint64_t events = 0;
  std::uint64_t unreadable = 0;
  std::uint64_t of_others = 0;
  std::string missing;
  for (const SiteHistory& site : history.sites) {
    events += site.counts.num_events;
    unreadable += site.counts.num_unreadable;
    of_others += site.num_of_others;
    if (!site.has_log) missing += (missing.empty() ? "" : ", ") + escaped(site.site);
  }
  std::string words = fmt::format("From {} events of {} sites, by intertie {}.", events, history.sites.size(), kVersion);
  if (!missing.empty()) words += fmt::format(" Without the logs of {}, which are not here.", missing);
  if (unreadable > 0) words += fmt::format(" {} lines could not be read and are left out.", unreadable);
  if (of_others > 0) words += fmt::format(" {} lines are of other sites than their log and are left out.", of_others);
  return element("footer", words) + "\n";
}

}  // namespace

std::string report_html(const RunHistory& history) {
  const RunFigures run = figures_of(history);
  const std::string head =
      "<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n" +
      fmt::format("<meta http-equiv=\"Content-Security-Policy\" content=\"{}\"/>\n", kPolicy) +
      element("title", escaped(history.texts.run) + ": report of a run") + "\n" + element("style", kReportStyle) + "\n";
  const std::string body = header(history, run) + tiles(history, run) + sites_section(history, run) +
                           loss_section(history, run) + events_section(history, run) + time_section(history) +
                           links_section(history, run) + sample_section(history.texts) + versions_section(history, run) +
                           run_file_section(history.texts) + footer(history);
  return "<!DOCTYPE html>\n" +
         element("html lang=\"en\"", "\n" + element("head", "\n" + head) + "\n" +
                                         element("body", "\n" + std::string(kDefinitions) + element("main", "\n" + body)) +
                                         "\n") +
         "\n";
}

}  // namespace intertie::status
