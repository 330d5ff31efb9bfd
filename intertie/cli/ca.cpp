// intertie ca: the run's authority, a certificate for each site and each visitor, and which files go where.
#include <fmt/format.h>

#include <algorithm>

#include "intertie/base/json.h"
#include "intertie/cli/commands.h"
#include "intertie/env/real/real_loop.h"
#include "intertie/site/certificates.h"
#include "intertie/site/folders.h"
#include "intertie/site/output.h"

namespace intertie::cli {
namespace {

using env::real::TlsFiles;
using site::RunFile;

struct Issued {
  std::string name;  // of a site or a visitor
  TlsFiles files;
  bool made = false;  // else kept
  std::string fault;  // of one that is kept: why it cannot be used, and what to do
};

bool is_visitor(const Issued& issued) { return env::is_visitor(site::role_of(issued.name)); }

// A certificate without its key, or the other way round, is of no use to anybody and is made anew.
Result<Issued> issue_for(env::Disk& disk, const RunFile& file, const CaOptions& options, const std::string& name) {
  const std::string folder = site::certificates_folder(file);
  Issued issued{.name = name, .files = env::real::tls_files(folder, name), .made = false, .fault = {}};
  issued.made = options.renew || site::certificate_files(disk, folder, name) != site::CertificateFiles::whole;
  if (!issued.made) {
    const auto good = site::check_certificate(disk, file, folder, name, env::real::RealLoop().wall());
    if (!good) issued.fault = good.error().message();
    return issued;
  }
  INTERTIE_RETURN_IF_ERROR(site::check_authority_key(disk, file, name));
  if (!options.dry_run) INTERTIE_RETURN_IF_ERROR(site::make_certificate(disk, file, name));
  return issued;
}

// Who it is about: everybody, or one.
Result<std::vector<std::string>> whom(env::Disk& disk, const RunFile& file, const CaOptions& options) {
  if (!options.revoke.empty()) {
    if (!env::is_visitor(options.revoke)) INTERTIE_RETURN_IF_ERROR(file.require_site(options.revoke));
    return std::vector<std::string>{options.revoke};
  }
  if (options.site.empty()) return site::certificate_names(disk, file);
  INTERTIE_RETURN_IF_ERROR(file.require_site(options.site));
  return std::vector<std::string>{options.site};
}

std::vector<std::string> files_of(const TlsFiles& files, bool revoked) {
  std::vector<std::string> paths = {files.ca, files.certificate, files.key};
  if (revoked) paths.push_back(files.revoked);
  return paths;
}

// Who needs the files, and where.
std::string_view copy_to(const Issued& issued) {
  if (!is_visitor(issued)) return "copy to its machine";
  return issued.name == env::kOperatorRole ? "for whoever may stop the run or take a site out; there"
                                           : "for whoever may look at the run; there";
}

std::string revocation_text(const RunFile& file, const CaOptions& options) {
  const std::string list = env::real::tls_files(site::certificates_folder(file), options.revoke).revoked;
  return fmt::format("{} {} {}: copy it to every site, beside its ca.pem; those that run look at it when somebody connects\n",
                     options.revoke, options.dry_run ? "(would be revoked)" : "(revoked)", list);
}

struct Authority {
  bool key_is_here = false;
  bool has_revoked = false;
};

std::string text(const RunFile& file, const std::vector<Issued>& all, const CaOptions& options, const Authority& authority) {
  const std::string folder = site::certificates_folder(file);
  std::string out = fmt::format("authority of run {}: {}/ca.pem; its key, ca.key, {} on this machine\n", file.run.name, folder,
                                authority.key_is_here ? "stays" : "is not");
  for (const Issued& issued : all) {
    if (!issued.fault.empty()) {
      out += fmt::format("{} (cannot be used): {}\n", issued.name, issued.fault);
      continue;
    }
    out += fmt::format("{} {}: {}, into {}/\n  {}\n", issued.name,
                       !issued.made      ? "(kept)"
                       : options.dry_run ? "(would be made)"
                                         : "(made)",
                       copy_to(issued), folder, fmt::join(files_of(issued.files, authority.has_revoked), "\n  "));
  }
  if (!folder.starts_with('/')) {
    out += fmt::format("{}/ starts at the folder in which 'intertie' is started there\n", folder);
  }
  return out + "keep the .key files private: who has one is that site, that operator or that viewer\n";
}

Json json_of(const std::vector<std::string>& paths) {
  Json list = Json::array();
  for (const std::string& path : paths) list.push(path);
  return list;
}

std::string ca_json(const RunFile& file, const std::vector<Issued>& all, const CaOptions& options, bool has_revoked) {
  Json sites = Json::array();
  Json visitors = Json::array();
  for (const Issued& issued : all) {
    const bool visitor = is_visitor(issued);
    (visitor ? visitors : sites)
        .push(Json::object({{visitor ? "visitor" : "site", issued.name},
                            {"made", issued.made},
                            {"fault", issued.fault.empty() ? Json() : Json(issued.fault)},
                            {"copy", json_of(files_of(issued.files, has_revoked))},
                            {"into", site::certificates_folder(file)}}));
  }
  const std::string authority = site::certificates_folder(file) + "/ca.pem";
  return Json::object({{"run", file.run.name},
                       {"authority", authority},
                       {"revoked", options.revoke.empty() ? Json() : Json(options.revoke)},
                       {"sites", sites},
                       {"visitors", visitors}})
             .dump(2) +
         "\n";
}

}  // namespace

Result<site::ExitCode> ca(env::Disk& disk, const CaOptions& options) {
  INTERTIE_ASSIGN(const RunFile file, load(disk, options.run));
  INTERTIE_ASSIGN(const auto names, whom(disk, file, options));
  INTERTIE_RETURN_IF_ERROR(site::check_authority(disk, file));
  const bool revokes = !options.revoke.empty();
  if (revokes && !options.dry_run) INTERTIE_RETURN_IF_ERROR(site::revoke_certificate(disk, file, options.revoke));
  CaOptions how = options;
  how.renew = options.renew || revokes;
  std::vector<Issued> all;
  for (const std::string& name : names) {
    if (options.no_new) break;
    INTERTIE_ASSIGN(all.emplace_back(), issue_for(disk, file, how, name));
  }
  const Authority authority{.key_is_here = site::has_authority_key(disk, file) || !site::has_authority(disk, file),
                            .has_revoked = site::has_revoked(disk, file)};
  INTERTIE_RETURN_IF_ERROR(site::write_output(options.run.json ? ca_json(file, all, options, authority.has_revoked)
                                                               : (revokes ? revocation_text(file, options) : std::string()) +
                                                                     text(file, all, options, authority)));
  const auto unusable = std::find_if(all.begin(), all.end(), [](const Issued& issued) { return !issued.fault.empty(); });
  return unusable == all.end() ? Result<site::ExitCode>(site::ExitCode::done) : unusable_certificates(file);
}

}  // namespace intertie::cli
