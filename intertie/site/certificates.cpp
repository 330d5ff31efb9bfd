#include "intertie/site/certificates.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "intertie/env/real/revocation.h"
#include "intertie/env/real/tls_context.h"
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

std::string make_again(const TlsFiles& files, const RunFile& file) {
  return fmt::format("remove {} and {}, and run 'intertie ca {}' where ca.key is, or copy both again from there",
                     files.certificate, files.key, file.path);
}

Error with_fix(Error error, std::string fix) {
  error.fix = std::move(fix);
  return error;
}

std::string day(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

// The certificate of an authority, of this run, that has not expired.
Result<void> check_authority_certificate(const std::string& path, const RunFile& file,
                                         std::chrono::system_clock::time_point now) {
  const auto facts = env::real::describe_certificate(path);
  if (!facts) return with_fix(facts.error(), "copy it again from the machine where ca.key is; or " + begin_anew(file));
  const env::real::Identity& who = facts->identity;
  if (who.role != "authority")
    return wrong(path, "the certificate is of a " + who.role + ", not of an authority", begin_anew(file));
  if (who.run != file.run.name) {
    return wrong(path, fmt::format("it is the authority of run '{}', not of '{}'", who.run, file.run.name), begin_anew(file));
  }
  if (facts->expires <= now)
    return wrong(path, "the authority's certificate expired on " + day(facts->expires), begin_anew(file));
  return {};
}

TlsFiles authority_files(const RunFile& file) { return env::real::tls_files(certificates_folder(file), "ca"); }

}  // namespace

std::string role_of(const std::string& name) { return env::is_visitor(name) ? name : std::string(env::kSiteRole); }

CertificateFiles certificate_files(env::Disk& disk, const std::string& folder, const std::string& name) {
  const TlsFiles files = env::real::tls_files(folder, name);
  const bool certificate = disk.exists(files.certificate);
  const bool key = disk.exists(files.key);
  if (certificate && key) return CertificateFiles::whole;
  return certificate || key ? CertificateFiles::partial : CertificateFiles::none;
}

Result<void> check_certificate(env::Disk& disk, const RunFile& file, const std::string& folder, const std::string& name,
                               std::chrono::system_clock::time_point now) {
  const TlsFiles files = env::real::tls_files(folder, name);
  for (const std::string& path : {files.ca, files.certificate, files.key}) {
    if (disk.exists(path)) continue;
    return wrong(path, "it is not there",
                 fmt::format("'intertie ca {}' makes it; or copy it from the machine where that was run", file.path));
  }
  for (const std::string& path : {files.ca, files.certificate, files.key}) INTERTIE_RETURN_IF_ERROR(disk.read(path));
  INTERTIE_RETURN_IF_ERROR(check_authority_certificate(files.ca, file, now));
  const auto facts = env::real::describe_certificate(files.certificate);
  if (!facts) return with_fix(facts.error(), make_again(files, file));
  const std::string role = role_of(name);
  const auto usable = env::real::TlsContext::load(files, file.run.name, name, role);
  const bool its_own = facts->identity == env::real::Identity{file.run.name, role, name};
  if (its_own && facts->expires <= now) {
    return wrong(files.certificate, "the certificate expired on " + day(facts->expires),
                 role == env::kSiteRole ? fmt::format("'intertie ca {} --site {} --renew' makes a new one", file.path, name)
                                        : make_again(files, file));
  }
  if (usable || usable.error().where == files.revoked) return usable ? Result<void>() : usable.error();
  return with_fix(usable.error(), make_again(files, file));
}

bool has_authority(env::Disk& disk, const RunFile& file) { return disk.exists(authority_files(file).ca); }

bool has_authority_key(env::Disk& disk, const RunFile& file) { return disk.exists(authority_files(file).key); }

bool has_revoked(env::Disk& disk, const RunFile& file) { return disk.exists(authority_files(file).revoked); }

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

Result<void> check_authority_key(env::Disk& disk, const RunFile& file, const std::string& name) {
  if (!has_authority(disk, file) || has_authority_key(disk, file)) return {};
  return wrong(authority_files(file).key, fmt::format("it is not there, and without it no certificate of {} can be made", name),
               fmt::format("run 'intertie ca' on the machine that has it; if it is lost, {}", begin_anew(file)));
}

std::vector<std::string> certificate_names(env::Disk& disk, const RunFile& file) {
  std::vector<std::string> names;
  for (const SiteSettings& site : file.sites) names.push_back(site.name);
  const bool can_make = has_authority_key(disk, file) || !has_authority(disk, file);
  for (const char* visitor : kVisitors) {
    const bool here = certificate_files(disk, certificates_folder(file), visitor) != CertificateFiles::none;
    if (can_make || here) names.emplace_back(visitor);
  }
  return names;
}

Result<std::string> revoke_certificate(env::Disk& disk, const RunFile& file, const std::string& name) {
  const std::string folder = certificates_folder(file);
  const TlsFiles files = env::real::tls_files(folder, name);
  INTERTIE_RETURN_IF_ERROR(check_authority(disk, file));
  INTERTIE_RETURN_IF_ERROR(check_authority_key(disk, file, name));
  if (!disk.exists(files.certificate)) {
    return wrong(files.certificate, "it is not there, and so nothing can be revoked",
                 fmt::format("run 'intertie ca {} --revoke {}' where ca.key and that certificate are", file.path, name));
  }
  return env::real::revoke(folder, {file.run.name, role_of(name), name});
}

Result<TlsFiles> make_certificate(env::Disk& disk, const RunFile& file, const std::string& name) {
  const std::string folder = certificates_folder(file);
  INTERTIE_RETURN_IF_ERROR(check_authority(disk, file));
  INTERTIE_RETURN_IF_ERROR(check_authority_key(disk, file, name));
  if (!has_authority(disk, file)) INTERTIE_RETURN_IF_ERROR(env::real::make_authority(folder, file.run.name));
  env::real::IssueOptions how;
  how.replace = true;
  return env::real::issue(folder, {file.run.name, role_of(name), name}, how);
}

}  // namespace intertie::site
