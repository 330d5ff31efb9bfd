#include "intertie/base/nearest.h"

#include <algorithm>

namespace intertie {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  a = a.substr(0, 64);
  b = b.substr(0, 64);
  // Optimal string alignment: rows[i][j] is the distance of the first i and j characters.
  std::vector<std::vector<std::size_t>> rows(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) rows[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.size()][b.size()];
}

std::string nearest(std::string_view name, const std::vector<std::string>& names) {
  std::string best;
  std::size_t distance = 0;
  for (const std::string& candidate : names) {
    const std::size_t d = edit_distance(name, candidate);
    const bool near = d <= std::max<std::size_t>(2, candidate.size() / 3) && d < std::max(name.size(), candidate.size());
    if (near && (best.empty() || d < distance)) {
      best = candidate;
      distance = d;
    }
  }
  return best;
}

}  // namespace intertie
