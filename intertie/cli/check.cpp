// intertie check: everything that can be said without training.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "intertie/base/json.h"
#include "intertie/base/units.h"
#include "intertie/cli/check_schedule.h"
#include "intertie/cli/commands.h"
#include "intertie/data/corpus.h"
#include "intertie/env/real/real_loop.h"
#include "intertie/site/certificates.h"
#include "intertie/site/folders.h"
#include "intertie/site/forecast.h"
#include "intertie/site/output.h"
#include "intertie/site/site_data.h"

namespace intertie::cli {
namespace {

using site::Forecast;
using site::RunFile;

struct Text {
  std::uint64_t files = 0;
  std::uint64_t train = 0;
  std::uint64_t validation = 0;
  int vocabulary = 0;
  std::string hash;
  std::vector<std::string> notes;
};

struct Findings {
  Forecast forecast;
  std::optional<site::ScheduleForecast> schedule;
  Text text;
  bool elsewhere = false;                       // this machine has the authority's certificate and not its key
  std::vector<std::string> no_certificate;      // sites
  std::vector<std::string> certificate_faults;  // one a line: of the authority, or of a site that has a part of its files
};

Text corpus_text(const data::Corpus& corpus) {
  return {.files = corpus.num_files,
          .train = corpus.train.size(),
          .validation = corpus.validation.size(),
          .vocabulary = corpus.tokenizer.vocabulary_size(),
          .hash = to_string(corpus.hash),
          .notes = corpus.notes};
}

// `only`: the site whose certificate is looked at; empty: all.
void find_certificates(env::Disk& disk, const RunFile& file, const std::string& only, Findings& findings) {
  const std::string folder = site::certificates_folder(file);
  const auto now = env::real::RealLoop().wall();
  if (const Result<void> authority = site::check_authority(disk, file); !authority) {
    findings.certificate_faults.push_back(authority.error().message());
  }
  findings.elsewhere = site::has_authority(disk, file) && !site::has_authority_key(disk, file);
  for (const site::SiteSettings& site : file.sites) {
    if (!only.empty() && site.name != only) continue;
    if (site::certificate_files(disk, folder, site.name) == site::CertificateFiles::none) {
      findings.no_certificate.push_back(site.name);
    } else if (const auto good = site::check_certificate(disk, file, folder, site.name, now); !good) {
      findings.certificate_faults.push_back(good.error().message());
    }
  }
}

Result<Findings> find(env::Disk& disk, const RunFile& file, const CheckOptions& options) {
  Findings findings;
  INTERTIE_ASSIGN(const site::SiteData data, site::open_site_data(file, disk, {}));
  findings.text = corpus_text(data.corpus);
  INTERTIE_ASSIGN(const std::uint64_t parameters, site::num_parameters(file.model, findings.text.vocabulary));
  findings.forecast = site::forecast(file, parameters);
  if (options.schedule) {
    INTERTIE_ASSIGN(findings.schedule, site::forecast_schedule(file, parameters));
  }
  find_certificates(disk, file, options.site, findings);
  return findings;
}

std::string row(const std::string& name, const std::string& value) { return fmt::format("{:<14} {}\n", name, value); }

std::vector<std::string> site_names(const RunFile& file) {
  std::vector<std::string> names;
  for (const site::SiteSettings& each : file.sites) names.push_back(each.name);
  return names;
}

std::string text_rows(const Text& text) {
  std::string out =
      row("text", fmt::format("{} tokens to train on, {} held out, {} files, {} kinds of token", count_to_string(text.train),
                              count_to_string(text.validation), text.files, text.vocabulary));
  for (const std::string& note : text.notes) out += row("", note);
  return out;
}

std::string merge_rows(const RunFile& file, const Forecast& f) {
  if (file.sites.size() < 2) {
    const bool outer = file.sync.method == sync::Method::diloco;
    return row("merges", outer ? fmt::format("none: one site; the outer optimiser steps every {} steps", f.steps / f.merges)
                               : "none: one site");
  }
  std::string out =
      row("merges", fmt::format("{}, one every {} steps, {}; each site sends {} per merge", f.merges, file.steps_per_merge(),
                                f.gather ? "gathered" : "summed by owners", to_string(f.sent_per_merge)));
  for (const site::LinkForecast& link : f.links) {
    const std::string time = link.merge_time ? to_string(*link.merge_time) : "unknown time: the file states no rate";
    out += row("link", fmt::format("{} - {}: {} each way per merge, {}", link.a, link.b, to_string(link.each_way), time));
  }
  if (f.merge_time) out += row("merge time", to_string(*f.merge_time) + " at these rates and delays");
  if (f.utilisation) {
    out += row("utilisation", fmt::format("{:.1f} % with steps of {}", 100 * *f.utilisation, to_string(*f.step_time)));
  }
  return out;
}

std::string how_to_get_certificates(const RunFile& file, const Findings& findings, bool one_site) {
  if (one_site) return fmt::format("'intertie ca {}', where ca.key is, says which files to copy here", file.path);
  if (findings.elsewhere)
    return "they are made where ca.key is; on the machine of one site, check --site NAME looks at its own";
  return fmt::format("train --local makes them; else: intertie ca {}", file.path);
}

std::string certificate_rows(const RunFile& file, const Findings& findings, bool one_site) {
  std::string out;
  if (!findings.no_certificate.empty()) {
    out = row("certificates",
              fmt::format("none {} for {} ({})", findings.elsewhere ? "here" : "yet", fmt::join(findings.no_certificate, ", "),
                          how_to_get_certificates(file, findings, one_site)));
  }
  for (const std::string& fault : findings.certificate_faults) out += row("certificates", fault);
  return out.empty() ? row("certificates", "in " + site::certificates_folder(file)) : out;
}

// The first site holds the embedded store; the others may go and come.
std::vector<std::string> sites_it_survives(const RunFile& file) {
  std::vector<std::string> names;
  for (std::size_t i = 1; i < file.sites.size(); ++i) names.push_back(file.sites[i].name);
  return names;
}

std::string survival_rows(const RunFile& file) {
  if (file.sites.size() < 2) return row("survives", "nothing is lost that a checkpoint holds: --resume goes on from it");
  return row("survives", fmt::format("the loss of {}: the others go on, and who was lost comes back with --resume",
                                     fmt::join(sites_it_survives(file), ", "))) +
         row("", fmt::format("without {}, which holds the store, the members cannot change; who waits for it gives up after {}",
                             file.sites.front().name, to_string(file.run.store_wait)));
}

std::string table(const RunFile& file, const Findings& findings, bool one_site) {
  const Forecast& f = findings.forecast;
  std::string out = row("run", fmt::format("{}, seed {}, {} site{}", file.run.name, file.run.seed, file.sites.size(),
                                           file.sites.size() == 1 ? "" : "s"));
  out += row("model", fmt::format("{}, {} parameters", file.model.kind, count_to_string(f.parameters)));
  out +=
      row("memory", fmt::format("{} of a site for parameters, optimisers and merges, beside activations", to_string(f.memory)));
  out += text_rows(findings.text);
  out += row("steps", fmt::format("{} of {} tokens over all sites: {} tokens", f.steps, f.tokens_per_step,
                                  count_to_string(f.steps * f.tokens_per_step)));
  out += merge_rows(file, f);
  if (findings.schedule) {
    for (const auto& [name, value] : schedule_rows(*findings.schedule, site_names(file))) out += row(name, value);
  }
  out += survival_rows(file);
  out += row("checkpoints", fmt::format("every {} steps", file.steps_of(file.train.checkpoint_every)));
  out += certificate_rows(file, findings, one_site);
  for (const std::string& key : file.unused) out += row("not used", key);
  return out;
}

Json seconds(const std::optional<Duration>& duration) { return duration ? Json(seconds_of(*duration)) : Json(); }

Json list(const std::vector<std::string>& texts) { return Json::array({texts.begin(), texts.end()}); }

Json link_json(const site::LinkForecast& link) {
  return Json::object({{"between", Json::array({link.a, link.b})},
                       {"each_way_bytes", link.each_way.value},
                       {"merge_seconds", seconds(link.merge_time)}});
}

std::string check_json(const RunFile& file, const Findings& findings) {
  const Forecast& f = findings.forecast;
  Json links = Json::array();
  for (const site::LinkForecast& link : f.links) links.push(link_json(link));
  const Json text = Json::object({{"files", findings.text.files},
                                  {"train_tokens", findings.text.train},
                                  {"validation_tokens", findings.text.validation},
                                  {"vocab_size", findings.text.vocabulary},
                                  {"hash", findings.text.hash}});
  const Json out = Json::object({{"run", file.run.name},
                                 {"sites", file.sites.size()},
                                 {"parameters", f.parameters},
                                 {"memory_bytes", f.memory.value},
                                 {"steps", f.steps},
                                 {"tokens_per_step", f.tokens_per_step},
                                 {"merges", f.merges},
                                 {"sent_per_merge_bytes", f.sent_per_merge.value},
                                 {"merge_seconds", seconds(f.merge_time)},
                                 {"step_seconds", seconds(f.step_time)},
                                 {"utilisation", f.utilisation},
                                 {"survives_loss_of", list(sites_it_survives(file))},
                                 {"without_certificate", list(findings.no_certificate)},
                                 {"certificate_faults", list(findings.certificate_faults)},
                                 {"unused", list(file.unused)},
                                 {"agreement", to_string(hash_text(file.agreement()))},
                                 {"links", links},
                                 {"schedule", findings.schedule ? schedule_json(*findings.schedule, site_names(file)) : Json()},
                                 {"text", text}});
  return out.dump(2) + "\n";
}

}  // namespace

Result<site::ExitCode> check(env::Disk& disk, const CheckOptions& options) {
  INTERTIE_ASSIGN(const RunFile file, load(disk, options.run));
  if (!options.site.empty()) INTERTIE_RETURN_IF_ERROR(file.require_site(options.site));
  INTERTIE_ASSIGN(const Findings findings, find(disk, file, options));
  const bool one_site = !options.site.empty();
  INTERTIE_RETURN_IF_ERROR(site::write_output(options.run.json ? check_json(file, findings) : table(file, findings, one_site)));
  if (!findings.certificate_faults.empty()) return unusable_certificates(file);
  return site::ExitCode::done;
}

}  // namespace intertie::cli
