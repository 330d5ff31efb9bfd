// What follows from a run file's values: the agreement between sites, and the counts of a run.
#include <fmt/format.h>

#include <algorithm>

#include "intertie/site/run_file_keys.h"

namespace intertie::site {
namespace {

// Keys of sites and links are called as messages call them elsewhere; which site has which place stands in a line of its own.
template <class T>
void agree(std::string& text, const std::string& label, const Keys<T>& keys, const T& values) {
  for (const Key<T>& key : keys) {
    if (key.scope == Scope::agreed) text += fmt::format("{}.{} = {}\n", label, key.name, key.binding.show(values));
  }
}

}  // namespace

std::string RunFile::agreement() const {
  std::string out;
  agree(out, "run", run_keys(), run);
  agree(out, "model", model_keys(), model);
  agree(out, "data", data_keys(), data);
  agree(out, "train", train_keys(), train);
  agree(out, "sync", sync_keys(), sync);
  for (std::size_t i = 0; i < sites.size(); ++i) out += fmt::format("site[{}] = {}\n", i, sites[i].name);
  for (std::size_t i = 0; i < sites.size(); ++i) {
    SiteSettings site = sites[i];
    site.local_batch_size = batch_size(SiteId{static_cast<std::uint16_t>(i)});
    agree(out, "site." + site.name, site_keys(), site);
  }
  for (const LinkSettings& link : links) {
    const std::string label = fmt::format("link.{}-{}", link.a, link.b);
    agree(out, label, link_keys(), link);
    for (std::size_t i = 0; i < link.used().size(); ++i) {
      agree(out, fmt::format("{}.paths[{}]", label, i), path_keys(), link.paths[i]);
    }
  }
  return out;
}

std::optional<SiteId> RunFile::find_site(const std::string& name) const {
  const auto at = std::find_if(sites.begin(), sites.end(), [&](const SiteSettings& site) { return site.name == name; });
  if (at == sites.end()) return std::nullopt;
  return SiteId{static_cast<std::uint16_t>(at - sites.begin())};
}

Result<SiteId> RunFile::require_site(const std::string& name) const {
  if (const std::optional<SiteId> found = find_site(name)) return *found;
  std::string names;
  for (const SiteSettings& site : sites) names += (names.empty() ? "" : ", ") + site.name;
  return error(fmt::format("there is no site {:?}", name), "the sites are " + names);
}

Result<std::vector<env::Address>> RunFile::addresses() const {
  std::vector<env::Address> all;
  for (const SiteSettings& site : sites) {
    if (!site.address) {
      return error(fmt::format("site {:?} has no address", site.name),
                   "write address = \"host:7400\" in its [[site]], or use --local");
    }
    all.push_back(*site.address);
  }
  return all;
}

Error RunFile::error(std::string what, std::string fix) const {
  return {.code = ErrorCode::reconfigure, .where = path, .what = std::move(what), .fix = std::move(fix), .cause = {}};
}

const LinkSettings* RunFile::find_link(SiteId a, SiteId b) const {
  const std::string& first = sites[a.value].name;
  const std::string& second = sites[b.value].name;
  for (const LinkSettings& link : links) {
    if ((link.a == first && link.b == second) || (link.a == second && link.b == first)) return &link;
  }
  return nullptr;
}

int RunFile::batch_size(SiteId site) const { return sites[site.value].local_batch_size.value_or(train.local_batch_size); }

std::uint64_t RunFile::tokens_per_step() const {
  std::uint64_t sequences = 0;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    sequences += static_cast<std::uint64_t>(batch_size(SiteId{static_cast<std::uint16_t>(i)}));
  }
  return sequences * static_cast<std::uint64_t>(train.sequence_length);
}

std::uint64_t RunFile::steps_of(const train::Stretch& stretch) const {
  if (stretch.steps) return stretch.count;
  const std::uint64_t per_step = tokens_per_step();
  return stretch.count / per_step + (stretch.count % per_step != 0 ? 1 : 0);
}

std::uint64_t RunFile::steps_per_merge() const {
  return sync.method == sync::Method::synchronous ? 1 : static_cast<std::uint64_t>(sync.every);
}

}  // namespace intertie::site
