#include "intertie/env/real/signals.h"

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <csignal>

namespace intertie::env::real {

struct Signals::State : std::enable_shared_from_this<State> {
  State(RealLoop& loop, std::function<void(int)> handler, const std::vector<int>& more)
      : set(loop.io(), SIGINT, SIGTERM), received(std::move(handler)) {
    for (const int signal : more) set.add(signal);
  }
  asio::signal_set set;
  std::function<void(int)> received;

  void wait() {
    set.async_wait([self = shared_from_this()](const std::error_code& error, int signal) {
      if (error) return;
      self->wait();
      self->received(signal);
    });
  }
};

Signals::Signals(RealLoop& loop, std::function<void(int)> received, const std::vector<int>& more)
    : state_(std::make_shared<State>(loop, std::move(received), more)) {
  state_->wait();
}

Signals::~Signals() { state_->set.cancel(); }

SignalsIgnoredAtEnd::~SignalsIgnoredAtEnd() {
  for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, SIG_IGN);
}

}  // namespace intertie::env::real
