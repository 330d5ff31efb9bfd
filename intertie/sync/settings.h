// [sync] of the run file. Value.
#pragma once

#include <cstddef>
#include <string>

#include "intertie/base/encoding.h"

namespace intertie::sync {

enum class Method { synchronous, diloco };

struct Settings {
  Method method = Method::diloco;
  int every = 30;                            // H: inner steps per merge (diloco)
  Encoding encoding = Encoding::f32;         // of contributions
  Encoding result_encoding = Encoding::f32;  // of owners' results; f32 for f32 merges, never fewer than 8 bits by default
  std::string reduction = "auto";            // auto | gather | owners; auto: gather for two sites
  std::string outer = "nesterov";            // nesterov | sgd
  double outer_lr = 0.7;
  double outer_momentum = 0.9;
  int hash_every = 0;     // versions between comparisons of anchors' hashes; 0: 1 (diloco), 20 (synchronous)
  double bucket_mib = 0;  // synchronous: gradient sent at a time while backward runs on; 0: reduce::bucket_blocks decides

  bool gathers(std::size_t num_sites) const { return reduction == "gather" || (reduction == "auto" && num_sites <= 2); }
};

}  // namespace intertie::sync
