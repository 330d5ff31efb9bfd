// What a test needs to be one site of a ToyWorld itself, as far as links do: the identity and the mesh of that site, and what
// it says when it is ready. What the site does with what it hears is the test's.
#pragma once

#include <string>
#include <utility>

#include "intertie/links/mesh.h"
#include "intertie/train/toy.h"
#include "tests/sim/toy_world.h"

namespace intertie::tests {

// Of site `self` of the run that a ToyWorld trains.
inline links::Identity toy_identity(std::size_t num_sites, SiteId self, std::uint64_t incarnation = 1) {
  links::Identity made{.run = "toy",
                       .self = self,
                       .site_names = {},
                       .incarnation = Incarnation{incarnation},
                       .agreement = {},
                       .agreement_text = "run.name = toy\n",
                       .data = Hash64{1}};
  made.agreement = hash_text(made.agreement_text);
  for (std::size_t site = 0; site < num_sites; ++site) made.site_names.push_back("site" + std::to_string(site));
  return made;
}

inline links::Mesh::Settings toy_mesh(links::Identity identity) {
  links::Mesh::Settings made{.identity = std::move(identity), .addresses = {}, .listen = {}, .paths = {}, .timing = {}};
  for (const std::string& name : made.identity.site_names) {
    made.addresses.push_back({name, 7400});
    made.paths.push_back({{.num_merge_streams = ToyOptions{}.streams}});
  }
  made.listen = {made.addresses[made.identity.self.value]};
  return made;
}

// Takes notice of nothing; a test replaces those that it needs.
inline links::Mesh::Handlers deaf_handlers() {
  return {.message = [](SiteId, const wire::Message&) {},
          .connected = [](SiteId) {},
          .appeared = [](SiteId) {},
          .route = [](SiteId, const links::Route&, const Error*) {},
          .path = [](SiteId, std::uint16_t, const Error*) {},
          .broken = [](SiteId, const Error&) {},
          .beat = [] {},
          .closed = [] {},
          .refused = [](const Error&) {},
          .failed = [](SiteId, const Error&) {}};
}

// The word of a site that begins with the model of these options and has no checkpoint.
inline wire::Ready toy_ready(const ToyOptions& options) {
  const auto model = train::make_toy({.kind = "toy", .toy_elements = options.elements}, 1);
  wire::Writer layout;
  for (const train::TensorSlot& tensor : model->layout().tensors) {
    layout(tensor.name, tensor.shape, tensor.range.first, tensor.decay);
  }
  return {.layout = hash_bytes(layout.take()), .checkpoints = {}, .resume = false};
}

}  // namespace intertie::tests
