#include "intertie/status/report_json.h"

#include "intertie/base/version.h"
#include "intertie/status/report_entries.h"
#include "intertie/status/report_periods.h"

namespace intertie::status {
namespace {

constexpr std::size_t kMostSeriesPoints = 600;

Json names_json(const std::vector<std::string>& names) {
  Json list = Json::array();
  for (const std::string& name : names) list.push(name);
  return list;
}

Json losses_json(const std::vector<LossPoint>& curve) {
  Json list = Json::array();
  // Every n-th, and the last: a program has the logs if it wants all of them.
  const std::size_t every = curve.size() / kMostSeriesPoints + 1;
  for (std::size_t i = 0; i < curve.size(); ++i) {
    if (i % every != 0 && i + 1 != curve.size()) continue;
    list.push(Json::object({{"at_seconds", curve[i].at}, {"tokens", curve[i].tokens}, {"loss_nats_per_token", curve[i].loss}}));
  }
  return list;
}

Json periods_json(const std::vector<SitePeriod>& periods) {
  Json list = Json::array();
  for (const SitePeriod& period : periods) {
    list.push(Json::object({{"begin_seconds", period.begin}, {"end_seconds", period.end}, {"state", to_string(period.state)}}));
  }
  return list;
}

Json site_json(const RunHistory& history, const RunFigures& run, std::size_t index) {
  const SiteFigures& site = run.sites[index];
  const SiteHistory& log = history.sites[index];
  return Json::object({{"site", site.site},
                       {"has_log", site.has_log},
                       {"num_events", log.counts.num_events},
                       {"num_unreadable_lines", log.counts.num_unreadable},
                       {"num_lines_of_others", log.num_of_others},
                       {"num_starts", site.num_starts},
                       {"finished", site.finished},
                       {"complete", site.complete},
                       {"left", site.left},
                       {"step", site.step},
                       {"tokens", site.tokens},
                       {"seconds", site.seconds},
                       {"loss_nats_per_token", site.loss},
                       {"validation_loss_nats_per_token", site.validation_loss},
                       {"tokens_per_second", site.tokens_per_second},
                       {"computing_share", site.computing},
                       {"waiting_share", site.waiting},
                       {"encoding_share", site.encoding},
                       {"other_share", site.other},
                       {"bytes_sent", site.bytes_sent},
                       {"bytes_received", site.bytes_received},
                       {"parameters_hash", site.parameters_hash},
                       {"program", site.program},
                       {"trainer", site.trainer},
                       {"threads", site.threads},
                       {"agreement", site.agreement},
                       {"data", site.data},
                       {"training", losses_json(training_curve(log))},
                       {"validation", losses_json(log.validation)},
                       {"states", periods_json(site_periods(history, run, log))}});
}

Json links_json(const RunHistory& history, const RunFigures& run) {
  Json list = Json::array();
  for (const LinkFigures& link : run.links) {
    list.push(Json::object({{"from", link.from},
                            {"to", link.to},
                            {"bytes_sent", link.bytes_sent},
                            {"median_mbit_per_second", link.mbit_per_second},
                            {"least_mbit_per_second", link.least_mbit_per_second},
                            {"most_mbit_per_second", link.most_mbit_per_second},
                            {"median_rtt_ms", link.rtt_ms}}));
  }
  Json states = Json::array();
  for (const LinkPeriods& row : link_periods(history)) {
    for (const LinkPeriod& period : row.periods) {
      states.push(Json::object({{"between", names_json({row.a, row.b})},
                                {"begin_seconds", period.begin},
                                {"end_seconds", period.end},
                                {"state", to_string(period.state)}}));
    }
  }
  return Json::object({{"measured", std::move(list)}, {"states", std::move(states)}});
}

Json lost_json(const RunFigures& run) {
  Json samples = Json::array();
  for (const LostSamples& lost : run.lost) {
    samples.push(Json::object({{"at_seconds", lost.at},
                               {"site", lost.site},
                               {"version", lost.version},
                               {"samples", lost.samples},
                               {"tokens", lost.tokens}}));
  }
  Json given_up = Json::array();
  for (const GivenUp& given : run.given_up) {
    given_up.push(
        Json::object({{"at_seconds", given.at}, {"site", given.site}, {"version", given.version}, {"tokens", given.tokens}}));
  }
  return Json::object({{"tokens", run.lost_tokens},
                       {"samples", std::move(samples)},
                       {"given_up_tokens", run.given_up_tokens},
                       {"given_up", std::move(given_up)},
                       {"redone_tokens", run.redone_tokens}});
}

Json views_json(const RunFigures& run) {
  Json list = Json::array();
  for (const Membership& view : run.views) {
    list.push(Json::object({{"at_seconds", view.at},
                            {"restart", view.restart},
                            {"view", view.view},
                            {"members", names_json(view.members)},
                            {"reason", view.reason}}));
  }
  return list;
}

Json events_json(const RunHistory& history) {
  Json list = Json::array();
  for (const Entry& entry : timeline(history)) {
    list.push(Json::object({{"at_seconds", entry.at},
                            {"event", entry.event},
                            {"sites", names_json(entry.sites)},
                            {"words", entry.words},
                            {"num_more", entry.num_more}}));
  }
  return list;
}

Json wall_json(double seconds) { return seconds > 0 ? Json(utc_to_string(seconds)) : Json(); }

}  // namespace

Json report_json(const RunHistory& history) {
  const RunFigures run = figures_of(history);
  Json sites = Json::array();
  for (std::size_t i = 0; i < run.sites.size(); ++i) sites.push(site_json(history, run, i));
  return Json::object({{"schema", kReportSchema},
                       {"program", std::string("intertie ") + kVersion},
                       {"run", history.texts.run},
                       {"run_file", history.texts.run_file_name},
                       {"method", run.method},
                       {"num_sites", run.num_sites},
                       {"num_steps", run.num_steps},
                       {"num_parameters", run.num_parameters},
                       {"emulated", run.emulated},
                       {"paced", run.paced},
                       {"finished", run.finished},
                       {"complete", run.complete},
                       {"began_utc", wall_json(history.began_wall_seconds)},
                       {"ended_utc", wall_json(history.ended_wall_seconds)},
                       {"running_seconds", history.seconds},
                       {"tokens", run.tokens},
                       {"loss_nats_per_token", run.loss},
                       {"validation_loss_nats_per_token", run.validation_loss},
                       {"tokens_per_second", run.tokens_per_second},
                       {"num_resumes", run.num_resumes},
                       {"num_merges", run.num_merges},
                       {"num_partial_merges", run.num_partial_merges},
                       {"num_member_changes", run.num_member_changes},
                       {"sites", std::move(sites)},
                       {"links", links_json(history, run)},
                       {"views", views_json(run)},
                       {"lost", lost_json(run)},
                       {"events", events_json(history)},
                       {"sample", history.texts.sample}});
}

}  // namespace intertie::status
