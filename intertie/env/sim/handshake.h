// Handshake: one attempt to connect in the simulation. Three legs, 1.5 round trips (there: request; back: certificate; there:
// certificate of the other); a leg that meets a cut is sent again after a second, until the deadline.
// Owner thread: the only one. Kept alive by its own events.
#pragma once

#include <memory>
#include <string>

#include "intertie/env/sim/fabric.h"

namespace intertie::env::sim {

class Handshake : public std::enable_shared_from_this<Handshake> {
 public:
  struct Request {
    std::shared_ptr<const Life> from;
    Address address;
    std::string expected_site;
    std::string bound_to;  // at both ends, where there is one at this end: a path of its own
    Duration deadline{0};
    Network::Connected connected;
  };
  Handshake(Fabric& fabric, Request request) : fabric_(fabric), request_(std::move(request)) {}
  void begin();

 private:
  void leg(const std::string& from, const std::string& to, std::function<void()> then);
  void reached();    // after leg 1
  void answered();   // after leg 2
  void completed();  // after leg 3
  void fail(ErrorCode code, std::string phase, std::string what, std::string fix);
  std::string interface() const { return interface_of(request_.from->site, request_.bound_to); }
  std::string target_interface() const {
    return interface_of(target_site_, request_.bound_to.empty() ? std::string() : request_.address.host);
  }
  bool target_listens() const { return target_ && target_->open && !target_->life->over; }

  Fabric& fabric_;
  Request request_;
  std::shared_ptr<Listening> target_;
  std::string target_site_;
  EventQueue::Id timeout_ = 0;
  bool over_ = false;
};

}  // namespace intertie::env::sim
