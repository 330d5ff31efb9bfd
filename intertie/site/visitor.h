// Visitor: one visit to a site of a run by somebody who is none: it connects, says what it wants, answers heartbeats, and hands
// on what the site tells. With `retry_every` it comes again whenever it could not connect or the connection ended, and tries
// one address of the site after the other. Used by `intertie status`, `stop` and `leave`. Owner thread: the loop, which
// outlives it, as the network does. Destroying it ends the visit.
//
//   Visitor visitor({.loop = loop, .network = network}, {.site = "ashburn", .addresses = {address}}, visit, {...});
//   visitor.begin();
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "intertie/env/loop.h"
#include "intertie/env/network.h"
#include "intertie/links/stream.h"
#include "intertie/wire/messages.h"

namespace intertie::site {

class Visitor {
 public:
  struct Services {
    env::Loop& loop;
    env::Network& network;
  };
  struct Target {
    std::string site;                     // empty: whoever is there
    std::vector<env::Address> addresses;  // empty: none is known yet
    std::optional<Duration> retry_every = {};
    Duration attempt_deadline = std::chrono::seconds(5);  // to connect, and again until the site has answered
    Duration silence = std::chrono::seconds(10);          // of a site that is gone; it beats more often
  };
  struct Handlers {
    std::function<void(const wire::Admission&)> admitted;
    std::function<void(const wire::EventLines&)> lines;
    std::function<void(const wire::Tidings&)> tidings;
    // An attempt at every address has failed, or the visit has ended: why. The error names the site and its address. Without
    // retry_every nothing follows.
    std::function<void(const Error&)> away;
  };
  Visitor(Services services, Target target, wire::Visit visit, Handlers handlers);
  ~Visitor();
  Visitor(const Visitor&) = delete;
  Visitor& operator=(const Visitor&) = delete;

  void begin();
  // Where the site can be reached, as is known now: for the next attempts. Empty: nothing new is known.
  void set_addresses(std::vector<env::Address> addresses);

 private:
  void connect();
  void connected(Result<std::unique_ptr<env::Connection>> connection);
  void take(const wire::Message& message);
  void expect_word_within(Duration time);
  void lost(Error error);
  std::string where() const;

  Services services_;
  Target target_;
  wire::Visit visit_;
  Handlers handlers_;
  std::size_t next_address_ = 0;
  std::unique_ptr<links::Stream> stream_;
  bool admitted_ = false;
  env::TimerId timer_;  // of the next attempt, or of the site's next word
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace intertie::site
