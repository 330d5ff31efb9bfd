// The model's size from a config.json as Hugging Face writes it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>

#include "intertie/base/json.h"
#include "intertie/site/run_file_parts.h"

namespace intertie::site {
namespace {

using train::ModelSettings;

struct Size {
  std::array<const char*, 3> names;  // any of these; null: fewer
  int ModelSettings::*member;
};

constexpr int kLargest = 1 << 24;
constexpr std::array<Size, 6> kSizes = {{
    {{"hidden_size", "n_embd", nullptr}, &ModelSettings::hidden_size},
    {{"num_hidden_layers", "n_layer", nullptr}, &ModelSettings::num_hidden_layers},
    {{"num_attention_heads", "n_head", nullptr}, &ModelSettings::num_attention_heads},
    {{"max_position_embeddings", "n_positions", "n_ctx"}, &ModelSettings::max_position_embeddings},
    {{"intermediate_size", "n_inner", nullptr}, &ModelSettings::intermediate_size},
    {{"vocab_size", nullptr, nullptr}, &ModelSettings::vocab_size},
}};

// JSON values do not know their line; the first place where the key is written does.
std::string place_in(std::string_view text, const std::string& path, const std::string& key) {
  const std::size_t at = text.find("\"" + key + "\"");
  if (at == std::string_view::npos) return path;
  return fmt::format("{}:{}", path, 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

Result<Json> parse_config(std::string_view text, const std::string& path) {
  Result<Json> config = parse_json(text);
  if (config && config->is_object()) return config;
  const std::string why = config ? std::string() : ": " + config.error().what;
  return run_file_error(path, "is not a JSON object with a model's configuration" + why);
}

// The first of `names` that the file has and that is not null (n_inner is null for 4 x hidden_size).
std::string present(const Json& config, const std::array<const char*, 3>& names) {
  for (const char* name : names) {
    if (name && !config[name].is_null()) return name;
  }
  return {};
}

Result<void> apply_sizes(const Json& config, std::string_view text, const std::string& path, ModelSettings& model) {
  for (const Size& size : kSizes) {
    const std::string key = present(config, size.names);
    if (key.empty()) continue;
    const std::uint64_t value = config[key].whole().value_or(0);
    if (value < 1 || value > kLargest) {
      return run_file_error(place_in(text, path, key), fmt::format("{} must be a whole number from 1 to {}", key, kLargest));
    }
    model.*size.member = static_cast<int>(value);
  }
  return {};
}

// NOLINTNEXTLINE(readability-function-size): what a key is called, may be, and is written to
Result<void> apply_share(const Json& config, std::string_view text, const std::string& path, const char* key, double high,
                         double& target) {
  if (!config.has(key)) return {};
  const double value = config[key].number().value_or(-1);
  if (value < 0 || value >= high)
    return run_file_error(place_in(text, path, key), fmt::format("{} must be a number of at least 0 and below {}", key, high));
  target = value;
  return {};
}

// The three dropouts that the format has are one here.
Result<void> apply_dropout(const Json& config, std::string_view text, const std::string& path, ModelSettings& model) {
  constexpr std::array<const char*, 3> kNames = {"resid_pdrop", "embd_pdrop", "attn_pdrop"};
  std::array<double, 3> values{};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    values[i] = config.has(kNames[0]) ? values[0] : model.dropout;
    INTERTIE_RETURN_IF_ERROR(apply_share(config, text, path, kNames[i], 1, values[i]));
    if (std::fabs(values[i] - values[0]) > 0) {
      return run_file_error(place_in(text, path, kNames[i]), fmt::format("{} differs from the other dropouts", kNames[i]),
                            "use one value, or write dropout in the run file's [model] and remove these");
    }
  }
  model.dropout = values[0];
  return {};
}

Result<void> check_family(const Json& config, std::string_view text, const std::string& path) {
  if (config.has("model_type") && config["model_type"] != "gpt2") {
    return run_file_error(place_in(text, path, "model_type"), "model_type is not \"gpt2\", the family that can be trained",
                          "remove it to train a GPT-2 of that size");
  }
  if (config.has("tie_word_embeddings") && config["tie_word_embeddings"] != true) {
    return run_file_error(place_in(text, path, "tie_word_embeddings"), "embeddings that are not tied cannot be trained");
  }
  return {};
}

}  // namespace

Result<void> apply_model_config(std::string_view text, const std::string& path, ModelSettings& model,
                                std::vector<std::string>& unused) {
  INTERTIE_ASSIGN(const Json config, parse_config(text, path));
  INTERTIE_RETURN_IF_ERROR(check_family(config, text, path));
  INTERTIE_RETURN_IF_ERROR(apply_sizes(config, text, path, model));
  INTERTIE_RETURN_IF_ERROR(apply_dropout(config, text, path, model));
  INTERTIE_RETURN_IF_ERROR(apply_share(config, text, path, "initializer_range", 10, model.initializer_range));
  for (const char* key : {"activation_function", "layer_norm_epsilon", "scale_attn_weights", "rope_theta"}) {
    if (config.has(key)) unused.push_back(fmt::format("model.config {} ({})", key, place_in(text, path, key)));
  }
  return {};
}

}  // namespace intertie::site
