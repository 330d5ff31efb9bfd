// For the tests of this folder: two sites with a listener at one, and recorders of what each end was told.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

#include "intertie/env/recorder_fixture.h"
#include "intertie/env/sim/sim_world.h"

namespace intertie::env::sim {

using namespace std::chrono_literals;

inline const Address kColumbus{"columbus.example", 7400};
inline const LinkProfile kLink{BitRate{80e6}, 10ms};  // 10 bytes per microsecond

inline SharedBytes pattern(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = std::byte((i * 7 + i / 251) & 0xff);
  return SharedBytes(std::move(bytes));
}

// Two sites with one connection between them.
struct TwoSites {
  SimWorld world;
  SimSite& ashburn;
  SimSite& columbus;
  Recorder at_ashburn;
  Recorder at_columbus;
  std::unique_ptr<Listener> listener;
  std::optional<Error> failed;
  TimePoint connected_at;

  explicit TwoSites(SimOptions options = {.link = kLink})
      : world(std::move(options)), ashburn(world.start("ashburn")), columbus(world.start("columbus")) {
    listener = *columbus.network().listen(
        kColumbus, [this](std::unique_ptr<Connection> got) { at_columbus.take(std::move(got)); }, [](const Error&) {});
  }
  void dial(std::string expected = "columbus", Duration deadline = 5s, Address address = kColumbus) {
    ashburn.network().connect({address, std::move(expected), deadline}, [this](Result<std::unique_ptr<Connection>> got) {
      connected_at = world.now();
      if (got) {
        at_ashburn.take(std::move(*got));
      } else {
        failed = got.error();
      }
    });
  }
  void connect() {
    dial();
    ASSERT_TRUE(world.run_until([&] { return at_ashburn.connection && at_columbus.connection; }, 1s));
  }
};

}  // namespace intertie::env::sim
