// wan: a network namespace for each site, and lines between every two of them (docs/wan.md). Prints "ready" when they are
// there, answers each line of its standard input (tools/wan/commands.h) with one of its own, and ends with `quit`, at the end
// of its input, with SIGINT, SIGTERM or SIGHUP; then it prints its statistics and removes the namespaces.
#include <csignal>
#include <cstdio>

#include "tools/wan/program.h"

namespace intertie::wan {
namespace {

volatile std::sig_atomic_t ends = 0;

void end(int) { ends = 1; }

Result<void> run(const std::vector<std::string>& words) {
  INTERTIE_ASSIGN(Options options, parse_options(words));
  std::vector<Space> spaces;
  for (std::size_t site = 0; site < options.sites.size(); ++site) {
    INTERTIE_ASSIGN(Space space, Space::create({.name = options.prefix + options.sites[site],
                                                .site = site,
                                                .paths = options.paths,
                                                .ipv6 = options.ipv6,
                                                .congestion_control = options.congestion_control}));
    spaces.push_back(std::move(space));
  }
  be_punctual();
  Program program(std::move(options), std::move(spaces));
  program.run(ends);
  return {};
}

}  // namespace
}  // namespace intertie::wan

int main(int count, char** words) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, intertie::wan::end);
  std::signal(SIGPIPE, SIG_IGN);
  const intertie::Result<void> done = intertie::wan::run({words + 1, words + count});
  if (done) return 0;
  std::fputs(("error: " + done.error().message() + "\n").c_str(), stderr);
  return 2;
}
