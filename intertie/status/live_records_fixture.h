// For the tests of the live view: records as sites make them, each checked against the table of events.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "intertie/status/event_table.h"
#include "intertie/status/live_model.h"

namespace intertie::status {

using Fields = std::vector<std::pair<std::string, Event::Value>>;

inline Record live_record(const std::string& site, const std::string& name, Fields fields, int second = 0) {
  Record record{.event = {name, std::move(fields)}, .site = site, .wall = {}, .since_start = std::chrono::seconds(second)};
  EXPECT_EQ(fault_of(record.event), "");
  return record;
}

inline Event::Value whole(std::int64_t value) { return value; }
inline Event::Value words(const std::string& value) { return value; }

inline Record started_record(const std::string& site) {
  return live_record(site, "run.started",
                     {{"run", words("three-states")},
                      {"method", words("diloco")},
                      {"num_sites", whole(3)},
                      {"num_steps", whole(300)},
                      {"tokens_per_step", whole(384)},
                      {"num_parameters", whole(200000)},
                      {"trainer", words("toy")},
                      {"threads", whole(1)},
                      {"agreement", words("00")},
                      {"data", words("00")},
                      {"emulated", true},
                      {"paced", false}});
}

inline Record progress_record(const std::string& site, std::int64_t step, int second = 0) {
  return live_record(site, "progress",
                     {{"step", whole(step)},
                      {"num_steps", whole(300)},
                      {"tokens", whole(step * 384)},
                      {"loss", 2.2134},
                      {"lr", 1e-3},
                      {"gradient_norm", 1.0},
                      {"tokens_per_second", 5123.0},
                      {"computing_share", 0.75},
                      {"waiting_share", 0.2},
                      {"encoding_share", 0.05},
                      {"eta_seconds", 80.0}},
                     second);
}

inline Record committed_record(const std::string& site, std::int64_t version) {
  return live_record(site, "merge.committed",
                     {{"fragment", whole(0)},
                      {"version", whole(version)},
                      {"step", whole(10 * version)},
                      {"set_size", whole(3)},
                      {"set", words("ashburn, columbus, quincy")},
                      {"steps", whole(10)},
                      {"merge_tokens", whole(3840)},
                      {"loss", 2.5},
                      {"gradient_norm", 1.0},
                      {"lr", 1e-3},
                      {"seconds_computing", 1.0},
                      {"seconds_waiting", 1.0},
                      {"seconds_encoding", 1.0},
                      {"duplicates", whole(0)},
                      {"bytes_sent", whole(1)},
                      {"bytes_received", whole(1)}});
}

inline Record view_record(const std::string& site, std::int64_t view, const std::string& members,
                          const std::string& reason = "") {
  return live_record(site, "view.entered",
                     {{"view", whole(view)},
                      {"members", words(members)},
                      {"num_members", whole(2)},
                      {"from_version", whole(12)},
                      {"reason", words(reason)}});
}

inline Record link_record(const std::string& site, const std::string& peer, const std::string& state,
                          const std::string& relay = "", const std::string& message = "") {
  return live_record(site, "link.changed",
                     {{"peer", words(peer)}, {"state", words(state)}, {"relay", words(relay)}, {"message", words(message)}});
}

inline Record measured_record(const std::string& site, const std::string& peer, double mbit, double rtt) {
  return live_record(site, "link.measured",
                     {{"peer", words(peer)},
                      {"mbit_per_second", mbit},
                      {"rtt_ms", rtt},
                      {"bytes_sent", whole(1)},
                      {"bytes_received", whole(1)}});
}

}  // namespace intertie::status
