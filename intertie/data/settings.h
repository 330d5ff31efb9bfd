// [data] of the run file. Value.
#pragma once

#include <string>
#include <vector>

namespace intertie::data {

struct Settings {
  std::vector<std::string> train = {"python-stdlib"};  // files, globs, folders, .bin shards, or "python-stdlib"
  std::vector<std::string> validation = {};            // the same; empty: `validation_share` is cut from the end of `train`
  double validation_share = 0.1;
  std::string tokenizer = "bytes";  // bytes | characters | bin (ready-made uint16 shards)
  // Where `train` and `validation` were written ("run.toml:14", "--data a.txt"), for messages.
  std::string train_place = {};
  std::string validation_place = {};
};

}  // namespace intertie::data
