// Keys change in mid-stream, in both directions, asked for by the other side and by ourselves, and nobody who sends or receives
// notices.
#include <gtest/gtest.h>

#include <algorithm>

#include "intertie/env/real/caller_fixture.h"
#include "intertie/env/real/sites_fixture.h"

namespace intertie::env::real {
namespace {

constexpr std::size_t kPiece = 1'000'000;
constexpr int kPieces = 16;

// Columbus, whom a peer made with OpenSSL alone calls.
struct Called {
  explicit Called(RealNetworkOptions options)
      : sites(tls_of("ashburn"), std::move(options)), caller(sites.listener->local_address()) {
    const TlsFiles files = tls_files(certificates().path(), "ashburn");
    caller.speak_tls(files.certificate, files.key);
    EXPECT_TRUE(run_until(sites.loop, [&] {
      caller.step();
      return sites.at_columbus.connection != nullptr;
    }));
  }
  // Both send so much, and the caller asks for new keys so often.
  void exchange(int num_updates) {
    Random random(1);
    for (int i = 0; i < kPieces; ++i) {
      const SharedBytes to = random_bytes(random, kPiece), from = random_bytes(random, kPiece);
      to_columbus.insert(to_columbus.end(), to.view().begin(), to.view().end());
      to_caller.insert(to_caller.end(), from.view().begin(), from.view().end());
      if (i < num_updates) caller.update_key();
      caller.send(to.view());
      sites.at_columbus.connection->send(from);
      EXPECT_TRUE(run_until(sites.loop, [&] {
        caller.step();
        return sites.at_columbus.bytes.size() == to_columbus.size() && caller.heard().size() == to_caller.size();
      }));
    }
    EXPECT_TRUE(
        std::equal(to_columbus.begin(), to_columbus.end(), sites.at_columbus.bytes.begin(), sites.at_columbus.bytes.end()));
    EXPECT_TRUE(caller.heard() == to_caller);
    EXPECT_FALSE(sites.at_columbus.closed);
  }
  TwoSites sites;
  Caller caller;
  std::vector<std::byte> to_columbus, to_caller;
};

TEST(KeyUpdate, ThatThePeerAsksForIsMadeInBothDirections) {
  Called called(tls_of("columbus"));
  called.exchange(kPieces);
  EXPECT_GE(called.caller.num_key_updates(), kPieces - 1) << "the last answer comes with what is sent next";
}

TEST(KeyUpdate, ThatIsDueComesUnasked) {
  RealNetworkOptions options = tls_of("columbus");
  options.key_update_after = Bytes{3 * kPiece};
  Called called(options);
  called.exchange(0);
  EXPECT_GE(called.caller.num_key_updates(), kPieces / 3 - 1);
  EXPECT_LE(called.caller.num_key_updates(), kPieces / 3 + 1);
}

}  // namespace
}  // namespace intertie::env::real
