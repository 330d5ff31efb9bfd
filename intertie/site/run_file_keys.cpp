#include "intertie/site/run_file_keys.h"

#include <limits>

namespace intertie::site {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Interval kShare{.low = 0, .high = 1, .low_open = false, .high_open = true};
constexpr Interval kPositive{.low = 0, .high = kInfinity, .low_open = true, .high_open = false};
constexpr Interval kNotNegative{.low = 0, .high = kInfinity};
constexpr int kLarge = 1 << 24;

Result<void> read_ends(const Node& node, LinkSettings& link) {
  const bool pair = node.kind == Node::Kind::list && node.items.size() == 2;
  if (!pair || !is_name(node.items[0]) || !is_name(node.items[1])) {
    return unfit(node, R"(the names of two sites, for example ["ashburn", "columbus"])");
  }
  link.a = node.items[0].text;
  link.b = node.items[1].text;
  return {};
}

Result<void> read_addresses(const Node& node, PathSettings& path) {
  if (node.kind != Node::Kind::table) return unfit(node, R"(the address of each end, such as { ashburn = "10.1.0.1:7400" })");
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    INTERTIE_ASSIGN(path.addresses[node.keys[i]], address().read(node.items[i]));
  }
  return {};
}

}  // namespace

const Keys<RunSettings>& run_keys() {
  using T = RunSettings;
  static const Keys<T> keys = {
      {"name", bind(&T::name, name()), Scope::agreed, "required", "Names the run in certificates, folders and logs."},
      {"seed", bind(&T::seed, large_whole(0)), Scope::agreed, "",
       "Fixes the initial parameters, the order of the samples and each site's dropout."},
      {"folder", bind(&T::folder, text("a folder")), Scope::local, "runs/NAME in the working folder",
       "Where certificates, checkpoints and logs go."},
      {"start_wait", bind(&T::start_wait, duration(std::chrono::seconds(1))), Scope::local, "2 min",
       "How long a site waits for the others to appear."},
      {"store_wait", bind(&T::store_wait, duration(std::chrono::seconds(1))), Scope::agreed, "",
       "How long a site that cannot go on without the first one, which holds the store, waits for it before it gives up."},
      {"lost_after", bind(&T::lost_after, duration(std::chrono::seconds(2), std::chrono::minutes(5))), Scope::agreed, "",
       "A site of which nothing is heard for so long, by no way, is no member any more; the others go on without it."},
  };
  return keys;
}

const Keys<train::ModelSettings>& model_keys() {
  using T = train::ModelSettings;
  static const Keys<T> keys = {
      {"config", checked<T>(text("a file")), Scope::local, "none",
       "A Hugging Face config.json to take the model's size from; keys written here win over it."},
      {"kind", bind(&T::kind, one_of({"gpt2", "toy"})), Scope::agreed, "",
       "gpt2: a transformer of the GPT-2 family. toy: a small exact problem that needs no torch."},
      {"hidden_size", bind(&T::hidden_size, whole(1, kLarge)), Scope::agreed, "", "Width; a multiple of the heads."},
      {"num_hidden_layers", bind(&T::num_hidden_layers, whole(1, 10000)), Scope::agreed, "", "Transformer blocks."},
      {"num_attention_heads", bind(&T::num_attention_heads, whole(1, 10000)), Scope::agreed, "", "Attention heads of a block."},
      {"max_position_embeddings", bind(&T::max_position_embeddings, whole(1, kLarge)), Scope::agreed, "",
       "Context, in tokens."},
      {"intermediate_size", bind(&T::intermediate_size, whole(1, kLarge)), Scope::agreed, "4 x hidden_size",
       "Width of the feed-forward layer."},
      {"vocab_size", bind(&T::vocab_size, whole(1, 65536)), Scope::agreed, "the tokenizer's",
       "Entries of the token embedding; at least the tokenizer's. Needed with tokenizer = \"bin\"."},
      {"bias", bind(&T::bias, flag()), Scope::agreed, "", "Whether linear layers and norms have biases."},
      {"dropout", bind(&T::dropout, number(kShare)), Scope::agreed, "",
       "Share of activations dropped while training; each site drops others."},
      {"initializer_range", bind(&T::initializer_range, number(kPositive)), Scope::agreed, "",
       "Standard deviation of the initial weights."},
      {"toy_elements", bind(&T::toy_elements, large_whole(1, std::uint64_t{1} << 30)), Scope::agreed, "",
       "Parameters of the toy problem."},
  };
  return keys;
}

const Keys<data::Settings>& data_keys() {
  using T = data::Settings;
  const std::string sources = R"(files, patterns, folders, .bin shards, or "python-stdlib")";
  static const Keys<T> keys = {
      {"train", bind(&T::train, texts(sources)), Scope::local, "",
       "The text to train on. \"python-stdlib\" is the source code of the Python library on this machine. The text itself must "
       "be "
       "the same at all sites."},
      {"validation", bind(&T::validation, texts(sources)), Scope::local, "cut from the end of `train`", "Held-out text."},
      {"validation_share", bind(&T::validation_share, number({.low = 0, .high = 1, .low_open = true, .high_open = true})),
       Scope::agreed, "", "Share of `train` that is held out when there is no `validation`."},
      {"tokenizer", bind(&T::tokenizer, one_of({"bytes", "characters", "bin"})), Scope::agreed, "",
       "bytes: 256 tokens. characters: those that occur in the text. bin: the files are ready-made uint16 tokens."},
  };
  return keys;
}

const Keys<train::Settings>& train_keys() {
  using T = train::Settings;
  static const Keys<T> keys = {
      {"tokens", bind(&T::tokens, stretch(1)), Scope::agreed, "required",
       "The run ends when this many tokens were counted, over all sites."},
      {"local_batch_size", bind(&T::local_batch_size, whole(1, kLarge)), Scope::agreed, "", "Sequences of a site and step."},
      {"sequence_length", bind(&T::sequence_length, whole(1, kLarge)), Scope::agreed, "the model's max_position_embeddings",
       "Tokens of a sequence."},
      {"micro_batches", bind(&T::micro_batches, whole(1, kLarge)), Scope::agreed, "",
       "Gradient accumulation: equal parts that the local batch is computed in."},
      {"optimizer", bind(&T::optimizer, one_of({"adamw", "sgd"})), Scope::agreed, "", "The inner optimiser."},
      {"lr", bind(&T::lr, number(kPositive)), Scope::agreed, "", "Learning rate after the warm-up."},
      {"min_lr", bind(&T::min_lr, number(kNotNegative)), Scope::agreed, "", "Where the cosine ends; at most lr."},
      {"warmup", bind(&T::warmup, stretch(0)), Scope::agreed, "", "The learning rate grows linearly this long."},
      {"decay", bind(&T::decay, stretch(1)), Scope::agreed, "the end of the run", "Where the cosine ends."},
      {"weight_decay", bind(&T::weight_decay, number(kNotNegative)), Scope::agreed, "", "AdamW: on matrices and embeddings."},
      {"beta1", bind(&T::beta1, number(kShare)), Scope::agreed, "", "AdamW: decay of the first moment."},
      {"beta2", bind(&T::beta2, number(kShare)), Scope::agreed, "", "AdamW: decay of the second moment."},
      {"epsilon", bind(&T::epsilon, number(kPositive)), Scope::agreed, "", "AdamW: added to the root of the second moment."},
      {"clip", bind(&T::clip, number(kNotNegative)), Scope::agreed, "", "Largest norm of the gradient; 0: no limit."},
      {"precision", bind(&T::precision, one_of({"f32", "bf16"})), Scope::agreed, "",
       "Arithmetic of the model; bf16: autocast, with parameters in f32."},
      {"device", bind(&T::device, one_of({"cpu", "cuda"})), Scope::local, "", "Where the model is computed."},
      {"threads", bind(&T::threads, whole(1, 1024)), Scope::local, "cores / sites on this machine, at least 1",
       "CPU threads of a site."},
      {"evaluate_every", bind(&T::evaluate_every, stretch(0)), Scope::agreed, "",
       "How often the validation loss is measured. \"0 steps\": never."},
      {"evaluate_batches", bind(&T::evaluate_batches, whole(0, kLarge)), Scope::agreed, "",
       "Batches of an evaluation; 0: the whole validation text."},
      {"checkpoint_every", bind(&T::checkpoint_every, stretch(0)), Scope::agreed, "",
       "How often a checkpoint is written, rounded to the next merge. \"0 steps\": only at its end."},
  };
  return keys;
}

const Keys<sync::Settings>& sync_keys() {
  using T = sync::Settings;
  static const Keys<T> keys = {
      {"method", bind(&T::method, method()), Scope::agreed, "diloco; synchronous for one site",
       "synchronous: gradients are averaged at every step. diloco: sites train alone and merge every H steps."},
      {"every", bind(&T::every, whole(1, 65536)), Scope::agreed, "", "diloco: H, the inner steps from merge to merge."},
      {"encoding", bind(&T::encoding, encoding()), Scope::agreed, "",
       "How contributions are represented on the wire (docs/encodings.md): 32, 16, 8.06 or 4.06 bits an element."},
      {"result_encoding", bind(&T::result_encoding, encoding()), Scope::agreed, "the same as encoding; int8 for fp4",
       "How owners' results are represented; not narrower than encoding. fp4 results have to be asked for."},
      {"reduction", bind(&T::reduction, one_of({"auto", "gather", "owners"})), Scope::agreed, "",
       "gather: every site gets every contribution. owners: each sums a part. auto: gather for two sites, else owners."},
      {"outer", bind(&T::outer, one_of({"nesterov", "sgd"})), Scope::agreed, "", "diloco: the outer optimiser."},
      {"outer_lr", bind(&T::outer_lr, number(kPositive)), Scope::agreed, "", "diloco: learning rate of the outer step."},
      {"outer_momentum", bind(&T::outer_momentum, number(kShare)), Scope::agreed, "", "diloco with nesterov: momentum."},
      {"hash_every", bind(&T::hash_every, whole(0, 1'000'000)), Scope::agreed, "",
       "Merges between two comparisons of the sites' parameters, beside the one before every checkpoint; 0: 1 for diloco, 20 "
       "for "
       "synchronous."},
      {"bucket", bind(&T::bucket_mib, mebibytes()), Scope::agreed, "an eighth of the gradient, at most 4 MiB",
       "synchronous: size of the parts in which a gradient is sent while it is still being computed."},
      {"target_utilisation", checked<T>(number({.low = 0, .high = 1, .low_open = true, .high_open = true})), Scope::later, "",
       "Share of time that sites should compute, for method = \"auto\"."},
      {"fragments", checked<T>(whole(1, 10000)), Scope::later, "", "Parts that the model is merged in."},
      {"overlap", checked<T>(whole(0, 1'000'000)), Scope::later, "", "Steps that go on while a merge is under way."},
      {"blend", checked<T>(number({.low = 0, .high = 1})), Scope::later, "", "Share of the local parameters kept at a merge."},
      {"quorum", checked<T>(whole(1, 65535)), Scope::later, "", "Contributions that a merge waits for."},
  };
  return keys;
}

const Keys<SiteSettings>& site_keys() {
  using T = SiteSettings;
  static const Keys<T> keys = {
      {"name", bind(&T::name, name()), Scope::agreed, "required",
       "The site's name, also in its certificate; not ca, certificates, data, operator or viewer."},
      {"address", bind(&T::address, address()), Scope::local, "needed for --site",
       "Where the other sites reach it. --local takes free loopback ports instead."},
      {"listen", bind(&T::listen, address()), Scope::local, "every interface, at the port of address",
       "Where this site itself listens: behind address translation, or to use one interface only."},
      {"local_batch_size", bind(&T::local_batch_size, whole(1, kLarge)), Scope::agreed, "[train] local_batch_size",
       "Sequences of this site and step."},
      {"step_time", bind(&T::step_time, duration(std::chrono::microseconds(1))), Scope::local, "none",
       "Paced site: a step takes at least this long, so that several sites can be measured on one machine."},
      {"device", bind(&T::device, one_of({"cpu", "cuda"})), Scope::local, "[train] device", "Where this site computes."},
      {"congestion_control", bind(&T::congestion_control, one_of({"auto", "bbr", "cubic", "reno"})), Scope::local, "",
       "Of this site's TCP connections. auto: bbr where the system lets this user have it, else the system's own."},
      {"at", checked<T>(coordinates()), Scope::later, "", "Where the site is, in degrees."},
      {"accelerator", checked<T>(text("a type")), Scope::later, "", "Type of its accelerators."},
      {"count", checked<T>(large_whole(1)), Scope::later, "", "How many accelerators it has."},
      {"power_cap", checked<T>(watts()), Scope::later, "", "The most power that it may draw."},
      {"price", checked<T>(price("price per kWh")), Scope::later, "", "Price of its energy."},
      {"carbon", checked<T>(price("grams of CO2 per kWh")), Scope::later, "", "Carbon of its energy."},
  };
  return keys;
}

const Keys<LinkSettings>& link_keys() {
  using T = LinkSettings;
  static const Keys<T> keys = {
      {"between",
       {R"(two sites, ["ashburn", "columbus"])", read_ends, [](const T& link) { return link.a + ", " + link.b; }},
       Scope::agreed,
       "required",
       "The two sites that the link joins."},
      {"paths",
       {"list of tables", [](const Node&, T&) -> Result<void> { return {}; }, [](const T&) { return std::string(); }},
       Scope::local,
       "required",
       "Its paths, the keys below; `train` uses all that name their addresses, else the first."},
  };
  return keys;
}

const Keys<PathSettings>& path_keys() {
  using T = PathSettings;
  const auto one_way = [](auto read, auto scale) {
    return [=](const Node& node, T& path) -> Result<void> {
      INTERTIE_ASSIGN(const auto value, read(node));
      path.round_trip = scale(value);
      return {};
    };
  };
  const auto nothing = [](const T&) { return std::string(); };
  static const Keys<T> keys = {
      {"rate", bind(&T::rate, bit_rate()), Scope::local, "unlimited", "Of each direction. --local emulates it."},
      {"km",
       {"kilometres, a number", one_way(number({.low = 0, .high = 100000}).read, fibre_round_trip), nothing},
       Scope::local,
       "",
       "Length; gives the round trip at 4.90 us/km one way where none is written."},
      {"delay",
       {"duration such as \"20 ms\"", one_way(duration(Duration(0)).read, [](Duration d) { return 2 * d; }), nothing},
       Scope::local,
       "half of rtt",
       "One way; written instead of rtt."},
      {"rtt", bind(&T::round_trip, duration(Duration(0))), Scope::local, "from delay or km",
       "Round trip. --local emulates it."},
      {"streams", bind(&T::streams, whole(1, 64)), Scope::agreed, "", "TCP connections."},
      {"addresses",
       {R"({ ashburn = "10.1.0.1:7400", columbus = "10.1.0.2:7400" })", read_addresses, nothing},
       Scope::local,
       "those of the sites",
       "Of its two ends, in numbers: the path's connections leave from the one and go to the other, and each site listens at "
       "its own, too. Where a link has several paths they tell them apart; --local has the first only."},
      {"share", checked<T>(path_share()), Scope::later, "", "How much of the path the run may use."},
      {"price", checked<T>(price("price")), Scope::later, "", "Price of the path."},
      {"risk", checked<T>(texts("names")), Scope::later, "", "What it shares with other paths: roads, ducts, cables."},
      {"from", checked<T>(date()), Scope::later, "", "When the path becomes available."},
  };
  return keys;
}

}  // namespace intertie::site
