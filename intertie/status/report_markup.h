// Pieces of an HTML page that are closed by construction. Contents are markup already: what comes from logs and files goes
// through escaped() (report_format.h) first. Pure; any thread.
//
//   element("td class=\"number\"", escaped(name))      <td class="number">...</td>
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace intertie::status {

// `opening` is a tag's name with its attributes.
std::string element(std::string_view opening, std::string_view content);

struct Cell {
  std::string content;
  std::string_view css;  // "number": right-aligned figures
};

// A table that scrolls sideways by itself where it is too wide. `head` has the columns' names, as markup.
std::string table(const std::vector<Cell>& head, const std::vector<std::vector<Cell>>& rows);

// A picture with its caption, never broken over two printed pages.
std::string figure(const std::string& svg, const std::string& caption);

}  // namespace intertie::status
