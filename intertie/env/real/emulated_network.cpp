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
    // The other end sees the end of the connection no sooner than the line lets it through.
    line_->get_through([ended = std::shared_ptr<Connection>(std::move(stream_->inner))] {});
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
  void set_low_mark(Bytes mark) override {
    stream_->low_mark.set(mark);
    stream_->inner->set_low_mark(mark);
  }
  void set_pacing(BitRate rate) override { stream_->inner->set_pacing(rate); }
  void close_after_sending() override { line_->end(*stream_); }
  const Peer& peer() const override { return stream_->inner->peer(); }
  std::string congestion_control() const override { return stream_->inner->congestion_control(); }
  void set_congestion_control(const std::string& name) override { stream_->inner->set_congestion_control(name); }
  Sending sending() const override { return line_->sending(*stream_); }

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
                             [weak, line = line_](const Error& error) {
                               line->get_through([weak, line = line.get(), error] {
                                 const auto stream = weak.lock();
                                 if (!stream || !stream->open) return;
                                 stream->open = false;
                                 line->remove(*stream);
                                 if (stream->handlers.closed) stream->handlers.closed(error);
                               });
                             }});
}

class EmulatedListener final : public Listener {
 public:
  EmulatedListener(std::unique_ptr<Listener> inner, std::shared_ptr<bool> listening)
      : inner_(std::move(inner)), listening_(std::move(listening)) {}
  ~EmulatedListener() override { *listening_ = false; }
  EmulatedListener(const EmulatedListener&) = delete;
  EmulatedListener& operator=(const EmulatedListener&) = delete;
  Address local_address() const override { return inner_->local_address(); }

 private:
  std::unique_ptr<Listener> inner_;
  std::shared_ptr<bool> listening_;  // those who wait for a cut link to be mended look at it
};

}  // namespace

// What outlives the EmulatedNetwork while connections or attempts of it are left.
class Emulation {
 public:
  Emulation(Loop& loop, const std::map<std::string, LinkProfile>& links) : loop_(loop) {
    for (const auto& [site, profile] : links) lines_.emplace(site, std::make_shared<EmulatedLine>(loop, profile));
  }
  // Null: there is none.
  std::shared_ptr<EmulatedLine> line_to(const std::string& site) const {
    const auto found = lines_.find(site);
    return found == lines_.end() ? nullptr : found->second;
  }
  Loop& loop() const { return loop_; }
  // The EmulatedNetwork is gone: nobody who connects is told any more.
  void end() {
    ended_ = true;
    for (const auto& [site, line] : lines_) line->forget_waiting();
  }
  bool ended() const { return ended_; }

 private:
  Loop& loop_;
  std::map<std::string, std::shared_ptr<EmulatedLine>> lines_;
  bool ended_ = false;
};

namespace {

using Outcome = Result<std::unique_ptr<Connection>>;

// Someone who connects over a line: the way there and the way back have to be open, and both take their time. Kept alive by
// its timer, which ends with the attempt.
class EmulatedDial : public std::enable_shared_from_this<EmulatedDial> {
 public:
  EmulatedDial(const std::shared_ptr<Emulation>& emulation, Network& network, Network::Target target,
               Network::Connected connected)
      : emulation_(emulation),
        network_(network),
        target_(std::move(target)),
        until_(emulation->loop().now() + target_.deadline),
        connected_(std::move(connected)) {}

  void begin() {
    const auto emulation = emulation_.lock();
    line_ = emulation->line_to(target_.expected_site);
    timer_ = emulation->loop().call_at(until_, [self = shared_from_this()] { self->finish(self->no_answer()); });
    line_->get_through([self = shared_from_this()] { self->dial(); });
  }

 private:
  // Runs while the network is there: it is what lets the line be mended.
  void dial() {
    const auto emulation = emulation_.lock();
    if (over_ || !emulation || emulation->ended()) return;
    Network::Target left = target_;
    left.deadline = until_ - emulation->loop().now();
    network_.connect(std::move(left), [self = shared_from_this()](Outcome outcome) { self->dialled(std::move(outcome)); });
  }
  void dialled(Outcome outcome) {
    const auto emulation = emulation_.lock();
    if (over_ || !emulation || emulation->ended()) return;
    if (!outcome) return finish(std::move(outcome));
    made_ = std::make_unique<EmulatedConnection>(line_, std::move(*outcome));
    const Duration set_up_time = 3 * line_->profile().delay;
    if (set_up_time == Duration{0}) return answered();
    emulation->loop().call_after(set_up_time, [self = shared_from_this()] { self->answered(); });
  }
  void answered() {
    line_->get_through([self = shared_from_this()] {
      if (!self->over_) self->finish(std::move(self->made_));
    });
  }
  void finish(Outcome outcome) {
    over_ = true;
    made_.reset();
    const auto emulation = emulation_.lock();
    if (!emulation || emulation->ended()) return;
    emulation->loop().cancel(timer_);
    connected_(std::move(outcome));
  }
  Error no_answer() const {
    return Error{.code = ErrorCode::retry,
                 .where = "site " + target_.expected_site + " (" + to_string(target_.address) + "), phase connect",
                 .what = "no answer from " + to_string(target_.address) + " in time",
                 .fix = "check that site " + target_.expected_site + " runs and that no firewall drops the connection",
                 .cause = {}};
  }

  std::weak_ptr<Emulation> emulation_;
  Network& network_;
  Network::Target target_;
  TimePoint until_;
  Network::Connected connected_;
  std::shared_ptr<EmulatedLine> line_;
  std::unique_ptr<Connection> made_;
  TimerId timer_;
  bool over_ = false;
};

}  // namespace

EmulatedNetwork::EmulatedNetwork(Loop& loop, std::unique_ptr<Network> network, const std::map<std::string, LinkProfile>& links)
    : network_(std::move(network)), emulation_(std::make_shared<Emulation>(loop, links)) {}

EmulatedNetwork::~EmulatedNetwork() { emulation_->end(); }

Result<std::unique_ptr<Listener>> EmulatedNetwork::listen(const Address& address, Accepted accepted,
                                                          std::function<void(Error)> refused) {
  const auto listening = std::make_shared<bool>(true);
  INTERTIE_ASSIGN(auto inner, network_->listen(
                                  address,
                                  [emulation = emulation_, listening,
                                   accepted = std::move(accepted)](std::unique_ptr<Connection> connection) {
                                    const Peer& peer = connection->peer();
                                    const auto line = peer.role == kSiteRole ? emulation->line_to(peer.name) : nullptr;
                                    if (!line) return accepted(std::move(connection));
                                    const auto made = std::make_shared<std::unique_ptr<Connection>>(
                                        std::make_unique<EmulatedConnection>(line, std::move(connection)));
                                    line->get_through([made, listening, accepted] {
                                      if (*listening) accepted(std::move(*made));
                                    });
                                  },
                                  std::move(refused)));
  return std::unique_ptr<Listener>(std::make_unique<EmulatedListener>(std::move(inner), listening));
}

void EmulatedNetwork::connect(Target target, Connected connected) {
  if (!emulation_->line_to(target.expected_site)) return network_->connect(std::move(target), std::move(connected));
  std::make_shared<EmulatedDial>(emulation_, *network_, std::move(target), std::move(connected))->begin();
}

bool EmulatedNetwork::cut(const std::string& site) {
  const auto line = emulation_->line_to(site);
  if (line) line->cut();
  return line != nullptr;
}

bool EmulatedNetwork::mend(const std::string& site) {
  const auto line = emulation_->line_to(site);
  if (line) line->mend();
  return line != nullptr;
}

}  // namespace intertie::env::real
