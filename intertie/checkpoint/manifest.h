// The manifest of a checkpoint as JSON: `manifest.json`, for people and programs. Pure; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "intertie/base/result.h"
#include "intertie/checkpoint/checkpoint.h"

namespace intertie::checkpoint {

std::string to_json(const Manifest& manifest);

// Errors: reconfigure, without a place; `what` names the first thing that is missing or wrong.
Result<Manifest> parse_manifest(std::span<const std::byte> text);

}  // namespace intertie::checkpoint
