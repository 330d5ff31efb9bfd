// SimNetwork: the Network of one life of a site in the simulation. Pacing is accepted and ignored: lines have their rate.
// Owner thread: the only one. The SimWorld outlives it and every Connection and Listener made by it.
#pragma once

#include "intertie/env/sim/fabric.h"

namespace intertie::env::sim {

class SimNetwork final : public Network {
 public:
  SimNetwork(Fabric& fabric, std::shared_ptr<const Life> life) : fabric_(fabric), life_(std::move(life)) {}
  Result<std::unique_ptr<Listener>> listen(const Address& address, Accepted accepted,
                                           std::function<void(Error)> refused) override;
  void connect(Target target, Connected connected) override;

 private:
  Fabric& fabric_;
  std::shared_ptr<const Life> life_;
};

class SimConnection final : public Connection {
 public:
  SimConnection(Fabric& fabric, EndOfWire at) : fabric_(fabric), at_(std::move(at)) {}
  ~SimConnection() override { fabric_.detach(at_); }
  SimConnection(const SimConnection&) = delete;
  SimConnection& operator=(const SimConnection&) = delete;
  void start(Handlers handlers) override { fabric_.start(at_, std::move(handlers)); }
  void send(SharedBytes bytes) override { fabric_.send(at_, std::move(bytes)); }
  Bytes unsent() const override { return fabric_.unsent(at_); }
  void set_low_mark(Bytes mark) override { at_.end().low_mark.set(mark); }
  void set_pacing(BitRate) override {}
  void close_after_sending() override { fabric_.close_after_sending(at_); }
  const Peer& peer() const override { return at_.end().peer; }
  std::string congestion_control() const override { return "simulated"; }
  void set_congestion_control(const std::string&) override {}
  Sending sending() const override { return fabric_.sending(at_); }

 private:
  Fabric& fabric_;
  EndOfWire at_;
};

}  // namespace intertie::env::sim
