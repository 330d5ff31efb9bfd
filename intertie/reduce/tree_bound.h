// The linear programme of a merge's lower bound, for bound.h; its lines and why they hold are in docs/schedule.md. Not
// thread-safe; any thread.
#pragma once

#include <array>
#include <vector>

#include "intertie/reduce/flows.h"
#include "intertie/reduce/linear_programme.h"

namespace intertie::reduce {

class TreeBound {
 public:
  // No merge ends before `earliest` seconds.
  TreeBound(const Limits& limits, const Volumes& volumes, double earliest);
  double solve();  // seconds

 private:
  // What is sent of the fragment over each link, by when and what: before any site knows an element's sum, one contribution or
  // a sum of several; and after that.
  enum Kind : std::size_t { early_single, early_sum, late_single, late_sum, kNumKinds };
  using Entries = std::vector<LinearProgramme::Entry>;

  std::size_t pair(std::size_t from, std::size_t to) const { return from * n_ + to; }
  void add_columns();
  void limit(double rate, double delay, double delay_of_sums, const std::vector<std::size_t>& links);
  void add_limits();
  void add_site_rows(std::size_t site);
  double first_arrival(std::size_t site) const;
  // What leaves the sites on the near side is at least one, less the shares rooted there.
  bool add_cuts();
  void add_cut(const std::vector<bool>& near, bool early);
  bool cut_below(std::vector<double> amounts, const std::vector<double>& roots, std::size_t source, std::size_t sink);
  double amount(std::size_t link, bool early) const;

  const Limits& limits_;
  std::size_t n_;
  double unit_;    // bits per second
  double volume_;  // bits
  double unit_seconds_;
  double earliest_;  // in units
  std::array<double, kNumKinds> sizes_;
  LinearProgramme lp_;
  int time_ = 0;
  std::vector<std::array<int, kNumKinds>> sent_;  // columns, [from][to]; -1: no link
  std::vector<int> roots_, gathered_;             // columns by site
};

}  // namespace intertie::reduce
