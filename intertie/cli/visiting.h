// What `status`, `stop` and `leave` have in common: where the sites of a run can be reached, and a network that shows them the
// certificate of a visitor. Main's thread, which is the loop's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "intertie/env/disk.h"
#include "intertie/env/real/real_loop.h"
#include "intertie/env/real/real_network.h"
#include "intertie/site/run_file.h"
#include "intertie/site/visitor.h"

namespace intertie::cli {

struct Whom {
  std::string at;    // --at: an address, instead of those that are known; empty: these
  std::string site;  // the only one that will do; empty: any
};
// The sites to visit, in site order, at least one of them with an address. Errors (reconfigure): there is no address, or --at
// is none.
Result<std::vector<site::Visitor::Target>> targets_of(env::Disk& disk, const site::RunFile& file, const Whom& whom);

// `role`: whose certificate is shown; its files are checked first.
Result<std::unique_ptr<env::real::RealNetwork>> network_of_visitor(env::Disk& disk, env::real::RealLoop& loop,
                                                                   const site::RunFile& file, const std::string& role);
// The viewer's, or that of the operator, who may look as well, where only this is here.
std::string role_to_look_with(env::Disk& disk, const site::RunFile& file);

// The error of a visit that found nobody: one of `errors` where it says that something has to be changed, else all of them.
Error nobody_answers(const site::RunFile& file, const std::vector<Error>& errors);

}  // namespace intertie::cli
