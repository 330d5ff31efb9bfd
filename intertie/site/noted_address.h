// NotedAddress: where a site of this machine can be reached, as a file in its folder (FOLDER/SITE/address) while its process
// lives: for visitors of a local run, whose ports are whatever was free. A process that is killed leaves the file behind, so
// what it says is tried and not relied on. Owner thread: any one; calls block on the disk.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "intertie/env/disk.h"
#include "intertie/env/network.h"
#include "intertie/site/run_file.h"

namespace intertie::site {

class NotedAddress {
 public:
  // The folder of the site exists, and its lock is held.
  static Result<std::unique_ptr<NotedAddress>> write(env::Disk& disk, const RunFile& file, const std::string& site,
                                                     const env::Address& address);
  ~NotedAddress();  // removes the file
  NotedAddress(const NotedAddress&) = delete;
  NotedAddress& operator=(const NotedAddress&) = delete;

 private:
  NotedAddress(env::Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  env::Disk& disk_;
  std::string path_;
};

// Where a visitor should look for the site, the likeliest first: what is noted here, then what the run file says. May be empty.
std::vector<env::Address> addresses_to_try(env::Disk& disk, const RunFile& file, const SiteSettings& site);

}  // namespace intertie::site
