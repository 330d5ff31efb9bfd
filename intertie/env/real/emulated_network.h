// EmulatedNetwork: a Network whose connections to some sites behave as if they crossed a long link. The bytes and the sockets
// are real; what this process sends to such a site is held back by the rate and delay of its link (env/line.h), which all
// connections to that site share. The other direction is held back by the process at the other end. Needs no rights.
//
// Whoever connects is told after one and a half round trips. Connections to sites without a link here pass through untouched,
// and so do accepted plain ones, which name nobody. Everything that shows figures of such a run has to call it emulated.
//
// A link can be cut, as by an excavator: what is sent waits, nobody is told, who connects finds nobody until its deadline, and
// the end of a connection shows only once the link is mended. Each end cuts what it sends, so both have to be told.
// Owner thread: the loop, which outlives it; connections and listeners may outlive it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "intertie/env/link_model.h"
#include "intertie/env/loop.h"
#include "intertie/env/network.h"

namespace intertie::env::real {

class Emulation;

class EmulatedNetwork final : public Network {
 public:
  // `links`: by the name of the other site; the outgoing direction. One without a rate or a delay only can be cut.
  EmulatedNetwork(Loop& loop, std::unique_ptr<Network> network, const std::map<std::string, LinkProfile>& links);
  ~EmulatedNetwork() override;
  EmulatedNetwork(const EmulatedNetwork&) = delete;
  EmulatedNetwork& operator=(const EmulatedNetwork&) = delete;

  Result<std::unique_ptr<Listener>> listen(const Address& address, Accepted accepted,
                                           std::function<void(Error)> refused) override;
  void connect(Target target, Connected connected) override;

  // False: there is no link to that site here. To cut what is cut, and to mend what is whole, changes nothing.
  bool cut(const std::string& site);
  bool mend(const std::string& site);

 private:
  std::unique_ptr<Network> network_;
  std::shared_ptr<Emulation> emulation_;
};

}  // namespace intertie::env::real
