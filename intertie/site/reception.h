// Reception: whoever connects to this site without being one. A viewer is told what the site records; an operator may also ask
// that the run stops, or that this site leaves it. What somebody may do follows from the certificate; what is said decides
// nothing. A visitor reaches nothing of links, merges or members, and one who reads slowly, says nothing or says too much is
// dismissed, so that no run waits for one. Refusals are recorded (connection.refused), one a second at most. Owner thread: the
// loop, which outlives it. Destroying it closes all connections.
//
//   Reception reception(loop, {.run = "three-states", .site = "ashburn"}, recorder, {.stop = ..., .leave = ...});
//   recorder.add(reception);
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "intertie/base/event.h"
#include "intertie/env/loop.h"
#include "intertie/env/network.h"
#include "intertie/links/stream.h"
#include "intertie/status/event_history.h"
#include "intertie/status/recorder.h"
#include "intertie/sync/run_settings.h"

namespace intertie::site {

struct ReceptionSettings {
  std::string run;
  std::string site;
  env::TimePoint began{};  // from when the times of records count
  bool may_leave = true;   // else it holds the store, or is the only one
  std::size_t most_viewers = 16;
  std::size_t most_operators = 8;                     // apart from the viewers, who cannot take their place
  Bytes most_unsent{std::uint64_t{2} * 1024 * 1024};  // to one that reads slowly
  Duration first_word = std::chrono::seconds(10);     // until a visitor has said what it wants
  Duration beat_every = std::chrono::seconds(2);      // each beat is to be answered
  Duration silence = std::chrono::seconds(20);        // of one who is gone
  Duration last_words = std::chrono::seconds(1);      // for what is still to be sent to one who is dismissed
};

// May a visitor with that role do this? Errors (reconfigure) are words for the visitor.
Result<void> check_visit(const ReceptionSettings& settings, const std::string& role, const wire::Visit& visit);
// What has come of a request to stop the run, or that this site leaves it, once the site's part in the run is over.
wire::Tidings tidings_of(const Result<sync::Outcome>& outcome, wire::Errand errand, const std::string& site);

class Reception final : public status::Consumer {
 public:
  struct Handlers {  // called on the loop, never from within accept()
    std::function<void(const std::string& reason)> stop;
    std::function<void(const std::string& reason)> leave;
  };
  Reception(env::Loop& loop, ReceptionSettings settings, EventSink& events, Handlers handlers);
  ~Reception() override;
  Reception(const Reception&) = delete;
  Reception& operator=(const Reception&) = delete;

  // Of somebody whose certificate says operator or viewer.
  void accept(std::unique_ptr<env::Connection> connection);
  void consume(const status::Record& record) override;
  // The site's part in the run is over, and all that it recorded has been consumed. `closed` is called when everybody has been
  // told, or after a second.
  void end(const Result<sync::Outcome>& outcome, std::function<void()> closed);

 private:
  struct Guest {
    std::unique_ptr<links::Stream> stream;
    std::string role;
    std::optional<wire::Errand> errand;  // once it was admitted
    env::TimePoint heard_at{};
    int words_since_beat = 0;
    bool dismissed = false;
    env::TimerId deadline;  // of the first word; then of the last
  };
  using GuestRef = std::list<Guest>::iterator;

  void heard(GuestRef guest, const wire::Message& message);
  void admit(GuestRef guest, const wire::Visit& visit);
  void tell_history(Guest& guest) const;
  void ask(const Guest& guest, const wire::Visit& visit);
  void dismiss(GuestRef guest, const Error& reason);
  void close(GuestRef guest);
  void forget(GuestRef guest);
  void beat();
  void record_refusal(const Guest& guest, const Error& reason);
  std::size_t count(const std::string& role) const;

  env::Loop& loop_;
  ReceptionSettings settings_;
  EventSink& events_;
  Handlers handlers_;
  std::uint64_t start_;  // as in Admission
  status::EventHistory history_;
  std::list<Guest> guests_;
  env::TimerId beat_timer_;
  std::optional<env::TimePoint> refusal_told_at_;
  std::uint64_t refusals_untold_ = 0;
  bool ended_ = false;
  std::function<void()> closed_;
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);  // for what is posted
};

}  // namespace intertie::site
