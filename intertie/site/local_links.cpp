#include "intertie/site/local_links.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace intertie::site {
namespace {

std::map<std::string, env::LinkProfile> profiles_of(const RunFile& file, SiteId self) {
  std::map<std::string, env::LinkProfile> profiles;
  for (std::uint16_t i = 0; i < file.sites.size(); ++i) {
    if (i == self.value) continue;
    env::LinkProfile& profile = profiles[file.sites[i].name];
    const LinkSettings* link = file.find_link(self, SiteId{i});
    if (!link || link->paths.empty()) continue;
    profile = {.rate = link->paths.front().rate, .delay = link->paths.front().round_trip / 2};
  }
  return profiles;
}

bool any_is_slow(const std::map<std::string, env::LinkProfile>& profiles) {
  return std::any_of(profiles.begin(), profiles.end(),
                     [](const auto& each) { return each.second.rate.bits_per_second > 0 || each.second.delay.count() > 0; });
}

Error no_link(const std::string& text) {
  return Error{.code = ErrorCode::reconfigure,
               .where = text,
               .what = "there is no link to that site",
               .fix = "name another site of the run",
               .cause = nullptr};
}

}  // namespace

LocalLinks::LocalLinks(env::Loop& loop, std::unique_ptr<env::Network> network, const RunFile& file, SiteId self)
    : emulated_(any_is_slow(profiles_of(file, self))), network_(loop, std::move(network), profiles_of(file, self)) {}

Result<void> LocalLinks::cut_from_the_start(const std::vector<std::string>& sites) {
  for (const std::string& site : sites) {
    if (!network_.cut(site)) return no_link("--cut " + site);
  }
  return {};
}

Result<void> LocalLinks::obey(const ControlLine& line) {
  const bool there = line.kind == ControlLine::Kind::cut ? network_.cut(line.site) : network_.mend(line.site);
  return there ? Result<void>() : no_link(line.text());
}

}  // namespace intertie::site
