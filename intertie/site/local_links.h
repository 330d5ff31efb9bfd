// LocalLinks: the network of a site whose run is on one machine. Links that state a rate or a delay have it on real sockets,
// and every link can be cut and mended by what the launcher says (site/control.h). Owner thread: the loop, which outlives it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "intertie/base/ids.h"
#include "intertie/env/real/emulated_network.h"
#include "intertie/site/control.h"
#include "intertie/site/run_file.h"

namespace intertie::site {

class LocalLinks final : public env::Network {
 public:
  LocalLinks(env::Loop& loop, std::unique_ptr<env::Network> network, const RunFile& file, SiteId self);

  // Some link has a rate or a delay: figures of this run are to be called emulated.
  bool emulated() const { return emulated_; }
  // Before anybody connects. Errors (reconfigure): there is no such site.
  Result<void> cut_from_the_start(const std::vector<std::string>& sites);
  // What the launcher says of a link. Errors (reconfigure): it names no other site; nothing has changed.
  Result<void> obey(const ControlLine& line);

  Result<std::unique_ptr<env::Listener>> listen(const env::Address& address, Accepted accepted,
                                                std::function<void(Error)> refused) override {
    return network_.listen(address, std::move(accepted), std::move(refused));
  }
  void connect(Target target, Connected connected) override { network_.connect(std::move(target), std::move(connected)); }

 private:
  bool emulated_ = false;
  env::real::EmulatedNetwork network_;
};

}  // namespace intertie::site
