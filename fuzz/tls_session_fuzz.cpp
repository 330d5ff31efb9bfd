// What a stranger sends to the port of a site: nothing of it may end the process, and no handshake may succeed. The first byte
// of the input says where the rest is cut in two, as a network would, and whether the rest is sent as it is or laid over a
// hello that is right (the second byte: from where).
#include <stdlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

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

std::vector<std::byte> right_hello(const TlsContext& context) {
  TlsSession client(context, {.accepts = false, .expected_site = "ashburn", .who = "site"});
  INTERTIE_CHECK(!*client.handshake());
  return client.output();
}

std::vector<std::byte> laid_over(std::vector<std::byte> hello, std::span<const std::byte> change, std::size_t from) {
  for (std::size_t i = 0; i < change.size() && from + i < hello.size(); ++i) hello[from + i] ^= change[i];
  return hello;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::unique_ptr<TlsContext> context = context_of_a_site();
  static const std::vector<std::byte> hello = right_hello(*context);
  if (size < 2) return 0;
  const auto rest = std::as_bytes(std::span(data + 2, size - 2));
  const std::vector<std::byte> sent =
      data[0] % 2 == 0 ? std::vector<std::byte>(rest.begin(), rest.end()) : laid_over(hello, rest, data[1] * 2u);
  const std::span<const std::byte> bytes = sent;
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
