// What a visitor and a site say to each other, field by field (messages.h has what sites say). docs/wire.md explains when each
// is sent. Rules in brackets are those of docs/protocol.md. Values; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "intertie/wire/codec.h"

namespace intertie::wire {

enum class Errand : std::uint8_t { status = 0, stop = 1, leave = 2 };
inline bool is_known(Errand e) { return e <= Errand::leave; }

// First frame from a visitor: somebody with a certificate of the run who is no site of it [23]. What a visitor may do follows
// from the certificate and not from this.
struct Visit {
  std::uint32_t protocol = kProtocolVersion;
  std::string run;
  Errand errand = Errand::status;
  Words reason;  // stop, leave: why
  template <class A>
  void fields(A& a) {
    a(protocol, run, errand, reason);
  }
};

// The answer to a Visit that is accepted; else a Refusal, which may also come later.
struct Admission {
  std::string site;  // whom the visitor has come to
  std::string run;
  std::uint64_t start = 0;  // differs between any two starts of the site
  std::uint64_t age = 0;    // of this start, ns
  template <class A>
  void fields(A& a) {
    a(site, run, start, age);
  }
};

// To whoever asked for the status: whole lines of the site's event log, with their line breaks.
struct EventLines {
  std::string lines;
  bool caught_up = false;  // all that had happened before the visit is told; what follows happens now
  template <class A>
  void fields(A& a) {
    a(lines, caught_up);
  }
};

// To whoever asked to stop or to leave: what has become of it.
struct Tidings {
  bool final = false;     // nothing follows
  bool achieved = false;  // of the last: what was asked for has come about
  Words words;
  template <class A>
  void fields(A& a) {
    a(final, achieved, words);
  }
};

}  // namespace intertie::wire
