// The parts that reading a run file is made of, in the order in which they run (run_file.cpp). Pure but for what ReadText does.
#pragma once

#include <map>
#include <string>

#include "intertie/site/run_file.h"
#include "intertie/site/run_file_tree.h"

namespace intertie::site {

Error run_file_error(std::string where, std::string what, std::string fix = {});

// Where a key was written: "run.toml:14"; its section's place, or the file's name, when it was not.
std::string place_of_key(const Node& root, const std::string& section, const std::string& key, const std::string& path);

// Sets the model's size from a config.json with Hugging Face's names or GPT-2's own. What it holds beside them is named in
// `unused`, if it would change the model.
Result<void> apply_model_config(std::string_view text, const std::string& path, train::ModelSettings& model,
                                std::vector<std::string>& unused);

// A path of the run file, seen from the working folder; one from the command line (`place` begins with "--") starts there
// already.
void relocate(std::string& path, const std::string& folder, const std::string& place);

// Fills in what defaults to something else in the file, and makes paths relative to the working folder.
void resolve(RunFile& file, const Node& root);

// Contradictions between keys; each value by itself is right already.
Result<void> check_consistency(const RunFile& file, const Node& root);

// That the addresses of paths make sense (run_file_paths.cpp).
Result<void> check_paths(const RunFile& file, const Node& root);

// Names keys that were written but have no effect with what else the file says.
void name_keys_without_effect(RunFile& file, const Node& root);

}  // namespace intertie::site
