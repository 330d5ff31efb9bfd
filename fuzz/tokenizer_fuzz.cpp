// Any bytes as a tokenizer's JSON, and as text: refused, or the same after writing and reading, encoding and decoding.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "intertie/base/check.h"
#include "intertie/data/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using intertie::data::Tokenizer;
  const std::string_view text(static_cast<const char*>(static_cast<const void*>(data)), size);
  const auto json = intertie::parse_json(text);
  if (const auto tokenizer = Tokenizer::from_json(json ? *json : intertie::Json())) {
    const auto again = Tokenizer::from_json(tokenizer->to_json());
    INTERTIE_CHECK(again);
    INTERTIE_CHECK(*again == *tokenizer);
  }
  if (const auto own = Tokenizer::characters(std::span(&text, 1))) {
    const auto tokens = own->encode(text);
    INTERTIE_CHECK(tokens);
    const auto decoded = own->decode(*tokens);
    INTERTIE_CHECK(decoded);
    INTERTIE_CHECK(*decoded == text);
  }
  return 0;
}
