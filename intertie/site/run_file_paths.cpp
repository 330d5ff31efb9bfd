// The paths of links: which are used, between which addresses, and where a site listens for them.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "intertie/site/run_file_parts.h"

namespace intertie::site {
namespace {

enum class Family { name, ipv4, ipv6 };

// Of what parse_address() has accepted.
Family family_of(const env::Address& address) {
  if (address.host.find(':') != std::string::npos) return Family::ipv6;
  return address.host.find_first_not_of("0123456789.") == std::string::npos ? Family::ipv4 : Family::name;
}

bool names_addresses(const PathSettings& path) { return !path.addresses.empty(); }

// The place of a path's addresses, else of the path.
std::string place_of_addresses(const Node& root, std::size_t link, std::size_t path) {
  const Node& written = root.find("link")->items[link].find("paths")->items[path];
  const Node* addresses = written.find("addresses");
  return addresses ? addresses->place : written.place;
}

// Connections are bound to them.
Result<void> check_ends(const LinkSettings& link, const PathSettings& path, const std::string& where) {
  for (const auto& [site, address] : path.addresses) {
    if (site != link.a && site != link.b) {
      return run_file_error(where, fmt::format("addresses names \"{}\", which is no end of the link", site),
                            fmt::format("name {} and {}", link.a, link.b));
    }
    if (family_of(address) == Family::name) {
      return run_file_error(where, fmt::format("the address {} of site \"{}\" is a name", env::to_string(address), site),
                            "write the addresses of a path in numbers, such as 10.1.0.1:7400 or [fd00::1]:7400");
    }
  }
  if (path.addresses.size() < 2) {
    return run_file_error(
        where, "addresses has that of one end only",
        fmt::format("write addresses = {{ {} = \"10.1.0.1:7400\", {} = \"10.1.0.2:7400\" }}", link.a, link.b));
  }
  if (family_of(path.addresses.begin()->second) != family_of(path.addresses.rbegin()->second)) {
    return run_file_error(where, "of the addresses of a path one is IPv4 and the other IPv6", "use the same for both ends");
  }
  return {};
}

Result<void> check_link(const LinkSettings& link, std::size_t number, const Node& root) {
  const auto without = std::find_if_not(link.paths.begin(), link.paths.end(), names_addresses);
  const bool some = std::any_of(link.paths.begin(), link.paths.end(), names_addresses);
  if (some && without != link.paths.end()) {
    const auto path = static_cast<std::size_t>(without - link.paths.begin());
    return run_file_error(
        place_of_addresses(root, number, path),
        fmt::format("link.{}-{}.paths[{}] names no addresses, and another path of the link does", link.a, link.b, path),
        "write the addresses of all paths of the link");
  }
  for (std::size_t path = 0; some && path < link.paths.size(); ++path) {
    INTERTIE_RETURN_IF_ERROR(check_ends(link, link.paths[path], place_of_addresses(root, number, path)));
    for (std::size_t other = 0; other < path; ++other) {
      if (link.paths[other].addresses != link.paths[path].addresses) continue;
      return run_file_error(place_of_addresses(root, number, path), fmt::format("paths[{}] has the same addresses", other),
                            "two paths differ in one of their ends at least");
    }
  }
  return {};
}

// A wildcard of its family, or the one of both.
bool covers(const env::Address& listening, const env::Address& address) {
  if (listening.port != address.port) return false;
  return listening == address || listening.host == "::" || (listening.host == "0.0.0.0" && family_of(address) == Family::ipv4);
}

}  // namespace

Result<void> check_paths(const RunFile& file, const Node& root) {
  std::map<std::string, std::string> site_of;  // by address
  for (const SiteSettings& site : file.sites) {
    if (site.address) site_of[env::to_string(*site.address)] = site.name;
  }
  for (std::size_t i = 0; i < file.links.size(); ++i) {
    INTERTIE_RETURN_IF_ERROR(check_link(file.links[i], i, root));
    for (std::size_t path = 0; path < file.links[i].paths.size(); ++path) {
      for (const auto& [site, address] : file.links[i].paths[path].addresses) {
        const std::string& owner = site_of.emplace(env::to_string(address), site).first->second;
        if (owner == site) continue;
        return run_file_error(place_of_addresses(root, i, path),
                              fmt::format("site \"{}\" has the address {}, too", owner, env::to_string(address)),
                              "addresses of two sites must differ");
      }
    }
  }
  return {};
}

std::span<const PathSettings> LinkSettings::used() const {
  return std::span(paths).first(names_addresses(paths.front()) ? paths.size() : 1);
}

std::vector<std::vector<links::PathSettings>> RunFile::paths_from(SiteId self, bool local) const {
  const PathSettings usual;
  std::vector<std::vector<links::PathSettings>> paths(sites.size());
  for (std::uint16_t i = 0; i < sites.size(); ++i) {
    const LinkSettings* link = i == self.value ? nullptr : find_link(self, SiteId{i});
    for (const PathSettings& used : link ? link->used() : std::span(&usual, 1)) {
      links::PathSettings& made =
          paths[i].emplace_back(links::PathSettings{.num_merge_streams = static_cast<std::uint16_t>(used.streams)});
      if (local) break;
      if (used.addresses.empty()) continue;
      made.to = used.addresses.at(sites[i].name);
      made.from = used.addresses.at(sites[self.value].name).host;
    }
  }
  return paths;
}

std::vector<env::Address> RunFile::listens_at(SiteId self) const {
  const std::string& name = sites[self.value].name;
  std::vector<env::Address> all = {site::listens_at(sites[self.value])};
  for (const LinkSettings& link : links) {
    if (link.a != name && link.b != name) continue;
    for (const PathSettings& used : link.used()) {
      const auto own = used.addresses.find(name);
      if (own == used.addresses.end()) continue;
      const bool covered =
          std::any_of(all.begin(), all.end(), [&](const env::Address& each) { return covers(each, own->second); });
      if (!covered) all.push_back(own->second);
    }
  }
  return all;
}

}  // namespace intertie::site
