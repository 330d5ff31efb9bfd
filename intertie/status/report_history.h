// RunHistory: what the event logs of a run's sites say, as values: the source of the report, of its JSON and of the table at
// the end of a run.
//
//   const RunHistory history = read_history({.run = "demo", ...}, {{"ashburn", log}, {"columbus", std::nullopt}});
//
// All times are seconds of running time: since the first line of any log, without the pauses of more than a minute in which no
// site ran (between a run that was killed and its resumption). Sites' clocks are taken to agree. Pure; any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "intertie/status/event_lines.h"

namespace intertie::status {

struct LossPoint {
  double at = 0;
  double tokens = 0;  // counted by the run, over all sites
  double loss = 0;    // nats/token
};

// Where the time of one interval went; what is missing to 1 went elsewhere (evaluation, checkpoints, starting).
struct SharePoint {
  double begin = 0, end = 0;
  double computing = 0, waiting = 0, encoding = 0;
};

struct LinkPoint {
  double at = 0;
  double mbit_per_second = 0;  // NaN: nothing to send
  double rtt_ms = 0;           // 0: none measured yet
  double bytes_sent = 0;       // over all starts so far
};

struct MergePoint {
  double at = 0;
  std::uint64_t version = 0;
  std::uint64_t restart = 0;
  double tokens = 0;  // of the run, with this merge
  double merge_tokens = 0;
  double loss = 0;
  std::uint64_t set_size = 0;
};

// An event that the timeline has, in words or as a mark.
struct Happening {
  double at = 0;
  std::uint64_t restart = 0;
  Event event;
};

// From one log.opened to the next: one life of the site's program. The sums are those of run.finished where it has one, else of
// its progress lines.
struct Start {
  double begin = 0, end = 0;
  double started_at = 0;  // of run.started, if there is one
  std::uint64_t restart = 0;
  std::string program;
  Event started, resumed, finished, error;  // no name: there was none
  std::uint64_t step = 0;                   // the last that was recorded
  double seconds = 0, computing_seconds = 0, waiting_seconds = 0, encoding_seconds = 0;
  double tokens = 0;          // that this site trained on
  double resumed_tokens = 0;  // of the run, at the checkpoint that it went on from
  double redone_tokens = 0;   // of the run, that had been counted already when it went on from a checkpoint
  double bytes_sent = 0, bytes_received = 0;
};

struct SiteHistory {
  std::string site;
  bool has_log = false;
  LogCounts counts;
  std::uint64_t num_of_others = 0;  // events of other sites, which are passed over
  std::vector<Start> starts;
  std::vector<LossPoint> training;  // means of progress intervals
  std::vector<LossPoint> validation;
  std::vector<MergePoint> merges;
  std::vector<SharePoint> shares;
  std::map<std::string, std::vector<LinkPoint>> links;  // by peer
  std::vector<Happening> happenings;
};

struct Pause {
  double at = 0;  // in running time
  double seconds = 0;
};

struct RunTexts {
  std::string run;
  std::string run_file_name;
  std::string run_file;
  std::optional<std::string> sample;
};

struct RunHistory {
  RunTexts texts;
  std::vector<SiteHistory> sites;                         // in site order
  double began_wall_seconds = 0, ended_wall_seconds = 0;  // first and last line of all; 0: there is none
  double seconds = 0;                                     // of running time
  std::vector<Pause> pauses;
};

struct SiteLog {
  std::string site;
  std::optional<std::string_view> text;  // nothing: there is no log
};

RunHistory read_history(RunTexts texts, const std::vector<SiteLog>& logs);

// The reading of one log, with times of the wall clock. For read_history.
SiteHistory read_site(const SiteLog& log);

const Start* last_start(const SiteHistory& site);  // null: it never started

}  // namespace intertie::status
