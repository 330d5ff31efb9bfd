// Recorder: the EventSink of a site. Stamps an event with time and site and hands it to its consumers on the loop thread, in
// the order of record() calls of one thread; record() itself only posts and never blocks. What was recorded before a task was
// posted to the loop is consumed before that task runs: a site that posts its own end loses nothing.
//
//   Recorder recorder(loop, "ashburn");
//   recorder.add(json_log);           // borrowed; must outlive the recorder
//   recorder.record({"evaluation", {...}});
//
// Threads: record() any; the rest, and consumers, on the loop. Events that the loop has not run yet when the recorder is
// destroyed are dropped.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "intertie/base/event.h"
#include "intertie/env/loop.h"

namespace intertie::status {

struct Record {
  Event event;
  std::string site;
  std::chrono::system_clock::time_point wall;
  Duration since_start{0};
};

class Consumer {
 public:
  virtual ~Consumer() = default;
  virtual void consume(const Record& record) = 0;  // on the loop; small work only
};

class Recorder final : public EventSink {
 public:
  Recorder(env::Loop& loop, std::string site);
  ~Recorder() override;
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  env::TimePoint start() const { return start_; }  // from when since_start counts
  void add(Consumer& consumer);
  void record(Event event) override;

 private:
  struct Consumers;
  env::Loop& loop_;
  std::string site_;
  env::TimePoint start_;
  std::shared_ptr<Consumers> consumers_;  // posted tasks hold it weakly
};

}  // namespace intertie::status
