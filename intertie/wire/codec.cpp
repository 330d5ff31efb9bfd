#include "intertie/wire/codec.h"

#include <algorithm>

namespace intertie::wire {

Words::Words(std::string_view text) {
  constexpr std::string_view kMore = "...";
  std::size_t size = text.size();
  if (size > kMaxWords) {
    size = kMaxWords - kMore.size();
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;  // not within a UTF-8 sequence
  }
  text_ = text.substr(0, size);
  if (size < text.size()) text_ += kMore;
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  std::replace_if(text_.begin(), text_.end(), is_control, ' ');
  // U+0080 to U+009F, of which a terminal obeys some.
  for (std::size_t at = 0; (at = text_.find('\xC2', at)) != std::string::npos; ++at) {
    if (at + 1 < text_.size() && (static_cast<unsigned char>(text_[at + 1]) & 0xE0U) == 0x80U) text_.replace(at, 2, " ");
  }
}

}  // namespace intertie::wire
