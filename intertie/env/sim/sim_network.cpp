#include "intertie/env/sim/sim_network.h"

#include "intertie/env/sim/handshake.h"

namespace intertie::env::sim {
namespace {

class SimListener final : public Listener {
 public:
  SimListener(Fabric& fabric, std::shared_ptr<Listening> listening) : fabric_(fabric), listening_(std::move(listening)) {}
  ~SimListener() override { fabric_.stop_listening(listening_); }
  SimListener(const SimListener&) = delete;
  SimListener& operator=(const SimListener&) = delete;
  Address local_address() const override { return listening_->address; }

 private:
  Fabric& fabric_;
  std::shared_ptr<Listening> listening_;
};

}  // namespace

Result<std::unique_ptr<Listener>> SimNetwork::listen(const Address& address, Accepted accepted,
                                                     std::function<void(Error)> refused) {
  INTERTIE_ASSIGN(auto listening, fabric_.listen({address, life_, std::move(accepted), std::move(refused)}));
  return std::unique_ptr<Listener>(std::make_unique<SimListener>(fabric_, std::move(listening)));
}

void SimNetwork::connect(Target target, Connected connected) {
  std::make_shared<Handshake>(fabric_, Handshake::Request{life_, std::move(target.address), std::move(target.expected_site),
                                                          std::move(target.from), target.deadline, std::move(connected)})
      ->begin();
}

}  // namespace intertie::env::sim
