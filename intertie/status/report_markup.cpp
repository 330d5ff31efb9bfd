#include "intertie/status/report_markup.h"

#include <fmt/format.h>

namespace intertie::status {
namespace {

std::string table_row(const std::vector<Cell>& cells, std::string_view tag) {
  std::string row;
  for (const Cell& cell : cells) {
    const std::string css = cell.css.empty() ? "" : fmt::format(" class=\"{}\"", cell.css);
    row += element(fmt::format("{}{}", tag, css), cell.content);
  }
  return element("tr", row) + "\n";
}

}  // namespace

std::string element(std::string_view opening, std::string_view content) {
  return fmt::format("<{}>{}</{}>", opening, content, opening.substr(0, opening.find(' ')));
}

std::string table(const std::vector<Cell>& head, const std::vector<std::vector<Cell>>& rows) {
  std::string body;
  for (const std::vector<Cell>& row : rows) body += table_row(row, "td");
  return element("div class=\"wide\"", element("table", element("thead", table_row(head, "th")) + element("tbody", body))) +
         "\n";
}

std::string figure(const std::string& svg, const std::string& caption) {
  return element("figure", svg + (caption.empty() ? "" : element("figcaption", caption))) + "\n";
}

}  // namespace intertie::status
