#include "intertie/site/forecast.h"

#include <algorithm>
#include <cmath>

#include "intertie/base/block.h"
#include "intertie/codec/codec.h"
#include "intertie/reduce/schedule.h"
#include "intertie/train/gpt2_layout.h"

namespace intertie::site {
namespace {

Bytes whole_bytes(double value) { return Bytes{static_cast<std::uint64_t>(value)}; }

// Host memory of a merge: own contribution, results, and those of the others (gather: whole; owners: the shard that is owned).
double merge_memory(const RunFile& file, double parameters, bool gather) {
  const double sites = static_cast<double>(file.sites.size());
  const double contribution = parameters * codec::bytes_per_element(file.sync.encoding);
  const double result = parameters * codec::bytes_per_element(file.sync.result_encoding);
  return gather ? sites * contribution : contribution + 2 * result + (sites - 1) * contribution / sites;
}

Bytes memory(const RunFile& file, double parameters, bool gather) {
  const double moments = file.train.optimizer == "adamw" ? 2 : 0;
  const double outer = file.sync.method == sync::Method::diloco ? (file.sync.outer == "nesterov" ? 2 : 1) : 0;
  const double copies = 2 + moments + outer;  // parameters and gradient, and these
  return whole_bytes(4 * copies * parameters + (file.sites.size() > 1 ? merge_memory(file, parameters, gather) : 0));
}

LinkForecast link_forecast(const RunFile& file, SiteId a, SiteId b, double parameters, bool gather) {
  const double sites = static_cast<double>(file.sites.size());
  const double contribution = parameters * codec::bytes_per_element(file.sync.encoding);
  const double result = parameters * codec::bytes_per_element(file.sync.result_encoding);
  LinkForecast link{
      .a = file.sites[a.value].name, .b = file.sites[b.value].name, .each_way = {}, .delays = {}, .merge_time = {}};
  link.each_way = whole_bytes(gather ? contribution : (contribution + result) / sites);
  const LinkSettings* settings = file.find_link(a, b);
  if (settings && settings->paths.front().rate.bits_per_second > 0) {
    const PathSettings& path = settings->paths.front();
    link.delays = (gather ? 1 : 2) * (path.round_trip / 2);
    link.merge_time = transfer_time(link.each_way, path.rate) + link.delays;
  }
  return link;
}

std::optional<Duration> slowest_merge(const std::vector<LinkForecast>& links) {
  std::optional<Duration> slowest;
  for (const LinkForecast& link : links) {
    if (!link.merge_time) return std::nullopt;
    slowest = std::max(slowest.value_or(Duration(0)), *link.merge_time);
  }
  return slowest;
}

// How long a site waits after its step or steps, on one link. diloco sends when it has done all steps. synchronous sends a
// bucket at a time during backward, which is two thirds of the step: after it remain what the line had no time for, or the last
// bucket, and the delays.
Duration waiting(const RunFile& file, const LinkForecast& link, std::uint64_t parameters, Duration step) {
  if (file.sync.method == sync::Method::diloco) return *link.merge_time;
  const auto num_sites = static_cast<std::uint16_t>(file.sites.size());
  const double bucket = reduce::bucket_blocks(file.sync.bucket_mib, parameters, num_sites);
  const double num_buckets = std::max(1.0, std::ceil(static_cast<double>(blocks_of(parameters)) / bucket));
  const double transfer = seconds_of(*link.merge_time - link.delays);
  const double hidden = seconds_of(step) * 2 / 3 * (1 - 1 / num_buckets);
  return link.delays + Duration(static_cast<std::int64_t>(1e9 * std::max(transfer / num_buckets, transfer - hidden)));
}

std::optional<Duration> slowest_step(const RunFile& file) {
  std::optional<Duration> slowest;
  for (const SiteSettings& site : file.sites) {
    if (site.step_time) slowest = std::max(slowest.value_or(Duration(0)), *site.step_time);
  }
  return slowest;
}

}  // namespace

Result<std::uint64_t> num_parameters(train::ModelSettings model, int vocabulary) {
  if (model.kind == "toy") return model.toy_elements;
  if (model.vocab_size == 0) model.vocab_size = vocabulary;
  INTERTIE_ASSIGN(const train::Layout layout, train::gpt2_layout(model));
  return layout.num_elements;
}

Forecast forecast(const RunFile& file, std::uint64_t parameters) {
  const auto p = static_cast<double>(parameters);
  Forecast f;
  f.parameters = parameters;
  f.steps = file.num_steps();
  f.merges = (f.steps + file.steps_per_merge() - 1) / file.steps_per_merge();
  f.tokens_per_step = file.tokens_per_step();
  f.gather = file.sync.gathers(file.sites.size());
  f.memory = memory(file, p, f.gather);
  for (std::uint16_t a = 0; a < file.sites.size(); ++a) {
    for (std::uint16_t b = static_cast<std::uint16_t>(a + 1); b < file.sites.size(); ++b) {
      f.links.push_back(link_forecast(file, SiteId{a}, SiteId{b}, p, f.gather));
    }
  }
  if (!f.links.empty()) f.sent_per_merge = Bytes{f.links.front().each_way.value * (file.sites.size() - 1)};
  f.merge_time = slowest_merge(f.links);
  f.step_time = slowest_step(file);
  if (f.merge_time && f.step_time) {
    const double computing = seconds_of(*f.step_time) * static_cast<double>(file.steps_per_merge());
    Duration longest{0};
    for (const LinkForecast& link : f.links) longest = std::max(longest, waiting(file, link, parameters, *f.step_time));
    f.utilisation = computing / (computing + seconds_of(longest));
  }
  return f;
}

}  // namespace intertie::site
