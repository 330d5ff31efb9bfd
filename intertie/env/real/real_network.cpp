#include "intertie/env/real/real_network.h"

#include "intertie/env/real/dial.h"
#include "intertie/env/real/network_state.h"
#include "intertie/env/real/socket.h"
#include "intertie/env/real/socket_listener.h"

namespace intertie::env::real {

Result<std::unique_ptr<RealNetwork>> RealNetwork::create(RealLoop& loop, RealNetworkOptions options) {
  INTERTIE_CHECK(options.plain != options.tls.has_value());
  INTERTIE_RETURN_IF_ERROR(check_congestion_control(options.congestion_control));
  std::unique_ptr<TlsContext> tls;
  if (options.tls) {
    INTERTIE_ASSIGN(tls, TlsContext::load(*options.tls, options.run, options.site, options.role));
  }
  auto state =
      // NOLINTNEXTLINE(modernize-make-shared): an aggregate, which clang 14 cannot make in place
      std::shared_ptr<NetworkState>(new NetworkState{.io = loop.io(), .options = std::move(options), .tls = std::move(tls)});
  return std::unique_ptr<RealNetwork>(new RealNetwork(std::move(state)));
}

RealNetwork::~RealNetwork() { state_->open = false; }

Result<std::unique_ptr<Listener>> RealNetwork::listen(const Address& address, Accepted accepted,
                                                      std::function<void(Error)> refused) {
  auto acceptor = std::make_shared<Acceptor>(state_, std::move(accepted), std::move(refused));
  INTERTIE_RETURN_IF_ERROR(acceptor->open(address));
  return std::unique_ptr<Listener>(std::make_unique<SocketListener>(std::move(acceptor)));
}

void RealNetwork::connect(Target target, Connected connected) {
  const auto deadline = std::chrono::steady_clock::now() + target.deadline;
  std::make_shared<Dial>(state_, std::move(target), std::move(connected))->begin(deadline);
}

}  // namespace intertie::env::real
