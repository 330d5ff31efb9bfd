#include "intertie/cli/visiting.h"

#include <fmt/format.h>

#include <algorithm>

#include "intertie/site/certificates.h"
#include "intertie/site/folders.h"
#include "intertie/site/noted_address.h"

namespace intertie::cli {

using Target = site::Visitor::Target;

Result<std::vector<Target>> targets_of(env::Disk& disk, const site::RunFile& file, const Whom& whom) {
  if (!whom.at.empty()) {
    Result<env::Address> address = env::parse_address(whom.at);
    if (!address) {
      Error error = address.error();
      error.where = "--at";
      return error;
    }
    return std::vector<Target>{{.site = whom.site, .addresses = {*address}}};
  }
  std::vector<Target> targets;
  for (const site::SiteSettings& site : file.sites) {
    if (!whom.site.empty() && site.name != whom.site) continue;
    targets.push_back({.site = site.name, .addresses = site::addresses_to_try(disk, file, site)});
  }
  if (std::any_of(targets.begin(), targets.end(), [](const Target& target) { return !target.addresses.empty(); }))
    return targets;
  return Error{.code = ErrorCode::reconfigure,
               .where = file.path,
               .what = fmt::format("{}, and none runs in {} on this machine",
                                   whom.site.empty() ? "no site has an address" : "site " + whom.site + " has no address",
                                   file.run.folder),
               .fix = "write address = \"host:7400\" in its [[site]], or say --at HOST:PORT",
               .cause = {}};
}

Result<std::unique_ptr<env::real::RealNetwork>> network_of_visitor(env::Disk& disk, env::real::RealLoop& loop,
                                                                   const site::RunFile& file, const std::string& role) {
  const std::string folder = site::certificates_folder(file);
  INTERTIE_RETURN_IF_ERROR(site::check_certificate(disk, file, folder, role, loop.wall()));
  return env::real::RealNetwork::create(
      loop, {.run = file.run.name, .site = role, .tls = env::real::tls_files(folder, role), .role = role});
}

std::string role_to_look_with(env::Disk& disk, const site::RunFile& file) {
  const auto is_here = [&](const char* role) {
    return site::certificate_files(disk, site::certificates_folder(file), role) == site::CertificateFiles::whole;
  };
  return !is_here(env::kViewerRole) && is_here(env::kOperatorRole) ? env::kOperatorRole : env::kViewerRole;
}

Error nobody_answers(const site::RunFile& file, const std::vector<Error>& errors) {
  const auto wrong =
      std::find_if(errors.begin(), errors.end(), [](const Error& error) { return error.code == ErrorCode::reconfigure; });
  if (wrong != errors.end()) return *wrong;
  std::string each;
  for (const Error& error : errors) each += (each.empty() ? "" : "; ") + error.message();
  return Error{.code = ErrorCode::retry,
               .where = fmt::format("run {}", file.run.name),
               .what = "no site answers: " + each,
               .fix = {},
               .cause = {}};
}

}  // namespace intertie::cli
