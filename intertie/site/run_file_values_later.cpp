// Types of the values of keys that no command uses yet: type and range are right, so that a file stays right when one does.
#include <fmt/format.h>

#include <cmath>

#include "intertie/site/run_file_values.h"

namespace intertie::site {
namespace {

std::optional<double> number_of(const Node& node) {
  if (node.kind == Node::Kind::integer) return static_cast<double>(node.integer);
  if (node.kind == Node::Kind::number && std::isfinite(node.number)) return node.number;
  return std::nullopt;
}

bool within(const Node& node, double low, double high) {
  const auto value = number_of(node);
  return value && *value >= low && *value <= high;
}

bool is_table_by_hour(const Node& node) {
  return node.kind == Node::Kind::text && node.text.size() > 4 && node.text.ends_with(".csv");
}

// "25 %": the number before the sign.
bool is_percentage(const std::string& text) {
  if (!text.ends_with('%')) return false;
  const Node value = parse_assigned(text.substr(0, text.size() - 1), {});
  return within(value, 0, 100) && *number_of(value) > 0;
}

ValueType<Node> node_that(std::string words, std::string wanted, std::function<bool(const Node&)> fits) {
  return {std::move(words),
          [wanted = std::move(wanted), fits = std::move(fits)](const Node& node) -> Result<Node> {
            if (!fits(node)) return unfit(node, wanted);
            return node;
          },
          describe};
}

}  // namespace

ValueType<Node> coordinates() {
  return node_that("[latitude, longitude]", "[latitude, longitude] in degrees, -90 to 90 and -180 to 180",
                   [](const Node& node) {
                     return node.kind == Node::Kind::list && node.items.size() == 2 && within(node.items[0], -90, 90) &&
                            within(node.items[1], -180, 180);
                   });
}

ValueType<Node> price(std::string words) {
  words += ": a number of at least 0, or a .csv file by the hour";
  return node_that(words, words, [](const Node& node) { return is_table_by_hour(node) || within(node, 0, HUGE_VAL); });
}

ValueType<Node> path_share() {
  const std::string words = R"(rate such as "10 Gbit/s", percentage such as "25 %", or a .csv file by the hour)";
  return node_that(words, "a " + words, [](const Node& node) {
    return is_table_by_hour(node) || (node.kind == Node::Kind::text && (is_percentage(node.text) || bit_rate().read(node)));
  });
}

ValueType<Node> date() {
  return node_that("date such as 2027-03-01", "a date such as 2027-03-01, without quotes",
                   [](const Node& node) { return node.kind == Node::Kind::date; });
}

}  // namespace intertie::site
