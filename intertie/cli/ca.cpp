// intertie ca: the run's authority, a certificate for each site, and which files go where.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "intertie/cli/commands.h"
#include "intertie/env/real/certificates.h"
#include "intertie/site/folders.h"

namespace intertie::cli {
namespace {

using env::real::TlsFiles;
using site::RunFile;

struct Issued {
  std::string site;
  TlsFiles files;
  bool made = false;  // else kept
};

std::vector<std::string> chosen_sites(const RunFile& file, const CaOptions& options) {
  std::vector<std::string> names;
  for (const site::SiteSettings& site : file.sites) {
    if (options.site.empty() || site.name == options.site) names.push_back(site.name);
  }
  return names;
}

Result<Issued> issue_for(env::Disk& disk, const RunFile& file, const CaOptions& options, const std::string& site) {
  const std::string folder = site::certificates_folder(file);
  Issued issued{.site = site, .files = env::real::tls_files(folder, site), .made = false};
  issued.made = options.renew || !disk.exists(issued.files.certificate);
  if (issued.made && !options.dry_run) {
    env::real::IssueOptions how;
    how.replace = options.renew;
    INTERTIE_RETURN_IF_ERROR(env::real::issue(folder, {file.run.name, "site", site}, how));
  }
  return issued;
}

std::string text(const RunFile& file, const std::vector<Issued>& all, const CaOptions& options) {
  const std::string folder = site::certificates_folder(file);
  std::string out =
      fmt::format("authority of run {}: {}/ca.pem; its key, ca.key, stays on this machine\n", file.run.name, folder);
  for (const Issued& issued : all) {
    out += fmt::format("{} {}: copy to its machine, into {}/\n  {}\n  {}\n  {}\n", issued.site,
                       !issued.made      ? "(kept)"
                       : options.dry_run ? "(would be made)"
                                         : "(made)",
                       folder, issued.files.ca, issued.files.certificate, issued.files.key);
  }
  return out + "keep the .key files private: who has one is that site\n";
}

std::string json(const RunFile& file, const std::vector<Issued>& all) {
  nlohmann::ordered_json out = {{"run", file.run.name}, {"authority", site::certificates_folder(file) + "/ca.pem"}};
  for (const Issued& issued : all) {
    out["sites"].push_back({{"site", issued.site},
                            {"made", issued.made},
                            {"copy", {issued.files.ca, issued.files.certificate, issued.files.key}},
                            {"into", site::certificates_folder(file)}});
  }
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

Result<site::ExitCode> ca(env::Disk& disk, const CaOptions& options) {
  INTERTIE_ASSIGN(const RunFile file, load(disk, options.run));
  if (!options.site.empty()) INTERTIE_RETURN_IF_ERROR(require_site(file, options.site));
  const std::string folder = site::certificates_folder(file);
  if (!options.dry_run && !disk.exists(folder + "/ca.pem")) {
    INTERTIE_RETURN_IF_ERROR(env::real::make_authority(folder, file.run.name));
  }
  std::vector<Issued> all;
  for (const std::string& site : chosen_sites(file, options)) {
    INTERTIE_ASSIGN(all.emplace_back(), issue_for(disk, file, options, site));
  }
  print(options.run.json ? json(file, all) : text(file, all, options));
  return site::ExitCode::done;
}

}  // namespace intertie::cli
