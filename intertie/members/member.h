// Member: what this site does about views, stopping and complete checkpoints. Sans-I/O: messages and facts go in, actions come
// out. One of the sites (the first of the run file) also holds the embedded store and decides; it talks to itself
// through the same functions.
// Membership is static: the view has every site of the run file, and the loss of one ends the run at its last
// complete checkpoint.
// Owner thread: the loop.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/members/store.h"
#include "intertie/wire/messages.h"

namespace intertie::members {

struct SendTo {
  std::optional<SiteId> to;  // nullopt: everybody else
  wire::Message message;
};
// Save the store and only then perform the actions after this one.
struct Persist {
  StoreState state;
};
// The view is in force: open merge streams and go.
struct EnterView {
  wire::View view;
};
// Write a checkpoint when `version` has been applied, then stop.
struct StopAt {
  Version version;
  std::string reason;
};
// Everybody has the stop order: the version it names may be opened here.
struct StopAgreed {};
// Checkpoints that the run still needs, by this site's manifest hash; others may be removed.
struct CheckpointIsComplete {
  Version version;
  Restart restart;
  std::vector<Hash64> keep;
};
struct Fail {
  Error error;
};
using Action = std::variant<SendTo, Persist, EnterView, StopAt, StopAgreed, CheckpointIsComplete, Fail>;
using Actions = std::vector<Action>;

class Member {
 public:
  struct Settings {
    std::string run;
    SiteId self;
    std::vector<std::string> site_names;
    Incarnation incarnation;
    wire::Schedule schedule;          // what the holder will publish
    std::optional<StoreState> store;  // the holder's, as loaded; nullopt elsewhere or when new
    Version last_version;             // the run ends with it
  };
  explicit Member(Settings settings);

  bool holds_store() const { return settings_.self == kHolder; }

  // This site is connected to all others and ready to start.
  Actions ready(const wire::Ready& ready, const std::map<SiteId, Incarnation>& incarnations);
  // A message of another site that concerns membership; others are ignored. Errors of the peer become Fail.
  Actions receive(SiteId from, const wire::Message& message);
  // Somebody at this site asks to stop the run.
  Actions request_stop(const std::string& reason);
  // This site is about to offer its contribution to `version`. May it? If not, StopAgreed will come.
  bool may_open(Version version) const;
  void opened(Version version) { newest_opened_ = version; }
  // The run stops with it, as far as this site knows.
  bool stops_at(Version version) const { return stop_ && stop_->version == version; }
  // This site's part of a checkpoint is on disk.
  Actions wrote_checkpoint(const wire::CheckpointOffer& checkpoint);

  const std::optional<wire::View>& view() const { return view_; }
  // Why there is no view yet, for an error message.
  std::string waits_for() const;

 private:
  static constexpr SiteId kHolder{0};
  static constexpr std::size_t kKept = 2;  // complete checkpoints

  Actions take_ready(SiteId from, const wire::Ready& ready);
  Actions decide_view();
  Result<std::optional<wire::CheckpointOffer>> choose_checkpoint() const;
  std::string why_not(const CheckpointRecord& record) const;
  Actions enter(const wire::View& view);
  Actions order_stop(const std::string& reason);
  Actions take_stop_accepted(SiteId from, Version version);
  Actions record_checkpoint(SiteId from, const wire::CheckpointOffer& checkpoint);
  Actions complete(Version version, Restart restart);
  Actions fail(ErrorCode code, std::string what, std::string fix) const;

  Settings settings_;
  StoreState store_;
  std::map<SiteId, wire::Ready> ready_;         // at the holder
  std::map<SiteId, Incarnation> incarnations_;  // of everybody, this site included
  std::optional<wire::View> view_;
  Version newest_opened_;
  std::optional<wire::StopOrder> stop_;
  std::set<SiteId> stop_missing_;                       // acknowledgements, at the holder
  std::vector<wire::CheckpointOffer> own_checkpoints_;  // written or offered by this site, oldest first
};

}  // namespace intertie::members
