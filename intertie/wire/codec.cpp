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
}

}  // namespace intertie::wire
