#include "intertie/site/certificates.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "intertie/site/folders.h"

namespace intertie::site {
namespace {

using env::real::TlsFiles;

Error wrong(std::string where, std::string what, std::string fix) {
  return {
      .code = ErrorCode::reconfigure, .where = std::move(where), .what = std::move(what), .fix = std::move(fix), .cause = {}};
}

std::string begin_anew(const RunFile& file) {
  return fmt::format("remove {}, run 'intertie ca {}' and give every site its new files", certificates_folder(file), file.path);
}

TlsFiles authority_files(const RunFile& file) { return env::real::tls_files(certificates_folder(file), "ca"); }

}  // namespace

CertificateFiles certificate_files(env::Disk& disk, const std::string& folder, const std::string& site) {
  const TlsFiles files = env::real::tls_files(folder, site);
  const bool certificate = disk.exists(files.certificate);
  const bool key = disk.exists(files.key);
  if (certificate && key) return CertificateFiles::whole;
  return certificate || key ? CertificateFiles::partial : CertificateFiles::none;
}

Result<void> check_certificate(env::Disk& disk, const RunFile& file, const std::string& folder, const std::string& site,
                               std::chrono::system_clock::time_point now) {
  const TlsFiles files = env::real::tls_files(folder, site);
  for (const std::string& path : {files.ca, files.certificate, files.key}) {
    if (disk.exists(path)) continue;
    return wrong(path, "it is not there",
                 fmt::format("'intertie ca {}' makes it; or copy it from the machine where that was run", file.path));
  }
  INTERTIE_ASSIGN(const env::real::CertificateFacts facts, env::real::describe_certificate(files.certificate));
  if (facts.expires > now) return {};
  const std::time_t end = std::chrono::system_clock::to_time_t(facts.expires);
  return wrong(files.certificate, fmt::format("the certificate expired on {:%Y-%m-%d}", fmt::gmtime(end)),
               fmt::format("'intertie ca {} --site {} --renew' makes a new one", file.path, site));
}

bool has_authority(env::Disk& disk, const RunFile& file) { return disk.exists(authority_files(file).ca); }

bool has_authority_key(env::Disk& disk, const RunFile& file) { return disk.exists(authority_files(file).key); }

Result<void> check_authority(env::Disk& disk, const RunFile& file) {
  if (has_authority(disk, file)) return {};
  const auto left_over = [&](const SiteSettings& site) {
    return certificate_files(disk, certificates_folder(file), site.name) != CertificateFiles::none;
  };
  const bool key = has_authority_key(disk, file);
  if (!key && std::none_of(file.sites.begin(), file.sites.end(), left_over)) return {};
  return wrong(authority_files(file).ca,
               fmt::format("it is not there, but {}", key ? "its key ca.key is" : "certificates that it signed are"),
               "copy it back from the machine of any site; or " + begin_anew(file));
}

Result<void> check_authority_key(env::Disk& disk, const RunFile& file, const std::string& site) {
  if (!has_authority(disk, file) || has_authority_key(disk, file)) return {};
  return wrong(authority_files(file).key, fmt::format("it is not there, and without it no certificate of {} can be made", site),
               fmt::format("run 'intertie ca' on the machine that has it; if it is lost, {}", begin_anew(file)));
}

Result<TlsFiles> make_certificate(env::Disk& disk, const RunFile& file, const std::string& site) {
  const std::string folder = certificates_folder(file);
  INTERTIE_RETURN_IF_ERROR(check_authority(disk, file));
  INTERTIE_RETURN_IF_ERROR(check_authority_key(disk, file, site));
  if (!has_authority(disk, file)) INTERTIE_RETURN_IF_ERROR(env::real::make_authority(folder, file.run.name));
  env::real::IssueOptions how;
  how.replace = true;
  return env::real::issue(folder, {file.run.name, "site", site}, how);
}

}  // namespace intertie::site
