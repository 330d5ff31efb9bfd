#include <fmt/format.h>

#include <cstdio>

#include "intertie/cli/commands.h"
#include "intertie/env/real/children.h"
#include "intertie/site/certificates.h"
#include "intertie/site/folders.h"

namespace intertie::cli {

Result<site::RunFile> load(env::Disk& disk, const RunOptions& options) {
  return site::read_run_file(disk, options.run_file, options.overrides, options.data);
}

Error unusable_certificates(const site::RunFile& file) {
  return Error{.code = ErrorCode::reconfigure,
               .where = site::certificates_folder(file),
               .what = "what is there of certificates cannot be used as it is",
               .fix = "the output names each fault and what to do",
               .cause = nullptr};
}

Result<void> check_certificates(env::Disk& disk, const site::RunFile& file, std::chrono::system_clock::time_point now) {
  const std::string folder = site::certificates_folder(file);
  INTERTIE_RETURN_IF_ERROR(site::check_authority(disk, file));
  for (const site::SiteSettings& site : file.sites) {
    if (site::certificate_files(disk, folder, site.name) != site::CertificateFiles::whole) continue;
    INTERTIE_RETURN_IF_ERROR(site::check_certificate(disk, file, folder, site.name, now));
  }
  return {};
}

Result<void> make_missing_certificates(env::Disk& disk, const site::RunFile& file) {
  const std::string folder = site::certificates_folder(file);
  bool made = false;
  for (const std::string& name : site::certificate_names(disk, file)) {
    if (site::certificate_files(disk, folder, name) == site::CertificateFiles::whole) continue;
    INTERTIE_RETURN_IF_ERROR(site::make_certificate(disk, file, name));
    made = true;
  }
  if (made) print_error("made the run's certificates in " + folder);
  return {};
}

Result<std::string> site_program(env::Disk& disk, const site::RunFile& file) {
  INTERTIE_ASSIGN(const std::string own, env::real::own_executable());
  if (file.model.kind == "toy") return own;
  std::string trainer = own.substr(0, own.rfind('/') + 1) + "intertie-trainer";
  if (disk.exists(trainer)) return trainer;
  return Error{.code = ErrorCode::reconfigure,
               .where = trainer,
               .what = "the program that trains is not there",
               .fix = "build it (./dev build), or set model.kind=toy for a run without it",
               .cause = nullptr};
}

void print_error(const std::string& text) {
  const std::string line = text + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace intertie::cli
