// What defaults to something else in the file, contradictions between keys, and keys without effect.
#include <fmt/format.h>

#include <limits>
#include <set>

#include "intertie/site/folders.h"
#include "intertie/site/run_file_parts.h"
#include "intertie/train/gpt2_layout.h"
#include "intertie/wire/codec.h"

namespace intertie::site {
namespace {

// For messages about [section] key.
struct Placer {
  const Node& root;
  const std::string& path;
  std::string operator()(const char* section, const char* key) const { return place_of_key(root, section, key, path); }
  // Of the n-th table of [[section]]: of its key, else of the table; the place of [train] when there is no such table.
  std::string at(const char* section, std::size_t n, const char* key) const {
    const Node* list = root.find(section);
    if (!list || n >= list->items.size()) return path;
    const Node* value = list->items[n].find(key);
    return value ? value->place : list->items[n].place;
  }
  bool written(const char* section, const char* key) const {
    const Node* table = root.find(section);
    return table && table->kind == Node::Kind::table && table->find(key);
  }
};

Result<void> check_model_size(train::ModelSettings model, const std::string& where) {
  if (model.vocab_size == 0) model.vocab_size = 1;  // the text will say; it is little beside what is too large
  const Result<train::Layout> layout = train::gpt2_layout(model);
  return layout ? Result<void>() : run_file_error(where, layout.error().what, layout.error().fix);
}

Result<void> check_model(const RunFile& file, const Placer& place) {
  const train::ModelSettings& model = file.model;
  if (model.kind == "toy") return {};
  if (model.hidden_size % model.num_attention_heads != 0) {
    return run_file_error(place("model", "hidden_size"),
                          fmt::format("model.hidden_size = {} is not a multiple of model.num_attention_heads = {}",
                                      model.hidden_size, model.num_attention_heads));
  }
  if (model.vocab_size > 65536) {
    return run_file_error(place("model", "config"), fmt::format("vocab_size = {} is too large", model.vocab_size),
                          "tokens are 16 bits wide: at most 65536");
  }
  if (model.vocab_size == 0 && file.data.tokenizer == "bin") {
    return run_file_error(place("data", "tokenizer"), "ready-made tokens do not say how many kinds there are",
                          "write vocab_size in [model]: at least the largest token and one");
  }
  if (file.data.tokenizer == "bytes" && model.vocab_size != 0 && model.vocab_size < 256) {
    return run_file_error(
        place("model", "vocab_size"),
        fmt::format("model.vocab_size = {} is smaller than the 256 of tokenizer = \"bytes\"", model.vocab_size), "remove it");
  }
  return check_model_size(model, place("model", "hidden_size"));
}

Result<void> check_batches(const RunFile& file, const Placer& place) {
  for (std::size_t i = 0; i < file.sites.size(); ++i) {
    const int batch = file.batch_size(SiteId{static_cast<std::uint16_t>(i)});
    if (batch % file.train.micro_batches == 0) continue;
    const std::string where =
        file.sites[i].local_batch_size ? place.at("site", i, "local_batch_size") : place("train", "micro_batches");
    return run_file_error(where, fmt::format("local_batch_size = {} of site \"{}\" is not a multiple of micro_batches = {}",
                                             batch, file.sites[i].name, file.train.micro_batches));
  }
  return {};
}

constexpr std::uint64_t kMostSequences = std::uint64_t{1} << 30;  // of a step over all sites
constexpr std::uint64_t kMostTokens = std::uint64_t{1} << 60;     // of anything that is counted in tokens

// Everything that is written in steps or tokens can be counted in either.
Result<void> check_counts(const RunFile& file, const Placer& place) {
  const std::uint64_t per_step = file.tokens_per_step();
  const std::uint64_t sequences = per_step / static_cast<std::uint64_t>(file.train.sequence_length);
  if (sequences > kMostSequences) {
    return run_file_error(place("train", "local_batch_size"),
                          fmt::format("a step of all sites takes {} sequences, more than {}", sequences, kMostSequences),
                          "use smaller batches");
  }
  const train::Settings& train = file.train;
  for (const auto& [key, stretch] :
       {std::pair{"tokens", train.tokens}, std::pair{"warmup", train.warmup}, std::pair{"decay", train.decay},
        std::pair{"evaluate_every", train.evaluate_every}, std::pair{"checkpoint_every", train.checkpoint_every}}) {
    if (!stretch.steps || stretch.count <= kMostTokens / per_step) continue;
    return run_file_error(
        place("train", key),
        fmt::format("train.{} = {} steps of {} tokens are more tokens than can be counted", key, stretch.count, per_step),
        fmt::format("write at most {} steps", kMostTokens / per_step));
  }
  return {};
}

Result<void> check_training(const RunFile& file, const Placer& place) {
  const train::Settings& train = file.train;
  if (train.sequence_length > file.model.max_position_embeddings && file.model.kind != "toy") {
    return run_file_error(place("train", "sequence_length"),
                          fmt::format("train.sequence_length = {} is longer than model.max_position_embeddings = {}",
                                      train.sequence_length, file.model.max_position_embeddings));
  }
  if (train.min_lr > train.lr) {
    return run_file_error(place("train", "min_lr"),
                          fmt::format("train.min_lr = {} is above train.lr = {}", train.min_lr, train.lr));
  }
  INTERTIE_RETURN_IF_ERROR(check_batches(file, place));
  INTERTIE_RETURN_IF_ERROR(check_counts(file, place));
  if (!train.tokens.steps && train.tokens.count < file.tokens_per_step()) {
    return run_file_error(place("train", "tokens"),
                          fmt::format("train.tokens = {} is less than the {} tokens of one step over all sites",
                                      train.tokens.count, file.tokens_per_step()),
                          "train longer, or use smaller batches");
  }
  if (place.written("train", "decay") && file.steps_of(train.decay) < file.steps_of(train.warmup)) {
    return run_file_error(place("train", "decay"), "train.decay ends before train.warmup");
  }
  return {};
}

Result<void> check_sync(const RunFile& file, const Placer& place) {
  const Node* quorum = place.written("sync", "quorum") ? place.root.find("sync")->find("quorum") : nullptr;
  if (quorum && quorum->integer > static_cast<std::int64_t>(file.sites.size())) {
    return run_file_error(quorum->place,
                          fmt::format("sync.quorum = {} is more than the {} sites", quorum->integer, file.sites.size()),
                          "write at most their number");
  }
  if (is_narrower(file.sync.result_encoding, file.sync.encoding)) {
    const char* wider = to_string(file.sync.encoding);
    return run_file_error(place("sync", "result_encoding"),
                          fmt::format("sync.result_encoding is narrower than sync.encoding = \"{}\"", wider),
                          fmt::format("write result_encoding = \"{}\" or remove it", wider));
  }
  return {};
}

Result<void> check_site_name(const std::string& name, const std::string& where) {
  for (const ReservedName& reserved : kReservedNames) {
    if (name == reserved.name) {
      return run_file_error(where, fmt::format("no site can be called \"{}\": {}", name, reserved.of), "choose another name");
    }
  }
  return {};
}

Result<void> check_sites(const RunFile& file, const Placer& place) {
  std::set<std::string> names;
  std::set<std::string> addresses;
  for (std::size_t i = 0; i < file.sites.size(); ++i) {
    const SiteSettings& site = file.sites[i];
    INTERTIE_RETURN_IF_ERROR(check_site_name(site.name, place.at("site", i, "name")));
    if (!names.insert(site.name).second) {
      return run_file_error(place.at("site", i, "name"), fmt::format("there is another site \"{}\"", site.name),
                            "names must differ");
    }
    if (site.address && !addresses.insert(env::to_string(*site.address)).second) {
      return run_file_error(place.at("site", i, "address"),
                            fmt::format("another site has the address {}", env::to_string(*site.address)),
                            "addresses must differ");
    }
  }
  return {};
}

// Every site sends the agreement's text in its hello.
Result<void> check_agreement(const RunFile& file) {
  if (file.agreement().size() <= wire::kMaxText) return {};
  return run_file_error(file.path,
                        fmt::format("what the sites agree on is a text of {} bytes; {} fit into a hello",
                                    file.agreement().size(), wire::kMaxText),
                        "name fewer sites, or write only the links that are not as the others");
}

std::string all_names(const RunFile& file) {
  std::string names;
  for (const SiteSettings& site : file.sites) names += (names.empty() ? "" : ", ") + site.name;
  return names;
}

Result<void> check_links(const RunFile& file, const Placer& place) {
  std::set<std::pair<std::string, std::string>> pairs;
  for (std::size_t i = 0; i < file.links.size(); ++i) {
    const LinkSettings& link = file.links[i];
    const std::string where = place.at("link", i, "between");
    for (const std::string& end : {link.a, link.b}) {
      if (file.find_site(end)) continue;
      return run_file_error(where, fmt::format("a link names {:?}, which is no site", end.substr(0, 63)),
                            "the sites are " + all_names(file));
    }
    if (link.a == link.b)
      return run_file_error(where, fmt::format("a link joins site \"{}\" to itself", link.a), "name two sites");
    if (!pairs.insert(std::minmax(link.a, link.b)).second) {
      return run_file_error(where, fmt::format("there is another link between {} and {}", link.a, link.b),
                            "write one [[link]] with both paths");
    }
  }
  return {};
}

struct Idle {
  const char* section;
  std::vector<const char*> keys;
  bool idle;
  const char* why;
};

std::vector<Idle> idle_keys(const RunFile& file) {
  const bool toy = file.model.kind == "toy";
  const bool diloco = file.sync.method == sync::Method::diloco;
  return {
      {"model",
       {"hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size", "bias", "dropout",
        "initializer_range"},
       toy,
       "the toy problem has none"},
      {"model", {"toy_elements"}, !toy, "of the toy problem only"},
      {"data", {"validation_share"}, !file.data.validation.empty(), "validation is given"},
      {"train", {"precision"}, toy, "the toy problem is f32"},
      {"train", {"weight_decay", "beta1", "beta2", "epsilon"}, file.train.optimizer != "adamw", "of adamw only"},
      {"sync", {"every", "outer", "outer_lr", "outer_momentum"}, !diloco, "of diloco only"},
      {"sync", {"outer_momentum"}, diloco && file.sync.outer != "nesterov", "of nesterov only"},
      {"sync", {"bucket"}, diloco, "of synchronous only"},
  };
}

}  // namespace

void relocate(std::string& path, const std::string& folder, const std::string& place) {
  const bool relative = path != "python-stdlib" && !path.empty() && path.front() != '/';
  if (relative && !place.starts_with("--")) path = folder + path;
}

void resolve(RunFile& file, const Node& root) {
  const Placer place{root, file.path};
  if (!place.written("run", "folder")) {
    file.run.folder = "runs/" + file.run.name;
  } else {
    relocate(file.run.folder, file.folder, place("run", "folder"));
  }
  for (std::string& pattern : file.data.train) relocate(pattern, file.folder, place("data", "train"));
  for (std::string& pattern : file.data.validation) relocate(pattern, file.folder, place("data", "validation"));
  file.data.train_place = place("data", "train");
  file.data.validation_place = place("data", "validation");
  if (file.sites.size() == 1 && !place.written("sync", "method")) file.sync.method = sync::Method::synchronous;
  if (file.model.intermediate_size == 0) file.model.intermediate_size = 4 * file.model.hidden_size;
  if (file.train.sequence_length == 0) file.train.sequence_length = file.model.max_position_embeddings;
  if (file.train.decay.count == 0) file.train.decay = file.train.tokens;
  if (!place.written("sync", "result_encoding")) file.sync.result_encoding = usual_result_encoding(file.sync.encoding);
}

Result<void> check_consistency(const RunFile& file, const Node& root) {
  const Placer place{root, file.path};
  INTERTIE_RETURN_IF_ERROR(check_model(file, place));
  INTERTIE_RETURN_IF_ERROR(check_sites(file, place));
  INTERTIE_RETURN_IF_ERROR(check_links(file, place));
  INTERTIE_RETURN_IF_ERROR(check_paths(file, root));
  INTERTIE_RETURN_IF_ERROR(check_sync(file, place));
  INTERTIE_RETURN_IF_ERROR(check_training(file, place));
  return check_agreement(file);
}

void name_keys_without_effect(RunFile& file, const Node& root) {
  const Placer place{root, file.path};
  for (const Idle& group : idle_keys(file)) {
    if (!group.idle) continue;
    for (const char* key : group.keys) {
      if (place.written(group.section, key)) {
        file.unused.push_back(fmt::format("{}.{} ({}): {}", group.section, key, place(group.section, key), group.why));
      }
    }
  }
}

}  // namespace intertie::site
