// Checks of a page's markup for tests: is it closed everywhere, and what does it say? One thread.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace intertie::status {

// What is wrong with a page that is written as XML: a tag that is not closed or closes another, an attribute without quotes, a
// bare & or <, a control character. Empty: nothing.
inline std::string markup_fault(std::string_view page) {
  std::vector<std::string> open;
  const std::string_view doctype = "<!DOCTYPE html>\n";
  if (!page.starts_with(doctype)) return "no doctype";
  for (std::size_t at = doctype.size(); at < page.size();) {
    const char byte = page[at];
    if (static_cast<unsigned char>(byte) < 0x20 && byte != '\n' && byte != '\t') return "a control character";
    if (byte == '>') return "a bare > at " + std::string(page.substr(at, 40));
    if (byte == '&') {
      const std::size_t end = page.find(';', at);
      if (end == std::string_view::npos || end - at > 7) return "a bare & at " + std::string(page.substr(at, 40));
    }
    if (byte != '<') {
      ++at;
      continue;
    }
    const std::size_t end = page.find('>', at);
    if (end == std::string_view::npos) return "a tag without its end";
    const std::string_view tag = page.substr(at + 1, end - at - 1);
    if (tag.find('<') != std::string_view::npos) return "a < within a tag: " + std::string(tag.substr(0, 40));
    std::size_t quotes = 0;
    for (const char each : tag) quotes += each == '"' ? 1 : 0;
    if (quotes % 2 != 0) return "an attribute without its end: " + std::string(tag.substr(0, 40));
    const std::string name(
        tag.substr(tag.starts_with('/') ? 1 : 0, tag.find_first_of(" \n/", 1) - (tag.starts_with('/') ? 1 : 0)));
    if (tag.starts_with('/')) {
      if (open.empty() || open.back() != tag.substr(1)) return "</" + std::string(tag.substr(1)) + "> closes nothing";
      open.pop_back();
    } else if (!tag.ends_with('/')) {
      open.push_back(name);
    }
    at = end + 1;
    if (name == "style" && !tag.starts_with('/')) at = page.find("</style>", at);
  }
  return open.empty() ? "" : "<" + open.back() + "> is not closed";
}

// The text between the tags, one space for each tag.
inline std::string words_in(std::string_view page) {
  std::string words;
  bool within = false;
  for (const char byte : page.substr(std::min(page.size(), page.find("</style>")))) {
    if (byte == '<') within = true;
    if (!within) words += byte;
    if (byte == '>') within = false, words += ' ';
  }
  return words;
}

}  // namespace intertie::status
