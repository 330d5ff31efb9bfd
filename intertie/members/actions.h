// What a Member wants done, in order, by whoever owns it; and what it may ask of the links. Values. Owner thread: the loop.
#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/members/store.h"
#include "intertie/wire/messages.h"

namespace intertie::members {

struct SendTo {
  std::vector<SiteId> to;
  wire::Message message;
};
// Save the store and only then perform the actions after this one.
struct Persist {
  StoreState state;
};
// The view is in force, with this site in it (or leaving).
struct EnterView {
  wire::View view;
};
// This start of a site has no say any more.
struct Fence {
  wire::MemberRecord member;
  ViewNumber view;  // that it is not in
  std::string reason;
};
// The members are about to change: say what this site holds (report()), and apply nothing until the view has come.
struct ReportFor {
  ViewNumber number;
};
// This site is not in the view: it goes on only as a new start that fetches what the members have.
struct Fenced {
  wire::View view;
};
// Give the state of the run to this start of a site.
struct GiveState {
  wire::MemberRecord to;
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
using Action = std::variant<SendTo, Persist, EnterView, Fence, ReportFor, Fenced, GiveState, StopAt, StopAgreed,
                            CheckpointIsComplete, Fail>;
using Actions = std::vector<Action>;

// What the links know, for the store's holder. `direct`: two sites have heard each other lately without a relay, or could not
// have been heard of yet; `heard`: they have; `view_of`: that a site's start said it was in when it connected, 0: none.
struct Surroundings {
  std::function<bool(SiteId, SiteId)> direct;
  std::function<bool(SiteId, SiteId)> heard;
  std::function<bool(SiteId)> reaches;
  std::function<Incarnation(SiteId)> incarnation;
  std::function<ViewNumber(SiteId)> view_of;
};

}  // namespace intertie::members
