#include "intertie/sync/saving.h"

#include <fmt/format.h>

#include <cstring>

namespace intertie::sync {
namespace {

constexpr const char* kFirst = "optimizer.first_moment";
constexpr const char* kSecond = "optimizer.second_moment";
constexpr const char* kAnchor = "outer.anchor";
constexpr const char* kMomentum = "outer.momentum";
constexpr const char* kModelState = "model.random_state";

// The flat state of a site beside its parameters; empty ones (no momentum, say) are left out.
struct FlatState {
  const char* name;
  std::span<float> values;
};
std::vector<FlatState> flat_states(SiteState& site) {
  return {{kFirst, site.inner.first_moment()},
          {kSecond, site.inner.second_moment()},
          {kAnchor, site.anchor},
          {kMomentum, site.momentum}};
}

Error unfit(const checkpoint::Found& found, std::string what) {
  return {.code = ErrorCode::reconfigure,
          .where = found.folder,
          .what = std::move(what),
          .fix = "resume with the run file that the checkpoint was written with",
          .cause = {}};
}

Result<void> read_into(const checkpoint::SafetensorsFile& file, const checkpoint::Found& found, const std::string& name,
                       std::span<float> out) {
  const checkpoint::Tensor* tensor = file.find(name);
  if (!tensor) return unfit(found, "has no tensor " + name);
  if (tensor->bytes.size() != out.size_bytes() || tensor->dtype != "F32") {
    return unfit(found, fmt::format("tensor {} has {} bytes, the model {}", name, tensor->bytes.size(), out.size_bytes()));
  }
  if (!out.empty()) std::memcpy(out.data(), tensor->bytes.data(), out.size_bytes());
  return {};
}

}  // namespace

Result<checkpoint::Written> save(env::Disk& disk, const SaveAs& as, SiteState& site) {
  std::vector<checkpoint::Tensor> tensors;
  const std::span<float> parameters = site.model.parameters();
  for (const train::TensorSlot& slot : site.model.layout().tensors) {
    tensors.push_back({slot.name, "F32", slot.shape, std::as_bytes(parameters.subspan(slot.range.first, slot.range.size()))});
  }
  for (const FlatState& state : flat_states(site)) {
    if (state.values.empty()) continue;
    tensors.push_back({state.name, "F32", {static_cast<std::int64_t>(state.values.size())}, std::as_bytes(state.values)});
  }
  const std::vector<std::byte> model_state = site.model.state();
  tensors.push_back({kModelState, "U8", {static_cast<std::int64_t>(model_state.size())}, model_state});

  checkpoint::Manifest manifest{.run = as.run,
                                .site = as.site,
                                .version = site.version(),
                                .restart = site.restart,
                                .step = site.progress.step,
                                .tokens = site.progress.tokens,
                                .next_sample = site.progress.next_sample,
                                .agreement = site.agreement,
                                .data = as.data,
                                .threads = site.train.threads,
                                .more = site.carried,
                                .files = {}};
  return checkpoint::write(disk, as.folder, std::move(manifest), tensors);
}

Result<void> restore_parameters(const checkpoint::SafetensorsFile& file, const checkpoint::Found& found,
                                train::LocalStep& model) {
  const std::span<float> parameters = model.parameters();
  for (const train::TensorSlot& slot : model.layout().tensors) {
    INTERTIE_RETURN_IF_ERROR(read_into(file, found, slot.name, parameters.subspan(slot.range.first, slot.range.size())));
  }
  model.parameters_changed();
  return {};
}

Result<void> restore(env::Disk& disk, const checkpoint::Found& found, SiteState& site) {
  INTERTIE_ASSIGN(const checkpoint::SafetensorsFile file, checkpoint::open(disk, found));
  INTERTIE_RETURN_IF_ERROR(restore_parameters(file, found, site.model));
  for (const FlatState& state : flat_states(site)) {
    if (!state.values.empty()) INTERTIE_RETURN_IF_ERROR(read_into(file, found, state.name, state.values));
  }
  const checkpoint::Tensor* model_state = file.find(kModelState);
  if (!model_state) return unfit(found, fmt::format("has no tensor {}", kModelState));
  return site.model.restore(model_state->bytes);
}

}  // namespace intertie::sync
