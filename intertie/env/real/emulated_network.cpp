#include "intertie/env/real/emulated_network.h"

#include "intertie/env/real/emulated_line.h"

namespace intertie::env::real {
namespace {

class EmulatedConnection final : public Connection {
 public:
  EmulatedConnection(std::shared_ptr<EmulatedLine> line, std::unique_ptr<Connection> inner)
      : line_(std::move(line)), stream_(std::make_shared<EmulatedStream>()) {
    stream_->inner = std::move(inner);
    line_->add(stream_);
  }
  ~EmulatedConnection() override {
    stream_->open = false;
    line_->remove(*stream_);
    stream_->inner.reset();
  }
  EmulatedConnection(const EmulatedConnection&) = delete;
  EmulatedConnection& operator=(const EmulatedConnection&) = delete;

  void start(Handlers handlers) override;
  void send(SharedBytes bytes) override { line_->send(*stream_, std::move(bytes)); }
  // What has arrived counts again while the real socket does not take it, so whoever sees it high is told when it has fallen.
  Bytes unsent() const override {
    const Bytes unsent = line_->unsent(*stream_);
    stream_->low_mark.rose(unsent);
    return unsent;
  }
  void set_low_mark(Bytes mark) override { stream_->low_mark.set(mark); }
  void set_pacing(BitRate rate) override { stream_->inner->set_pacing(rate); }
  void close_after_sending() override { line_->end(*stream_); }
  const Peer& peer() const override { return stream_->inner->peer(); }
  std::string congestion_control() const override { return stream_->inner->congestion_control(); }

 private:
  std::shared_ptr<EmulatedLine> line_;
  std::shared_ptr<EmulatedStream> stream_;
};

// Each handler holds the stream while it runs, since what it calls may destroy the connection.
void EmulatedConnection::start(Handlers handlers) {
  stream_->handlers = std::move(handlers);
  const std::weak_ptr<EmulatedStream> weak = stream_;
  stream_->inner->start({.received =
                             [weak](std::span<const std::byte> bytes) {
                               const auto stream = weak.lock();
                               if (stream && stream->open && stream->handlers.received) stream->handlers.received(bytes);
                             },
                         .drained =
                             [weak, line = line_] {
                               if (const auto stream = weak.lock()) line->look_for_drained(stream);
                             },
                         .closed =
                             [weak, line = line_](Error error) {
                               const auto stream = weak.lock();
                               if (!stream || !stream->open) return;
                               stream->open = false;
                               line->remove(*stream);
                               if (stream->handlers.closed) stream->handlers.closed(std::move(error));
                             }});
}

}  // namespace

// What outlives the EmulatedNetwork while connections or attempts of it are left.
class Emulation {
 public:
  Emulation(Loop& loop, const std::map<std::string, LinkProfile>& links) : loop_(loop) {
    for (const auto& [site, profile] : links) lines_.emplace(site, std::make_shared<EmulatedLine>(loop, profile));
  }
  std::unique_ptr<Connection> behind_its_line(std::unique_ptr<Connection> connection) const {
    const auto found = lines_.find(connection->peer().name);
    if (found == lines_.end()) return connection;
    return std::make_unique<EmulatedConnection>(found->second, std::move(connection));
  }
  Duration set_up_time(const std::string& site) const {
    const auto found = lines_.find(site);
    return found == lines_.end() ? Duration{0} : 3 * found->second->profile().delay;
  }
  Loop& loop() const { return loop_; }

 private:
  Loop& loop_;
  std::map<std::string, std::shared_ptr<EmulatedLine>> lines_;
};

EmulatedNetwork::EmulatedNetwork(Loop& loop, std::unique_ptr<Network> network, const std::map<std::string, LinkProfile>& links)
    : network_(std::move(network)), emulation_(std::make_shared<Emulation>(loop, links)) {}

EmulatedNetwork::~EmulatedNetwork() = default;

Result<std::unique_ptr<Listener>> EmulatedNetwork::listen(const Address& address, Accepted accepted,
                                                          std::function<void(Error)> refused) {
  return network_->listen(
      address,
      [emulation = emulation_, accepted = std::move(accepted)](std::unique_ptr<Connection> connection) {
        accepted(emulation->behind_its_line(std::move(connection)));
      },
      std::move(refused));
}

void EmulatedNetwork::connect(const Address& address, std::string expected_site, Duration deadline, Connected connected) {
  const std::weak_ptr<Emulation> weak = emulation_;
  const Duration set_up_time = emulation_->set_up_time(expected_site);
  network_->connect(address, std::move(expected_site), deadline,
                    [weak, set_up_time, connected = std::move(connected)](Result<std::unique_ptr<Connection>> outcome) {
                      const auto emulation = weak.lock();
                      if (!emulation) return;
                      if (!outcome || set_up_time == Duration{0}) return connected(std::move(outcome));
                      const auto made =
                          std::make_shared<std::unique_ptr<Connection>>(emulation->behind_its_line(std::move(*outcome)));
                      emulation->loop().call_after(set_up_time, [weak, made, connected] {
                        if (!weak.expired()) connected(std::move(*made));
                      });
                    });
}

}  // namespace intertie::env::real
