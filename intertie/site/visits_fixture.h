// A site with its reception, and visitors, on virtual time.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "intertie/env/sim/sim_world.h"
#include "intertie/site/reception.h"
#include "intertie/site/visitor.h"
#include "intertie/status/json_log.h"

namespace intertie::site {

// A connection whose other end is said to have another certificate.
class WithCertificate final : public env::Connection {
 public:
  WithCertificate(std::unique_ptr<env::Connection> inner, const std::string& role)
      : inner_(std::move(inner)), peer_{.run = "r", .role = role, .name = role, .address = "10.0.0.9:50000"} {}
  void start(Handlers handlers) override { inner_->start(std::move(handlers)); }
  void send(SharedBytes bytes) override { inner_->send(std::move(bytes)); }
  Bytes unsent() const override { return inner_->unsent(); }
  void set_low_mark(Bytes mark) override { inner_->set_low_mark(mark); }
  void set_pacing(BitRate rate) override { inner_->set_pacing(rate); }
  void close_after_sending() override { inner_->close_after_sending(); }
  const env::Peer& peer() const override { return peer_; }
  std::string congestion_control() const override { return inner_->congestion_control(); }
  void set_congestion_control(const std::string&) override {}
  env::Sending sending() const override { return inner_->sending(); }

 private:
  std::unique_ptr<env::Connection> inner_;
  env::Peer peer_;
};

class Events final : public EventSink {
 public:
  void record(Event event) override { events.push_back(std::move(event)); }
  std::vector<Event> events;
};

// One who visits, and what it was told.
struct Guest {
  std::unique_ptr<Visitor> visitor;
  std::vector<wire::Admission> admissions;
  std::string lines;
  int times_caught_up = 0;
  std::vector<wire::Tidings> tidings;
  std::vector<Error> away;
};

class Visits : public ::testing::Test {
 protected:
  explicit Visits(env::LinkProfile link = {BitRate{100e6}, std::chrono::milliseconds(20)})
      : world_({.seed = 1, .link = link}), site_(world_.start("a")), laptop_(world_.start("laptop")) {}

  ReceptionSettings settings() const { return {.run = "r", .site = "a", .began = site_.loop().now()}; }
  void open(const ReceptionSettings& settings) {
    reception_ = std::make_unique<Reception>(
        site_.loop(), settings, recorded_,
        Reception::Handlers{[this](const std::string& reason) { asked_.push_back("stop: " + reason); },
                            [this](const std::string& reason) { asked_.push_back("leave: " + reason); }});
    auto listener = site_.network().listen(
        kAddress,
        [this](std::unique_ptr<env::Connection> connection) {
          reception_->accept(std::make_unique<WithCertificate>(std::move(connection), role_));
        },
        [](const Error&) {});
    listener_ = std::move(listener.value());
  }
  void open() { open(settings()); }

  Guest& visit(const std::string& role, const wire::Visit& visit, Visitor::Target target) {
    role_ = role;
    Guest& guest = *guests_.emplace_back(std::make_unique<Guest>());
    guest.visitor = std::make_unique<Visitor>(
        Visitor::Services{laptop_.loop(), laptop_.network()}, std::move(target), visit,
        Visitor::Handlers{.admitted = [&guest](const wire::Admission& admission) { guest.admissions.push_back(admission); },
                          .lines =
                              [&guest](const wire::EventLines& lines) {
                                guest.lines += lines.lines;
                                guest.times_caught_up += lines.caught_up ? 1 : 0;
                              },
                          .tidings = [&guest](const wire::Tidings& tidings) { guest.tidings.push_back(tidings); },
                          .away = [&guest](const Error& error) { guest.away.push_back(error); }});
    laptop_.loop().post([&guest] { guest.visitor->begin(); });
    world_.run_for(std::chrono::seconds(1));
    return guest;
  }
  Guest& visit(const std::string& role, wire::Errand errand = wire::Errand::status) {
    return visit(role, {.run = "r", .errand = errand, .reason = "because"}, {.site = "a", .addresses = {kAddress}});
  }

  void happens(const std::string& name, std::vector<std::pair<std::string, Event::Value>> fields = {}) {
    site_.loop().post(
        [this, record = status::Record{.event = {name, std::move(fields)}, .site = "a", .wall = {}, .since_start = {}}] {
          reception_->consume(record);
        });
  }
  std::vector<std::string> refusals() const {
    std::vector<std::string> messages;
    for (const Event& event : recorded_.events) messages.push_back(std::get<std::string>(event.fields.at(0).second));
    return messages;
  }

  static inline const env::Address kAddress{"a", 7400};
  env::sim::SimWorld world_;
  env::sim::SimSite& site_;
  env::sim::SimSite& laptop_;
  std::string role_;  // of who connects next
  Events recorded_;
  std::unique_ptr<Reception> reception_;
  std::unique_ptr<env::Listener> listener_;
  std::vector<std::string> asked_;
  std::vector<std::unique_ptr<Guest>> guests_;
};
}  // namespace intertie::site
