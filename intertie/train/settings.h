// [model] and [train] of the run file. Values.
#pragma once

#include <cstdint>
#include <string>

#include "intertie/base/units.h"

namespace intertie::train {

// Names as in Hugging Face configurations; a config.json with either these or GPT-2's own names (n_embd, n_layer, ...) works.
struct ModelSettings {
  std::string kind = "gpt2";  // gpt2 | toy
  int hidden_size = 128;
  int num_hidden_layers = 4;
  int num_attention_heads = 4;
  int max_position_embeddings = 64;  // context, tokens
  int intermediate_size = 0;         // 0: 4 x hidden_size
  int vocab_size = 0;                // 0: the tokenizer's
  bool bias = true;
  double dropout = 0.0;
  double initializer_range = 0.02;
  std::uint64_t toy_elements = 20000;  // size of the toy problem
};

// A stretch of training, written "200 steps" or "2 M tokens" ("2 M" alone means tokens).
struct Stretch {
  std::uint64_t count = 0;
  bool steps = false;
};

struct Settings {
  Stretch tokens;                   // the run ends when this many tokens were counted, over all sites
  int local_batch_size = 12;        // sequences per site and step; a site may override it
  int sequence_length = 0;          // 0: the model's max_position_embeddings
  int micro_batches = 1;            // gradient accumulation: parts of the local batch
  std::string optimizer = "adamw";  // adamw | sgd
  double lr = 1e-3;
  double min_lr = 1e-4;  // where the cosine ends
  Stretch warmup{.count = 100, .steps = true};
  Stretch decay;  // where the cosine ends; 0: at the end of the run
  double weight_decay = 0.1;
  double beta1 = 0.9;
  double beta2 = 0.99;
  double epsilon = 1e-8;
  double clip = 1.0;              // of the gradient's norm; 0: off
  std::string precision = "f32";  // f32 | bf16 (autocast)
  std::string device = "cpu";     // cpu | cuda
  int threads = 0;                // of a site; 0: max(1, cores / sites on this machine)
  Stretch evaluate_every{.count = 250, .steps = true};
  int evaluate_batches = 20;  // 0: the whole validation split
  Stretch checkpoint_every{.count = 500, .steps = true};
};

}  // namespace intertie::train
