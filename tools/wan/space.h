// Space: a network namespace of its own for one site, with one device that this program reads and writes: whatever the site
// sends comes out here, and what is written here arrives at the site. Made as `ip netns` does, so that `ip netns exec NAME`
// starts programs in it; removed with this object. Root, Linux. One thread.
#pragma once

#include <string>

#include "intertie/base/result.h"
#include "tools/wan/lines.h"

namespace intertie::wan {

// Sites have the addresses 10.89.0.1, 10.89.0.2, ... in their order.
std::string address_of(std::size_t site);

class Space {
 public:
  // Removes a namespace of that name first: one that a killed program left.
  static Result<Space> create(const std::string& name, std::size_t site);
  Space(Space&& other) noexcept;
  Space& operator=(Space&&) = delete;
  ~Space();

  int descriptor() const { return device_; }
  // Whatever the site has sent meanwhile; an empty frame: nothing more now.
  Frame read() const;
  void write(const Frame& frame) const;

 private:
  Space(std::string name, int device) : name_(std::move(name)), device_(device) {}

  std::string name_;  // empty: moved from
  int device_;
};

// Which site an IPv4 frame is for; num_sites: none.
std::size_t destination_of(const Frame& frame, std::size_t num_sites);

}  // namespace intertie::wan
