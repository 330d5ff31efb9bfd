#include "intertie/site/forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "intertie/base/block.h"
#include "intertie/codec/codec.h"
#include "intertie/reduce/loads.h"
#include "intertie/reduce/schedule.h"
#include "intertie/train/gpt2_layout.h"

namespace intertie::site {

reduce::ElementBytes element_bytes(const RunFile& file) {
  return {codec::bytes_per_element(file.sync.encoding), codec::bytes_per_element(file.sync.result_encoding)};
}

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

// Its paths together; what is last on the slowest way ends a merge.
env::LinkProfile profile_of(const LinkSettings& link) {
  env::LinkProfile all;
  for (const PathSettings& path : link.used()) {
    if (path.rate.bits_per_second <= 0) return {.rate = {}, .delay = path.round_trip / 2};
    all.rate.bits_per_second += path.rate.bits_per_second;
    all.delay = std::max<Duration>(all.delay, path.round_trip / 2);
  }
  return all;
}

// The links as the run file states them; one that it does not state has no limits.
reduce::Map map_of(const RunFile& file) {
  std::vector<reduce::Map::Site> sites;
  for (std::uint16_t i = 0; i < file.sites.size(); ++i) sites.push_back({.site = SiteId{i}, .name = file.sites[i].name});
  reduce::Map map = reduce::Map::mesh(std::move(sites), {});
  for (std::uint16_t a = 0; a < file.sites.size(); ++a) {
    for (std::uint16_t b = static_cast<std::uint16_t>(a + 1); b < file.sites.size(); ++b) {
      const LinkSettings* settings = file.find_link(SiteId{a}, SiteId{b});
      if (!settings) continue;
      map.set_both_ways(a, b, profile_of(*settings));
    }
  }
  return map;
}

// What the run does: equal shares, and everything direct.
wire::Schedule schedule_of(const RunFile& file, std::uint64_t parameters) {
  std::vector<SiteId> members;
  for (std::uint16_t i = 0; i < file.sites.size(); ++i) members.push_back(SiteId{i});
  return reduce::make_schedule(
      {.reduction = file.sync.gathers(file.sites.size()) ? wire::Reduction::gather : wire::Reduction::owners,
       .members = members,
       .elements = parameters});
}

std::vector<LinkForecast> link_forecasts(const reduce::Map& map, const reduce::Loads& loads, bool gather) {
  std::vector<LinkForecast> links;
  for (std::size_t a = 0; a < map.num_sites(); ++a) {
    for (std::size_t b = a + 1; b < map.num_sites(); ++b) {
      LinkForecast link{.a = map.site(a).name, .b = map.site(b).name, .each_way = {}, .merge_time = {}};
      link.each_way = whole_bytes(std::max(loads.bits(a, b), loads.bits(b, a)) / 8);
      const env::LinkProfile profile = *map.link(a, b);
      if (profile.rate.bits_per_second > 0) {
        link.merge_time = transfer_time(link.each_way, profile.rate) + (gather ? 1 : 2) * profile.delay;
      }
      links.push_back(std::move(link));
    }
  }
  return links;
}

// The first that has no rate; null: all have.
const LinkForecast* without_rate(const std::vector<LinkForecast>& links) {
  const auto found = std::find_if(links.begin(), links.end(), [](const LinkForecast& link) { return !link.merge_time; });
  return found == links.end() ? nullptr : &*found;
}

// How long a site waits after its step or steps. diloco sends when it has done all steps. synchronous sends a bucket at a time
// during backward, which is two thirds of the step: after it remain what the lines had no time for, or the last bucket, and the
// delays.
double waiting(const RunFile& file, const reduce::Cost& merge, std::uint64_t parameters, Duration step) {
  if (file.sync.method == sync::Method::diloco) return seconds_of(merge.time());
  const auto num_sites = static_cast<std::uint16_t>(file.sites.size());
  const double bucket = reduce::bucket_blocks(file.sync.bucket_mib, parameters, num_sites);
  const double num_buckets = std::max(1.0, std::ceil(static_cast<double>(blocks_of(parameters)) / bucket));
  const double transfer = seconds_of(merge.transfer);
  const double hidden = seconds_of(step) * 2 / 3 * (1 - 1 / num_buckets);
  return seconds_of(merge.delays) + std::max(transfer / num_buckets, transfer - hidden);
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
  f.step_time = slowest_step(file);
  if (file.sites.size() < 2) return f;

  const reduce::Map map = map_of(file);
  const wire::Schedule schedule = schedule_of(file, parameters);
  const reduce::Cost merge = reduce::predict(schedule, map, element_bytes(file));
  f.links = link_forecasts(map, reduce::Loads(schedule, map, element_bytes(file)), f.gather);
  f.sent_per_merge = *std::max_element(merge.sent.begin(), merge.sent.end());
  if (!without_rate(f.links)) f.merge_time = merge.time();
  if (f.merge_time && f.step_time) {
    const double computing = seconds_of(*f.step_time) * static_cast<double>(file.steps_per_merge());
    f.utilisation = computing / (computing + waiting(file, merge, parameters, *f.step_time));
  }
  return f;
}

Result<ScheduleForecast> forecast_schedule(const RunFile& file, std::uint64_t parameters) {
  const auto unknown = [&file](std::string what, std::string fix) {
    return Error{
        .code = ErrorCode::reconfigure, .where = file.path, .what = std::move(what), .fix = std::move(fix), .cause = {}};
  };
  if (file.sites.size() < 2) return unknown("one site has nobody to merge with", "add another [[site]]");
  const reduce::Map map = map_of(file);
  const wire::Schedule equal = schedule_of(file, parameters);
  const auto links = link_forecasts(map, reduce::Loads(equal, map, element_bytes(file)), file.sync.gathers(file.sites.size()));
  if (const LinkForecast* link = without_rate(links)) {
    return unknown(
        fmt::format("a schedule follows from the rates of all links, and {} - {} has none", link->a, link->b),
        fmt::format("state it: [[link]] between = [\"{}\", \"{}\"], paths = [{{ rate = \"1 Gbit/s\", rtt = \"30 ms\" }}]",
                    link->a, link->b));
  }
  reduce::Work work{.elements = parameters, .element = element_bytes(file)};
  if (file.sync.reduction == "gather") work.reduction = wire::Reduction::gather;
  if (file.sync.reduction == "owners") work.reduction = wire::Reduction::owners;
  INTERTIE_ASSIGN(reduce::Scheduled best, reduce::best_schedule(map, work));
  return ScheduleForecast{.best = std::move(best),
                          .bound = reduce::lower_bound(map, work),
                          .equal_shares = reduce::predict(equal, map, work.element).time()};
}

}  // namespace intertie::site
