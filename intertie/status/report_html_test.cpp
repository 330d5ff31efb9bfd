#include "intertie/status/report_html.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/status/markup_fixture.h"
#include "intertie/status/report_fixture.h"

namespace intertie::status {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kAttack = "</td></svg></pre><script>alert(1)</script>\"' onload='x' &lt;\x1b[31m";

// Two sites of three over a minute: b dies and comes back.
std::vector<LogBook> run_with_a_death(const std::string& reason) {
  std::vector<LogBook> logs = {LogBook("ashburn"), LogBook("columbus")};
  const auto each = [&](double at, const std::string& event, const LogBook::Fields& fields) {
    for (LogBook& log : logs) log.at(at).add(event, fields);
  };
  for (LogBook& log : logs) log.at(0).start({{"num_parameters", std::int64_t{836'096}}, {"trainer", reason}});
  each(1, "view.entered", {{"view", std::int64_t{1}}, {"members", std::string("ashburn,columbus")}, {"reason", reason}});
  for (std::int64_t i = 1; i <= 12; ++i) {
    const double at = 5.0 * static_cast<double>(i);
    if (i == 7) {
      logs[0].at(at - 1).add("view.entered",
                             {{"view", std::int64_t{2}}, {"members", std::string("ashburn")}, {"reason", reason}});
      logs[0].add("samples.lost", {{"peer", std::string("columbus")},
                                   {"version", std::int64_t{4}},
                                   {"samples", std::string("120-159")},
                                   {"lost_tokens", std::int64_t{2560}}});
    }
    if (i == 9) logs[1].at(at - 3).start().add("join.began", {{"donor", reason}}).add("join.finished");
    const LogBook::Fields progress = {
        {"step", 10 * i},          {"tokens", 1000 * i},     {"loss", 4.0 - 0.1 * static_cast<double>(i)},
        {"computing_share", 0.75}, {"waiting_share", 0.125}, {"tokens_per_second", 200.0}};
    for (std::size_t site = 0; site < 2; ++site) {
      if (site == 1 && (i == 7 || i == 8)) continue;
      logs[site].at(at).add("progress", progress);
      logs[site].add("link.measured", {{"peer", std::string(site == 0 ? "columbus" : "ashburn")},
                                       {"mbit_per_second", 80.0 + static_cast<double>(i)},
                                       {"rtt_ms", 40.5},
                                       {"bytes_sent", 1'000'000 * i}});
    }
  }
  each(60, "warning", {{"message", reason}});
  each(61, "run.finished", {{"step", std::int64_t{120}}, {"complete", true}, {"seconds", 60.0}, {"parameters_hash", reason}});
  return logs;
}

RunHistory history_of(const std::vector<LogBook>& logs, RunTexts texts) {
  std::vector<SiteLog> read;
  for (const LogBook& log : logs) read.push_back(log.read());
  return read_history(std::move(texts), read);
}

TEST(ReportHtml, IsClosedEverywhereAndNeedsNothingElse) {
  const std::string page = report_html(
      history_of(run_with_a_death("columbus was silent"), {.run = "demo", .run_file = "[run]\n", .sample = "def x"}));
  EXPECT_EQ(markup_fault(page), "");
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("src=")));
  EXPECT_THAT(page, Not(HasSubstr("href=")));
  EXPECT_THAT(page, Not(HasSubstr("http:")));
  EXPECT_THAT(page, Not(HasSubstr("https:")));
  EXPECT_THAT(page, Not(HasSubstr("@import")));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(page, Not(HasSubstr("nan")));
}

TEST(ReportHtml, TheCheckerFindsFaults) {
  const std::string page = report_html(history_of(run_with_a_death("x"), {.run = "demo"}));
  const auto without = [&](const std::string& piece) {
    std::string broken = page;
    broken.erase(broken.rfind(piece), piece.size());
    return markup_fault(broken);
  };
  for (const char* piece : {"</td>", "</svg>", "</figure>", "</main>", "</section>", "/>", "\"/>"})
    EXPECT_NE(without(piece), "") << piece;
  EXPECT_NE(markup_fault("<!DOCTYPE html>\n<p>a & b</p>"), "");
  EXPECT_NE(markup_fault("<!DOCTYPE html>\n<p title=\"x>y\"</p>"), "");
}

TEST(ReportHtml, SaysWhatHappened) {
  const std::string page =
      report_html(history_of(run_with_a_death("it was silent for 3 s"), {.run = "demo",
                                                                         .run_file_name = "/home/me/demo.toml",
                                                                         .run_file = "[run]\nname = \"demo\"",
                                                                         .sample = "def read(self)"}));
  const std::string words = words_in(page);
  for (const char* expected : {"demo", "diloco over 2 sites", "836 k parameters", "complete", "12.0 k",
                               "view 2 from version 0 on: ashburn; it was silent for 3 s", "columbus records nothing more",
                               "Lost: 2.56 k tokens of columbus (samples 120-159).", "The members changed once.",
                               "def read(self)", "name = &quot;demo&quot;", "Run file: demo.toml", "intertie 0.1.0", "12.0 MB",
                               "87.0", "loss (nats per token)", "Mbit/s from ashburn"}) {
    EXPECT_THAT(words, HasSubstr(expected));
  }
}

LogBook ended_log(const std::string& site, const std::string& parameters, bool left = false) {
  LogBook log(site);
  log.at(0).start().at(5).add("progress", {{"loss", 2.0}, {"tokens", std::int64_t{900}}});
  log.at(61).add("run.finished", {{"complete", !left}, {"left", left}, {"seconds", 60.0}, {"parameters_hash", parameters}});
  return log;
}

TEST(ReportHtml, SaysWhoHasTheFinalParameters) {
  const auto page = [](const std::vector<LogBook>& logs, bool one_is_missing = false) {
    std::vector<SiteLog> read;
    for (const LogBook& log : logs) read.push_back(log.read());
    if (one_is_missing) read.push_back({"d", std::nullopt});
    return report_html(read_history({}, read));
  };
  const LogBook a = ended_log("a", "77"), b = ended_log("b", "77"), other = ended_log("b", "88");
  EXPECT_THAT(page({a, b}), HasSubstr("are the same at all sites, bit for bit"));
  EXPECT_THAT(page({a, b}, true), HasSubstr("are the same at the 2 sites whose logs are here, bit for bit"));
  EXPECT_THAT(page({a, other}, true), HasSubstr("The parameters of a and b differ."));
  const std::string left = page({a, b, ended_log("c", "88", true)});
  EXPECT_THAT(left, HasSubstr("are the same at the 2 sites that stayed to the end, bit for bit"));
  EXPECT_THAT(left, Not(HasSubstr("stopped before its end")));
}

TEST(ReportHtml, NothingFromLogsOrFilesBecomesMarkup) {
  std::vector<LogBook> logs = run_with_a_death(kAttack);
  logs.emplace_back(kAttack).start().at(50).add("link.changed", {{"peer", kAttack}, {"state", kAttack}, {"message", kAttack}});
  logs.back().add("link.measured", {{"peer", kAttack}, {"mbit_per_second", 3.0}}).add("view.entered", {{"members", kAttack}});
  const std::string page =
      report_html(history_of(logs, {.run = kAttack, .run_file_name = kAttack, .run_file = kAttack, .sample = kAttack}));
  EXPECT_EQ(markup_fault(page), "");
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("' onload")));
  EXPECT_THAT(page, HasSubstr("&lt;/svg&gt;&lt;/pre&gt;&lt;script&gt;"));
  EXPECT_THAT(page, HasSubstr("&amp;lt;")) << "an entity in a log is text too";
}

TEST(ReportHtml, TheSameLogsMakeTheSameBytes) {
  const std::vector<LogBook> logs = run_with_a_death("x");
  EXPECT_EQ(report_html(history_of(logs, {.run = "demo"})), report_html(history_of(logs, {.run = "demo"})));
}

TEST(ReportHtml, OfRunsThatHaveNothingYet) {
  LogBook opened("b");
  opened.open();
  for (const std::vector<SiteLog>& logs :
       {std::vector<SiteLog>{}, std::vector<SiteLog>{{"a", std::nullopt}}, std::vector<SiteLog>{{"a", ""}, opened.read()}}) {
    const std::string page = report_html(read_history({.run = "empty"}, logs));
    EXPECT_EQ(markup_fault(page), "");
    EXPECT_THAT(words_in(page), HasSubstr("not begun"));
    EXPECT_THAT(words_in(page), HasSubstr("No log has a loss"));
  }
  EXPECT_THAT(words_in(report_html(read_history({}, {{"a", std::nullopt}, {"b", ""}}))),
              HasSubstr("Without the logs of a, which are not here."));
}

TEST(ReportHtml, OfALongLogIsShort) {
  LogBook log("a");
  log.start();
  const std::string start = log.text();
  std::string text = start;
  for (int i = 1; i <= 5000; ++i) {
    text += fmt::format(
        "{{\"time\":\"2026-10-02T{:02}:{:02}:{:02}.000Z\",\"elapsed\":{},\"site\":\"a\",\"event\":\"progress\",\"step\":{},"
        "\"tokens\":{},\"loss\":{},\"computing_share\":0.{}}}\n"
        "{{\"time\":\"2026-10-02T09:00:00.000Z\",\"elapsed\":{},\"site\":\"a\",\"event\":\"connection.refused\",\"message\":\"{"
        "}\"}}\n"
        "{{\"time\":\"2026-10-02T09:00:00.000Z\",\"elapsed\":{},\"site\":\"a\",\"event\":\"link.changed\",\"peer\":\"b\","
        "\"state\":\"{}\"}}\n",
        i / 3600 % 24, i / 60 % 60, i % 60, i, i, 10 * i, 2 + (i * 7919 % 100) * 0.01, i * 31 % 10, i, i, i,
        i % 2 == 0 ? "cut" : "direct");
  }
  const std::string page = report_html(read_history({.run = "long"}, {{"a", text}, {"b", std::nullopt}}));
  EXPECT_EQ(markup_fault(page), "");
  EXPECT_LT(page.size(), 200'000U);
  EXPECT_THAT(words_in(page), HasSubstr("2502 lesser events and 2300 later ones are in the logs only"));
}

TEST(ReportHtml, SaysWhatItHasNoRoomFor) {
  LogBook log("a");
  log.start();
  for (std::int64_t i = 1; i <= 230; ++i) {
    log.add("samples.lost", {{"peer", std::string("b")}, {"version", i}, {"lost_tokens", std::int64_t{64}}});
  }
  const std::string words = words_in(report_html(read_history({}, {log.read()})));
  EXPECT_THAT(words, HasSubstr("1 lesser events and 30 later ones are in the logs only"));
  EXPECT_THAT(words, HasSubstr("180 more are in the logs only"));
}

}  // namespace
}  // namespace intertie::status
