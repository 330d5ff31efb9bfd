// The certificates of a run's sites and visitors as files: which are there, what is wrong with them and what to do about it,
// and making those that are missing. Used by `ca`, `check`, the local launcher, every site that starts, and whoever visits one.
// `name` is that of a site, or of a visitor, who is called what its role is: no site can have such a name.
// Any thread; calls block on the disk.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/env/disk.h"
#include "intertie/env/real/certificates.h"
#include "intertie/site/run_file.h"

namespace intertie::site {

inline constexpr std::array<const char*, 2> kVisitors = {env::kOperatorRole, env::kViewerRole};
std::string role_of(const std::string& name);

enum class CertificateFiles { none, partial, whole };  // of a certificate and its key

CertificateFiles certificate_files(env::Disk& disk, const std::string& folder, const std::string& name);

// What `name` needs is in `folder` and will be accepted: the authority's certificate, its own and the key, which fit
// together, are of this run and of `name`, and have not expired `now`. Errors (reconfigure) name the file and what to do.
Result<void> check_certificate(env::Disk& disk, const RunFile& file, const std::string& folder, const std::string& name,
                               std::chrono::system_clock::time_point now);

// The authority is whole, absent, or here without its key (as on most machines). An error where certificates are left of an
// authority that is gone, since nothing that is made now would fit them.
Result<void> check_authority(env::Disk& disk, const RunFile& file);
bool has_authority(env::Disk& disk, const RunFile& file);  // its certificate
bool has_authority_key(env::Disk& disk, const RunFile& file);
bool has_revoked(env::Disk& disk, const RunFile& file);  // its list of revoked certificates

// Whether a certificate for `name` can be made: not where there is an authority without its key.
Result<void> check_authority_key(env::Disk& disk, const RunFile& file, const std::string& name);

// Whose certificates belong to the run: all sites, and the visitors, but for those whose certificate is not here and cannot be
// made here.
std::vector<std::string> certificate_names(env::Disk& disk, const RunFile& file);

// The certificate of `name` counts no more, wherever the list that is returned lies beside the authority's certificate.
Result<std::string> revoke_certificate(env::Disk& disk, const RunFile& file, const std::string& name);

// A new certificate and key for `name`, in the place of what there is of them. Makes the authority where there is none.
Result<env::real::TlsFiles> make_certificate(env::Disk& disk, const RunFile& file, const std::string& name);

}  // namespace intertie::site
