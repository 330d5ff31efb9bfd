#include "intertie/site/programs.h"

#include <fmt/format.h>

#include <charconv>
#include <functional>
#include <map>

namespace intertie::site {
namespace {

using Take = std::function<Result<void>(const std::string&)>;

struct Options {
  std::map<std::string, bool*> flags;
  std::map<std::string, Take> values;
  std::string* positional;
};

Error bad_argument(const std::string& what) {
  return Error{.code = ErrorCode::reconfigure, .where = "command line", .what = what, .fix = {}, .cause = nullptr};
}

Result<void> parse(const std::vector<std::string>& arguments, const Options& options) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    const auto flag = options.flags.find(word);
    const auto value = options.values.find(word);
    if (flag != options.flags.end()) {
      *flag->second = true;
    } else if (value != options.values.end()) {
      if (++i == arguments.size()) return bad_argument(word + " needs a value");
      INTERTIE_RETURN_IF_ERROR(value->second(arguments[i]));
    } else if (word.starts_with("--") || !options.positional->empty()) {
      return bad_argument("unknown argument " + word);
    } else {
      *options.positional = word;
    }
  }
  return options.positional->empty() ? bad_argument("no run file") : Result<void>();
}

Take to(std::string& target) {
  return [&target](const std::string& word) -> Result<void> {
    target = word;
    return {};
  };
}

Take to(std::vector<std::string>& target) {
  return [&target](const std::string& word) -> Result<void> {
    target.push_back(word);
    return {};
  };
}

Take to(std::vector<env::Address>& target) {
  return [&target](const std::string& word) -> Result<void> {
    INTERTIE_ASSIGN(env::Address address, env::parse_address(word));
    target.push_back(std::move(address));
    return {};
  };
}

Take to(Duration& target) {
  return [&target](const std::string& word) -> Result<void> {
    INTERTIE_ASSIGN(target, parse_duration(word));
    return {};
  };
}

template <class Number>
Take to_number(Number& target) {
  return [&target](const std::string& word) -> Result<void> {
    const auto [end, status] = std::from_chars(word.data(), word.data() + word.size(), target);
    if (status != std::errc() || end != word.data() + word.size()) return bad_argument(word + " is no number");
    return {};
  };
}

void add(std::vector<std::string>& arguments, const char* option, const std::string& value) {
  if (value.empty()) return;
  arguments.emplace_back(option);
  arguments.push_back(value);
}

}  // namespace

std::vector<std::string> SiteCommand::arguments() const {
  std::vector<std::string> words = {"site", run_file};
  add(words, "--site", site);
  for (const std::string& assignment : overrides) add(words, "--set", assignment);
  for (const std::string& path : data) add(words, "--data", path);
  for (const env::Address& address : addresses) add(words, "--address", env::to_string(address));
  add(words, "--certificates", certificates);
  if (local) words.emplace_back("--local");
  if (resume) words.emplace_back("--resume");
  if (fresh) words.emplace_back("--fresh");
  if (json) words.emplace_back("--json");
  if (control) words.emplace_back("--control");
  for (const std::string& name : cut) add(words, "--cut", name);
  add(words, "--die-at", die_at);
  if (progress_every > Duration(0)) add(words, "--progress-every", fmt::format("{}ns", progress_every.count()));
  return words;
}

std::vector<std::string> SampleCommand::arguments() const {
  std::vector<std::string> words = {"sample", run_file};
  for (const std::string& assignment : overrides) add(words, "--set", assignment);
  add(words, "--site", site);
  add(words, "--prompt", prompt);
  add(words, "--tokens", fmt::format("{}", tokens));
  add(words, "--temperature", fmt::format("{}", temperature));
  add(words, "--top-k", fmt::format("{}", top_k));
  add(words, "--seed", fmt::format("{}", seed));
  return words;
}

Result<SiteCommand> parse_site_command(const std::vector<std::string>& arguments) {
  SiteCommand command;
  const Options options{.flags = {{"--local", &command.local},
                                  {"--resume", &command.resume},
                                  {"--fresh", &command.fresh},
                                  {"--json", &command.json},
                                  {"--control", &command.control}},
                        .values = {{"--site", to(command.site)},
                                   {"--set", to(command.overrides)},
                                   {"--data", to(command.data)},
                                   {"--address", to(command.addresses)},
                                   {"--certificates", to(command.certificates)},
                                   {"--cut", to(command.cut)},
                                   {"--die-at", to(command.die_at)},
                                   {"--progress-every", to(command.progress_every)}},
                        .positional = &command.run_file};
  INTERTIE_RETURN_IF_ERROR(parse(arguments, options));
  if (command.site.empty()) return bad_argument("no --site");
  return command;
}

Result<SampleCommand> parse_sample_command(const std::vector<std::string>& arguments) {
  SampleCommand command;
  const Options options{.flags = {},
                        .values = {{"--set", to(command.overrides)},
                                   {"--site", to(command.site)},
                                   {"--prompt", to(command.prompt)},
                                   {"--tokens", to_number(command.tokens)},
                                   {"--temperature", to_number(command.temperature)},
                                   {"--top-k", to_number(command.top_k)},
                                   {"--seed", to_number(command.seed)}},
                        .positional = &command.run_file};
  INTERTIE_RETURN_IF_ERROR(parse(arguments, options));
  return command;
}

}  // namespace intertie::site
