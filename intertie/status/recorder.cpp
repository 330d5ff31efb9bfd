#include "intertie/status/recorder.h"

namespace intertie::status {

struct Recorder::Consumers {
  std::vector<Consumer*> all;
};

Recorder::Recorder(env::Loop& loop, std::string site)
    : loop_(loop), site_(std::move(site)), start_(loop.now()), consumers_(std::make_shared<Consumers>()) {}

Recorder::~Recorder() = default;

void Recorder::add(Consumer& consumer) { consumers_->all.push_back(&consumer); }

void Recorder::record(Event event) {
  Record stamped{.event = std::move(event), .site = site_, .wall = loop_.wall(), .since_start = loop_.now() - start_};
  loop_.post([consumers = std::weak_ptr<Consumers>(consumers_), record = std::move(stamped)] {
    const std::shared_ptr<Consumers> alive = consumers.lock();
    if (!alive) return;
    for (Consumer* consumer : alive->all) consumer->consume(record);
  });
}

}  // namespace intertie::status
