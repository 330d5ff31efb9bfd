// Identity: what a site says of itself in every hello, and the check of what the other side says. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/wire/messages.h"

namespace intertie::links {

struct Identity {
  std::string run;
  SiteId self;
  std::vector<std::string> site_names;  // in site order
  Incarnation incarnation;
  Hash64 agreement;
  std::string agreement_text;  // `key = value` lines; compared to name the first difference
  Hash64 data;
};

// May this peer talk to us? `certificate_name` is what its certificate says (empty on a plain loopback connection).
// Errors (reconfigure) are texts for both sites: what differs, at which site, and what to do.
Result<void> check_hello(const Identity& ours, const wire::Hello& theirs, const std::string& certificate_name);

struct AgreementText {
  const std::string& text;
  std::string where;  // "here", "at columbus"
};
// The first line in which two agreements differ: "train.lr is 0.001 here and 0.0003 at columbus".
std::string first_difference(const AgreementText& a, const AgreementText& b);

}  // namespace intertie::links
