// For the tests of emulated links: two sites of sites_fixture.h, each behind its own direction of a link.
#pragma once

#include "intertie/env/real/emulated_network.h"
#include "intertie/env/real/sites_fixture.h"

namespace intertie::env::real {

inline const LinkProfile kSlowLink{BitRate{20e6}, std::chrono::milliseconds(20)};

// Ashburn and columbus, each behind its own emulated direction, TLS on loopback.
struct EmulatedSites {
  RealLoop loop;
  EmulatedNetwork ashburn;
  EmulatedNetwork columbus;
  Recorder at_ashburn;
  Recorder at_columbus;
  std::unique_ptr<Listener> listener;

  explicit EmulatedSites(const LinkProfile& there = kSlowLink, const LinkProfile& back = kSlowLink)
      : ashburn(loop, network_of(loop, tls_of("ashburn")), {{"columbus", there}, {"reston", {}}}),
        columbus(loop, network_of(loop, tls_of("columbus")), {{"ashburn", back}}) {
    listener = *columbus.listen(
        kAnyPort, [this](std::unique_ptr<Connection> got) { at_columbus.take(std::move(got)); },
        [](const Error& error) { ADD_FAILURE() << error.message(); });
  }
  void dial(Recorder& recorder) {
    ashburn.connect({listener->local_address(), "columbus", std::chrono::seconds(5)},
                    [&recorder](Result<std::unique_ptr<Connection>> got) {
                      ASSERT_TRUE(got) << got.error().message();
                      recorder.take(std::move(*got));
                    });
  }
  bool connect() {
    dial(at_ashburn);
    return run_until(loop, [&] { return at_ashburn.connection && at_columbus.connection; });
  }
  double seconds_until(const std::function<bool()>& done) {
    const TimePoint start = loop.now();
    EXPECT_TRUE(run_until(loop, done));
    return std::chrono::duration<double>(loop.now() - start).count();
  }
};

}  // namespace intertie::env::real
