// What a stranger sends to the port of a site: nothing of it may end the process, and no handshake may succeed. The first byte
// of the input says where the rest is cut in two, as a network would.
#include <stdlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "intertie/base/check.h"
#include "intertie/env/real/tls_session.h"

namespace {

using namespace intertie::env::real;

std::unique_ptr<TlsContext> context_of_a_site() {
  std::string folder = (std::filesystem::temp_directory_path() / "intertie-fuzz-XXXXXX").string();
  INTERTIE_CHECK(mkdtemp(folder.data()) != nullptr);
  INTERTIE_CHECK(make_authority(folder, "states"));
  auto files = issue(folder, {"states", "site", "ashburn"});
  INTERTIE_CHECK(files);
  auto context = TlsContext::load(*files, "states", "ashburn");
  std::filesystem::remove_all(folder);
  INTERTIE_CHECK(context);
  return std::move(*context);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::unique_ptr<TlsContext> context = context_of_a_site();
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span(data + 1, size - 1));
  const std::size_t cut = std::min<std::size_t>(data[0], bytes.size());
  for (const bool accepts : {true, false}) {
    TlsSession session(*context, {.accepts = accepts, .expected_site = {}, .who = "stranger"});
    for (const auto piece : {bytes.first(cut), bytes.subspan(cut)}) {
      session.receive(piece);
      const auto outcome = session.handshake();
      session.keep_rest();
      if (!outcome) break;
      INTERTIE_CHECK(!*outcome);
    }
  }
  return 0;
}
