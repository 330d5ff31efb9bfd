// The certificates of a run's sites as files: which are there, what is wrong with them and what to do about it, and making
// those that are missing. Used by `ca`, `check`, the local launcher and every site that starts.
// Any thread; calls block on the disk.
#pragma once

#include <chrono>
#include <string>

#include "intertie/base/result.h"
#include "intertie/env/disk.h"
#include "intertie/env/real/certificates.h"
#include "intertie/site/run_file.h"

namespace intertie::site {

enum class CertificateFiles { none, partial, whole };  // of a site's certificate and its key

CertificateFiles certificate_files(env::Disk& disk, const std::string& folder, const std::string& site);

// What `site` needs to start is in `folder` and will be accepted: the authority's certificate, its own and the key, which fit
// together, are of this run and this site, and have not expired `now`. Errors (reconfigure) name the file and what to do.
Result<void> check_certificate(env::Disk& disk, const RunFile& file, const std::string& folder, const std::string& site,
                               std::chrono::system_clock::time_point now);

// The authority is whole, absent, or here without its key (as on most machines). An error where certificates are left of an
// authority that is gone, since nothing that is made now would fit them.
Result<void> check_authority(env::Disk& disk, const RunFile& file);
bool has_authority(env::Disk& disk, const RunFile& file);  // its certificate
bool has_authority_key(env::Disk& disk, const RunFile& file);

// Whether a certificate for `site` can be made: not where there is an authority without its key.
Result<void> check_authority_key(env::Disk& disk, const RunFile& file, const std::string& site);

// A new certificate and key for `site`, in the place of what there is of them. Makes the authority where there is none.
Result<env::real::TlsFiles> make_certificate(env::Disk& disk, const RunFile& file, const std::string& site);

}  // namespace intertie::site
