// RealNetwork: TCP between sites (and their visitors), under TLS 1.3 with certificates on both sides (the run's authority, SAN
// intertie://RUN/site/ NAME). Plain TCP only where it is asked for, and then only between loopback addresses.
//
// Errors name the address, the phase (resolve, connect, TLS handshake, certificate), the reason and what to do. With TLS 1.3
// the side that connects is done before the other has looked at its certificate: if that is refused, connect() succeeds and
// `closed` follows at once, with code reconfigure and the reason.
// Owner thread: the loop. The loop outlives the network; connections and listeners may outlive it. Callbacks of connect() that
// is under way do not run after the network is gone.
//
//   INTERTIE_ASSIGN(auto network, RealNetwork::create(loop, {.run = "three-states", .site = "ashburn", .tls = files}));
#pragma once

#include <memory>
#include <optional>

#include "intertie/env/network.h"
#include "intertie/env/real/certificates.h"
#include "intertie/env/real/real_loop.h"

namespace intertie::env::real {

struct RealNetworkOptions {
  std::string run;
  std::string site;  // whose certificate it is: a site's name, or a visitor's
  std::optional<TlsFiles> tls = {};
  std::string role = kSiteRole;                         // of this process
  bool visitors = false;                                // operators and viewers may connect, too; Peer::role says who is one
  std::string congestion_control = kAutomatic;          // or a name that the system knows: bbr, cubic, reno
  bool plain = false;                                   // instead of tls; loopback only
  Duration accept_deadline = std::chrono::seconds(10);  // for the handshake of whoever connects to us
  Bytes key_update_after{std::uint64_t{1} << 36};       // sent on a connection (tls_session.h)
  std::size_t most_handshakes = 128;                    // of those who connect to us, at one time; above it one is dropped
};

struct NetworkState;

class RealNetwork final : public Network {
 public:
  static Result<std::unique_ptr<RealNetwork>> create(RealLoop& loop, RealNetworkOptions options);
  ~RealNetwork() override;
  RealNetwork(const RealNetwork&) = delete;
  RealNetwork& operator=(const RealNetwork&) = delete;

  // A name in `address` is looked up at once, which may block: listen before the run begins.
  Result<std::unique_ptr<Listener>> listen(const Address& address, Accepted accepted,
                                           std::function<void(Error)> refused) override;
  void connect(Target target, Connected connected) override;

 private:
  explicit RealNetwork(std::shared_ptr<NetworkState> state) : state_(std::move(state)) {}
  std::shared_ptr<NetworkState> state_;
};

}  // namespace intertie::env::real
