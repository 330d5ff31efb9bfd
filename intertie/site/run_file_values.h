// The types of values that a run file's keys may have: how one is named in the docs, read from a node, and written back.
// Read errors carry the place and, in `what`, words that follow the key's name: "must be a whole number from 1, not 0".
// Values; pure; any thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "intertie/base/encoding.h"
#include "intertie/base/units.h"
#include "intertie/env/network.h"
#include "intertie/site/run_file_tree.h"
#include "intertie/sync/settings.h"
#include "intertie/train/settings.h"

namespace intertie::site {

template <class V>
struct ValueType {
  std::string words;  // for docs/run-file.md
  std::function<Result<V>(const Node&)> read;
  std::function<std::string(const V&)> write;
};

// A text that can be the name of a site or run.
bool is_name(const Node& node);

// `node` is not what the key wants: "must be `wanted`, not ...".
Error unfit(const Node& node, const std::string& wanted);

struct Interval {
  double low = 0;
  double high = 1;
  bool low_open = false;
  bool high_open = false;
};

ValueType<int> whole(int low, int high);
ValueType<std::uint64_t> large_whole(std::uint64_t low, std::uint64_t high = INT64_MAX);  // a text "20 M" too
ValueType<double> number(Interval interval);
ValueType<bool> flag();
ValueType<std::string> text(std::string words);                   // not empty
ValueType<std::string> name();                                    // [a-z0-9-]+, at most 63
ValueType<std::string> one_of(std::vector<std::string> allowed);  // suggests the nearest
ValueType<std::vector<std::string>> texts(std::string words);     // a list, or one text
ValueType<Duration> duration(Duration low, Duration high = std::chrono::hours(24 * 365));
ValueType<BitRate> bit_rate();                         // 10 kbit/s to 1e18 bit/s
ValueType<double> mebibytes();                         // "4 MiB"
ValueType<Watts> watts();                              // "30 MW"; a text that ends in .csv is a file by the hour
ValueType<env::Address> address();                     // host:port
ValueType<Encoding> encoding();                        // names the ones to come
ValueType<sync::Method> method();                      // names the ones to come
ValueType<train::Stretch> stretch(std::uint64_t low);  // steps, or a count of tokens with its scale

// Of keys that are checked and not used yet.
ValueType<Node> coordinates();             // [latitude, longitude] in degrees
ValueType<Node> price(std::string words);  // a number of at least 0, or a .csv file by the hour
ValueType<Node> path_share();              // a rate, a percentage, or a .csv file by the hour
ValueType<Node> date();                    // as TOML has it

}  // namespace intertie::site
