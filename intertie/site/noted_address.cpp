#include "intertie/site/noted_address.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "intertie/site/folders.h"

namespace intertie::site {
namespace {

constexpr std::size_t kLongestNote = 512;  // bytes; a host name has 253 at most

// What is no address is as good as none.
std::optional<env::Address> noted(env::Disk& disk, const std::string& path) {
  if (!disk.exists(path)) return std::nullopt;
  const auto bytes = disk.read(path);
  if (!bytes || bytes->size() > kLongestNote) return std::nullopt;
  std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  if (text.ends_with('\n')) text.remove_suffix(1);
  const auto address = env::parse_address(text);
  return address ? std::optional(*address) : std::nullopt;
}

}  // namespace

Result<std::unique_ptr<NotedAddress>> NotedAddress::write(env::Disk& disk, const RunFile& file, const std::string& site,
                                                          const env::Address& address) {
  std::string path = address_file(file, site);
  const std::string text = env::to_string(address) + "\n";
  INTERTIE_RETURN_IF_ERROR(disk.write_atomically(path, std::as_bytes(std::span(text))));
  return std::unique_ptr<NotedAddress>(new NotedAddress(disk, std::move(path)));
}

NotedAddress::~NotedAddress() {
  // One that cannot be removed is found to be wrong by whoever tries it.
  const Result<void> removed = disk_.remove_all(path_);
  static_cast<void>(removed);
}

std::vector<env::Address> addresses_to_try(env::Disk& disk, const RunFile& file, const SiteSettings& site) {
  std::vector<env::Address> addresses;
  if (const auto here = noted(disk, address_file(file, site.name))) addresses.push_back(*here);
  if (site.address && std::find(addresses.begin(), addresses.end(), *site.address) == addresses.end()) {
    addresses.push_back(*site.address);
  }
  return addresses;
}

}  // namespace intertie::site
