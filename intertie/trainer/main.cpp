// Entry of intertie-trainer, the process of a site that trains with LibTorch: `intertie train` and `intertie sample` start it,
// and `train` asks it first whether a device is there.
#include <cstdio>
#include <string>
#include <vector>

#include "intertie/site/launcher.h"
#include "intertie/site/sample_process.h"
#include "intertie/site/site_process.h"
#include "intertie/train/torch/gpt2.h"

namespace {

using namespace intertie;

Result<std::unique_ptr<train::LocalStep>> make_model(const site::ModelRequest& request) {
  if (request.model.kind != "gpt2") return site::make_toy_only(request);
  return train::make_gpt2({.model = request.model,
                           .device = request.device,
                           .precision = request.precision,
                           .threads = request.threads,
                           .seed = request.seed,
                           .site = request.site});
}

int fail(const Error& error) {
  std::fputs((site::kErrorPrefix + error.message() + "\n").c_str(), stderr);
  return static_cast<int>(site::exit_code_of(error));
}

// The smallest model there is, to see whether `device` can hold one.
int check_device(const std::string& device) {
  const auto model = make_model({.model = {.hidden_size = 4,
                                           .num_hidden_layers = 1,
                                           .num_attention_heads = 1,
                                           .max_position_embeddings = 4,
                                           .intermediate_size = 4,
                                           .vocab_size = 4},
                                 .device = device,
                                 .precision = "f32",
                                 .threads = 1,
                                 .seed = 1});
  return model ? 0 : fail(model.error());
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  const std::string mode = words.empty() ? "" : words.front();
  if (mode == "site") {
    const auto command = site::parse_site_command({words.begin() + 1, words.end()});
    return command ? static_cast<int>(site::run_site(*command, make_model)) : fail(command.error());
  }
  if (mode == "sample") {
    const auto command = site::parse_sample_command({words.begin() + 1, words.end()});
    return command ? static_cast<int>(site::run_sample(*command, make_model)) : fail(command.error());
  }
  if (mode == "device" && words.size() == 2) return check_device(words[1]);
  return fail({.code = ErrorCode::reconfigure,
               .where = "intertie-trainer",
               .what = "is started by `intertie train` and `intertie sample`",
               .fix = "use those",
               .cause = {}});
}
