// SimSite: what one life of a site has of the simulated world: its loop, its network, its worker. After its kill nothing that
// it scheduled runs any more; its objects may still be destroyed. Owner thread: the only one. Owned by the SimWorld.
#pragma once

#include "intertie/env/loop.h"
#include "intertie/env/sim/sim_network.h"

namespace intertie::env::sim {

class SimLoop final : public Loop {
 public:
  SimLoop(EventQueue& events, std::shared_ptr<const Life> life) : events_(events), life_(std::move(life)) {}
  TimePoint now() const override { return events_.now(); }
  std::chrono::system_clock::time_point wall() const override;
  void post(std::function<void()> task) override { events_.at(events_.now(), life_, std::move(task)); }
  TimerId call_at(TimePoint when, std::function<void()> task) override { return {events_.at(when, life_, std::move(task))}; }
  void cancel(TimerId timer) override { events_.cancel(timer.value); }

 private:
  EventQueue& events_;
  std::shared_ptr<const Life> life_;
};

// Runs work at once, and `done` when the work would have ended: `work_time` after the work before it.
class SimWorker final : public Worker {
 public:
  SimWorker(EventQueue& events, std::shared_ptr<const Life> life, std::function<Duration(const std::string&)> work_time)
      : events_(events), life_(std::move(life)), work_time_(std::move(work_time)) {}
  void run(std::function<void()> work, std::function<void()> done) override;

 private:
  EventQueue& events_;
  std::shared_ptr<const Life> life_;
  std::function<Duration(const std::string&)> work_time_;
  TimePoint busy_until_{};
};

class SimSite {
 public:
  SimSite(EventQueue& events, Fabric& fabric, std::shared_ptr<Life> life, std::function<Duration(const std::string&)> work_time)
      : life_(std::move(life)), loop_(events, life_), network_(fabric, life_), worker_(events, life_, std::move(work_time)) {}
  const std::string& name() const { return life_->site; }
  bool alive() const { return !life_->over; }
  Loop& loop() { return loop_; }
  Network& network() { return network_; }
  Worker& worker() { return worker_; }

 private:
  friend class SimWorld;
  std::shared_ptr<Life> life_;
  SimLoop loop_;
  SimNetwork network_;
  SimWorker worker_;
};

}  // namespace intertie::env::sim
