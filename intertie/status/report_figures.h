// The figures of a run that its report, its JSON and the table at its end share: computed once, from its history. Pure; any
// thread.
#pragma once

#include <optional>

#include "intertie/status/report_history.h"

namespace intertie::status {

// Over all starts of a site, but for what only its last start can say.
struct SiteFigures {
  std::string site;
  bool has_log = false;
  bool has_started = false;
  bool finished = false;  // the last start ended, at the run's end or because it was asked to stop
  bool complete = false;  // at the run's end
  bool left = false;      // it ended because it was asked to leave the others
  std::size_t num_starts = 0;
  std::uint64_t step = 0;
  double tokens = 0;  // that it trained on
  double seconds = 0;
  double loss = 0;             // NaN: none known
  double validation_loss = 0;  // NaN: it does not evaluate
  double tokens_per_second = 0;
  double computing = 0, waiting = 0, encoding = 0, other = 0;  // shares of `seconds`; NaN without any
  double bytes_sent = 0, bytes_received = 0;
  std::string program, trainer, agreement, data, parameters_hash;
  std::uint64_t threads = 0;
};

struct LinkFigures {  // from one site to another
  std::string from, to;
  double bytes_sent = 0;
  double mbit_per_second = 0, least_mbit_per_second = 0, most_mbit_per_second = 0;  // median; NaN: never measured
  double rtt_ms = 0;                                                                // median; NaN: never measured
};

// Samples in no merge.
struct LostSamples {
  double at = 0;
  std::string site;
  std::uint64_t version = 0;
  std::string samples;
  double tokens = 0;
};

// What a site trained on alone and gave up when it came back.
struct GivenUp {
  double at = 0;
  std::string site;
  std::uint64_t version = 0;
  double tokens = 0;
};

struct Membership {
  double at = 0;
  std::uint64_t restart = 0, view = 0;
  std::vector<std::string> members;
  std::string reason;
};

struct RunFigures {
  std::string method;
  std::uint64_t num_sites = 0, num_steps = 0, num_parameters = 0;
  bool emulated = false, paced = false;
  bool begun = false;     // some site started
  bool finished = false;  // every site did
  bool complete = false;  // at the run's end, but for sites that had left
  double tokens = 0;
  double loss = 0;               // mean of the sites'; NaN: none known
  double validation_loss = 0;    // the last; NaN: none
  double tokens_per_second = 0;  // of all sites together; NaN: none known
  std::uint64_t num_resumes = 0;
  double redone_tokens = 0;
  std::uint64_t num_merges = 0;
  std::uint64_t num_partial_merges = 0;  // without the contribution of some site of the run
  std::vector<SiteFigures> sites;
  std::vector<LinkFigures> links;
  std::vector<LostSamples> lost;
  double lost_tokens = 0;
  std::vector<GivenUp> given_up;
  double given_up_tokens = 0;
  std::vector<Membership> views;         // in order; empty: no log has any
  std::uint64_t num_member_changes = 0;  // views that differ from the one before
};

RunFigures figures_of(const RunHistory& history);

// Of the sites with a log that were in the run to its end: one that left before has older parameters.
struct FinalParameters {
  std::vector<const SiteFigures*> sites;
  const SiteFigures* other = nullptr;  // the first whose parameters are not those of sites.front()
};
FinalParameters final_parameters(const RunFigures& run);

// The curve of a site's training loss: its progress lines, or its merges where a run was too short for enough of those.
std::vector<LossPoint> training_curve(const SiteHistory& site);

}  // namespace intertie::status
