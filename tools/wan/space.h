// Space: a network namespace of its own for one site, with a device for each path that this program reads and writes: whatever
// the site sends comes out here, and what is written here arrives at the site. Made as `ip netns` does, so that `ip netns exec
// NAME` starts programs in it; removed with this object. Root, Linux. One thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "intertie/base/result.h"
#include "tools/wan/frame.h"

namespace intertie::wan {

class Space {
 public:
  struct Options {
    std::string name;
    std::size_t site = 0;
    std::size_t paths = 1;
    bool ipv6 = false;
    std::string congestion_control;  // "machine": as it is
  };
  // Removes a namespace of that name first: one that a killed program left.
  static Result<Space> create(const Options& options);
  Space(Space&& other) noexcept;
  Space& operator=(Space&&) = delete;
  ~Space();

  int descriptor(std::size_t path) const { return devices_[path]; }
  // Whatever the site has sent meanwhile on a path; its size, 0: nothing more now.
  std::size_t read(std::size_t path, std::span<std::byte> room) const;
  // Whether the kernel took it.
  bool write(std::size_t path, std::span<const std::byte> bytes) const;

 private:
  explicit Space(std::string name) : name_(std::move(name)) {}

  std::string name_;  // empty: moved from
  std::vector<int> devices_;
};

}  // namespace intertie::wan
