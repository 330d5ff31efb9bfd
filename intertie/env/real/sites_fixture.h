// For the tests of this folder: certificates of a run with two sites, a loop to run until something is true.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "intertie/env/random.h"
#include "intertie/env/real/certificates.h"
#include "intertie/env/real/real_network.h"
#include "intertie/env/real/scratch_folder_fixture.h"
#include "intertie/env/recorder_fixture.h"

namespace intertie::env::real {

inline constexpr Duration kLimit = std::chrono::seconds(20);  // of a wait that should take milliseconds
inline const Address kAnyPort{"127.0.0.1", 0};

// Runs the loop until `done`, at most `limit`; true if done.
inline bool run_until(RealLoop& loop, const std::function<bool()>& done, Duration limit = kLimit) {
  const TimePoint end = loop.now() + limit;
  std::function<void()> look = [&] {
    if (done() || loop.now() > end) return loop.stop();
    loop.call_after(std::chrono::microseconds(200), look);
  };
  loop.post(look);
  loop.run();
  return done();
}

inline SharedBytes random_bytes(Random& random, std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t done = 0; done < size; done += sizeof(std::uint64_t)) {
    const std::uint64_t word = random.next();
    std::memcpy(bytes.data() + done, &word, std::min(sizeof word, size - done));
  }
  return SharedBytes(std::move(bytes));
}

// Certificates of run "states", made once for the process.
inline const ScratchFolder& certificates() {
  static const ScratchFolder folder;
  static const bool made = [] {
    EXPECT_TRUE(make_authority(folder.path(), "states"));
    for (const char* name : {"ashburn", "columbus"}) EXPECT_TRUE(issue(folder.path(), {"states", "site", name}));
    for (const char* role : {kOperatorRole, kViewerRole}) EXPECT_TRUE(issue(folder.path(), {"states", role, role}));
    return true;
  }();
  EXPECT_TRUE(made);
  return folder;
}

inline RealNetworkOptions tls_of(const std::string& site) {
  return {.run = "states", .site = site, .tls = tls_files(certificates().path(), site)};
}

inline std::unique_ptr<RealNetwork> network_of(RealLoop& loop, RealNetworkOptions options) {
  auto made = RealNetwork::create(loop, std::move(options));
  EXPECT_TRUE(made) << made.error().message();
  return std::move(*made);
}

// Ashburn connects to columbus.
struct TwoSites {
  RealLoop loop;
  std::unique_ptr<RealNetwork> ashburn;
  std::unique_ptr<RealNetwork> columbus;
  Recorder at_ashburn;
  Recorder at_columbus;
  std::optional<Error> failed;
  std::vector<Error> refused;
  std::unique_ptr<Listener> listener;
  std::string from;  // that ashburn connects from

  explicit TwoSites(RealNetworkOptions first = tls_of("ashburn"), RealNetworkOptions second = tls_of("columbus"))
      : ashburn(network_of(loop, std::move(first))), columbus(network_of(loop, std::move(second))) {
    auto made = columbus->listen(
        kAnyPort, [this](std::unique_ptr<Connection> got) { at_columbus.take(std::move(got)); },
        [this](Error error) { refused.push_back(std::move(error)); });
    EXPECT_TRUE(made) << made.error().message();
    listener = std::move(*made);
  }
  void dial(const Address& address, const std::string& expected = "columbus", Duration deadline = std::chrono::seconds(5)) {
    ashburn->connect({address, expected, deadline, from}, [this](Result<std::unique_ptr<Connection>> got) {
      if (got) {
        at_ashburn.take(std::move(*got));
      } else {
        failed = got.error();
      }
    });
  }
  bool connect() {
    dial(listener->local_address());
    return run_until(loop, [&] { return failed || (at_ashburn.connection && at_columbus.connection); }) && !failed;
  }
};

}  // namespace intertie::env::real
