#include "intertie/status/live_table.h"

#include <algorithm>

namespace intertie::status {
namespace {

constexpr int kGap = 2;

int column_width(const LiveColumn& column) {
  int width = columns_of(column.title);
  for (const LiveLine& cell : column.cells) width = std::max(width, columns_of(cell));
  return std::min(width, column.most);
}

int table_width(const std::vector<LiveColumn>& columns) {
  int width = -kGap;
  for (const LiveColumn& column : columns) width += column_width(column) + kGap;
  return width;
}

}  // namespace

std::vector<LiveLine> table_lines(std::vector<LiveColumn> columns, int width, LiveLook look) {
  while (columns.size() > 1 && table_width(columns) > width) {
    columns.erase(std::min_element(columns.begin(), columns.end(),
                                   [](const LiveColumn& a, const LiveColumn& b) { return a.importance < b.importance; }));
  }
  std::vector<LiveLine> lines;
  const std::size_t num_rows = columns.empty() ? 0 : columns.front().cells.size();
  for (std::size_t row = 0; row <= num_rows; ++row) {
    LiveLine line;
    for (const LiveColumn& column : columns) {
      LiveLine cell = row == 0 ? LiveLine{{column.title, LiveStyle::dim}} : column.cells[row - 1];
      cell = column.right ? pad_left(std::move(cell), column_width(column), look.unicode)
                          : pad_right(std::move(cell), column_width(column), look.unicode);
      if (!line.empty()) line.push_back({std::string(kGap, ' '), LiveStyle::plain});
      line.insert(line.end(), cell.begin(), cell.end());
    }
    lines.push_back(fit(line, width, look.unicode));
  }
  return lines;
}

}  // namespace intertie::status
