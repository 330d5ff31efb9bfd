#include "intertie/status/report_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/status/report_fixture.h"

namespace intertie::status {
namespace {

Json small_report() {
  LogBook a("a");
  a.start({{"paced", true}}).at(6).add("progress", {{"tokens", std::int64_t{500}}, {"loss", 2.5}, {"computing_share", 0.5}});
  a.add("link.measured", {{"peer", std::string("b")}, {"mbit_per_second", 93.5}, {"bytes_sent", std::int64_t{1000}}});
  a.at(7).add("view.entered", {{"view", std::int64_t{1}}, {"members", std::string("a")}});
  a.add("samples.lost", {{"peer", std::string("b")}, {"samples", std::string("3-4")}, {"lost_tokens", std::int64_t{128}}});
  return report_json(read_history({.run = "demo", .sample = "text"}, {a.read(), {"b", std::nullopt}}));
}

TEST(ReportJson, HasTheFiguresOfTheRun) {
  const Json report = parse_json(small_report().dump()).value();
  EXPECT_EQ(report["schema"].whole(), kReportSchema);
  EXPECT_TRUE(report["run"] == "demo");
  EXPECT_EQ(report["running_seconds"].number(), 7.0);
  EXPECT_EQ(report["paced"].boolean(), true);
  EXPECT_EQ(report["complete"].boolean(), false);
  EXPECT_TRUE(report["began_utc"] == "2026-10-02 09:00:00");
  EXPECT_TRUE(report["sample"] == "text");
  const Json& a = report["sites"].items().at(0);
  EXPECT_EQ(a["computing_share"].number(), 0.5);
  EXPECT_EQ(a["training"].items().at(0)["loss_nats_per_token"].number(), 2.5);
  EXPECT_TRUE(a["validation_loss_nats_per_token"].is_null()) << "not known";
  EXPECT_EQ(report["sites"].items().at(1)["has_log"].boolean(), false);
  EXPECT_EQ(report["links"]["measured"].items().at(0)["median_mbit_per_second"].number(), 93.5);
  EXPECT_EQ(report["lost"]["tokens"].number(), 128.0);
  EXPECT_TRUE(report["lost"]["samples"].items().at(0)["samples"] == "3-4");
  EXPECT_TRUE(report["views"].items().at(0)["members"].items().at(0) == "a");
  EXPECT_TRUE(report["events"].items().at(0)["words"] == "a starts");
}

TEST(ReportJson, OfNothingIsJson) { EXPECT_TRUE(parse_json(report_json(read_history({}, {})).dump())); }

TEST(ReportJson, ThinsALongSeries) {
  LogBook a("a");
  a.start();
  for (std::int64_t i = 0; i < 1500; ++i) a.add("progress", {{"tokens", i}, {"loss", 1.0}});
  const Json report = report_json(read_history({}, {a.read()}));
  const Json::Array& training = report["sites"].items().at(0)["training"].items();
  EXPECT_LE(training.size(), 602U);
  EXPECT_EQ(training.back()["tokens"].number(), 1499.0);
}

}  // namespace
}  // namespace intertie::status
