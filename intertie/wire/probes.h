// What sites say to each other about the probe at a run's start: how fast each link is while all send, and alone
// (links/probe.h). docs/wire.md explains when each is sent. Values; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "intertie/wire/codec.h"

namespace intertie::wire {

// From the site that asks, to all: from now on, slot after slot, fill the links whose turn it is.
struct ProbeOrder {
  std::uint64_t fill = 0;        // ns of a slot in which links are filled
  std::uint64_t rest = 0;        // ns until the next slot, for what is queued on the way
  std::uint64_t round_trip = 0;  // ns, the longest of the site that asks
  template <class A>
  void fields(A& a) {
    a(fill, rest, round_trip);
  }
};

// What one link delivered, as its sender saw it acknowledged.
struct ProbedLink {
  SiteId to;
  std::vector<double> together;  // bit/s while every site sent to every other, by tenths of a second from the beginning on
  double alone = 0;              // bit/s, the best second while nobody else sent to or from the two; both ways at once
  std::uint64_t round_trip = 0;  // ns; 0: not measured
  friend bool operator==(const ProbedLink&, const ProbedLink&) = default;
  template <class A>
  void fields(A& a) {
    a(to, together, alone, round_trip);
  }
};

// To the site that asked, when the last slot is over.
struct ProbeReport {
  std::vector<ProbedLink> links;  // out of the site that says it
  template <class A>
  void fields(A& a) {
    a(links);
  }
};

}  // namespace intertie::wire
