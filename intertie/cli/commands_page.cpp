// docs/commands.md: the options as --help has them, and what a list of options does not say.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "intertie/base/check.h"
#include "intertie/cli/arguments.h"
#include "intertie/cli/commands.h"

namespace intertie::cli {
namespace {

constexpr const char* kIntroduction = R"(# Commands

Every command of `intertie`, its options, and an example. This page is generated (`intertie docs commands`); `intertie COMMAND --help`
and `intertie help COMMAND` print the same options, and [exit-codes.md](exit-codes.md) says what the programs end with. RUN.toml is a
[run file](run-file.md). Paths on the command line start at the working folder.

Output that was asked for goes to standard output. Where that cannot be written (a full disk) a command ends with code 1; `train` goes
on, since its logs have it all.
)";

struct Prose {
  const char* command;
  const char* example;
  const char* text;
};

constexpr std::array<Prose, 12> kProse = {{
    {"train", "intertie train run.toml --local --data texts/ 'more/*.txt'", R"(
**Text of one's own.** `--data` takes files, folders (with all that is in them), patterns (`*`, `?`, and `**` for folders) and .bin
shards, and stands in the place of [data] train; at every later start and at every site it must lead to the same text. Text is UTF-8,
or any bytes with `tokenizer = "bytes"`. Empty and binary files in folders are passed over and named.

**Stop and resume.** Ctrl-C ends a `--local` run at the next merge with a checkpoint; a second Ctrl-C ends it at once. `--resume` goes
on bit for bit from the newest checkpoint that is complete at all sites which made it; only those need to come. Between the two, only
keys may be changed that
[run-file.md](run-file.md) marks *each site its own* or *not used yet* (addresses, devices, threads, the rates that are emulated); the
text may move to another path but not change. A change of any other key, train.tokens too, is refused with the key's name. `--fresh`
gives up what is there and begins anew; with neither of the two, a folder that holds a run already is refused.

**One site of several.** Ctrl-C at a site that was started with `--site` takes that site out: it writes a checkpoint, leaves, and the
others go on; before the run has begun it just ends, and the others wait for it to be started again. At the first site of the run file,
which holds the store, it stops the whole run. A site that left, died, or was cut off comes back with `--resume`: it fetches what the
others have and is a member again at one of the next merges. One that only stood still or was cut off, and finds that the others have
gone on without it, comes back by itself.

**Faults on purpose.** On a terminal, `--local` shows the [live view](live-view.md), whose keys cut and mend links, kill sites and bring
them back. `--script FILE` does the same without hands; its lines are performed in their order, and each is said when it is:

    at version 3 cut ashburn columbus     # once some site has committed version 3; nobody is told, bytes wait
    at 20s kill quincy                    # 20 seconds after the start
    at +5s restore quincy                 # 5 seconds after the line before; with --resume
    at version 6 mend ashburn columbus
    at version 7 leave columbus           # it goes politely, and can be restored
    at version 9 stop                     # as Ctrl-C does

`--site NAME --die-at VERSION:PLACE` is for tests of the real thing: the site kills its own process at that place of the merge that
makes the version (`+3:PLACE`: the third that this start of the site makes), as soon as what it sent until then has arrived, and what comes after never leaves. The places are `first-block`
(nothing of its contribution is sent), `half-contribution`, `half-results` (half of its results at the next site, none at another; in
a gather, which has no results, so its contribution), `results-at-one` (the same with all of them), `all-sent` (and nothing applied),
`applied` (and nothing of the next merge sent), and when the members next change, with that merge or a later one open, `flush-asked`
(for what it holds, and no answer sent) and `flush-answered` (and nothing done of what was ordered then). What had arrived at whom is in
the event [site.dies](events.md).
)"},
    {"check", "intertie check run.toml --set sync.every=100", R"(
Reads the run file, the text and the certificates, and prints sizes, counts, the traffic of a merge and the share of time that sites
would compute, if the file states rates and step times. Writes nothing. It ends with code 2 where the run file or the text is wrong,
and where a certificate that is there cannot work. A site's machine has the files of that site only: `--site NAME` looks at no others.

`--schedule` adds the [schedule](schedule.md) that is best over the links of the run file, which all have to state their rates: who
sums how much, over which sites what goes to whom, how long a merge takes by it, and how long it takes at the least whatever the
schedule. Runs merge in equal shares for now; their time stands beside it.
)"},
    {"ca", "intertie ca run.toml", R"(
Certificates prove to each site who the others are. Run this once, on the machine that shall keep the authority's key (ca.key); it
lists the three files that each site's machine needs, and where they go. What is there is kept, if it can work; `train --local` makes
what is missing by itself. Two more are for people: who has `viewer.pem` and `viewer.key` may look at the run (`status`), who has
`operator.pem` and `operator.key` may also stop it and take sites out (`stop`, `leave`). A run that was made without them gets them
when this is run again where ca.key is.

**A key in wrong hands.** `intertie ca run.toml --revoke columbus`, where ca.key is, puts the certificate of that name that lies there
on the list of those that count no more, `ca.crl`, and makes another; `--no-new`: none, for a site that is to stay away. Copy `ca.crl`
beside `ca.pem` at every site. A site that runs heeds it from the next connection on, and connections that stand are not cut: take
the site out with `leave`. More: [security.md](security.md).
)"},
    {"status", "intertie status run.toml", R"(
Shows the [live view](live-view.md) of a run whose sites run elsewhere, or in another terminal: it visits every site at its address in
the run file, or, for a run on this machine, where the site's folder says (FOLDER/SITE/address). What happened before comes first. A
site that does not answer is named, and tried again where it then is said to be; `q` or Ctrl-C ends the view and not the run; it also
ends when the run does. Needs the viewer's certificate or the operator's (`intertie ca`) in the run's folder, and of the run file what
the sites have.

Standard output that is no terminal gets lines, as does `--plain`. `--once` prints how things are, and ends: with code 4 where no site
answers, and with code 3 and what is known by then where Ctrl-C comes before all have. `--json` prints what the sites' event logs say
([events.md](events.md)), with `--once` up to now. `--at` visits one site only. Where its reader goes, as `| head` does, it ends with
code 0. A site lets in 16 viewers and 8 operators at a time, and dismisses who reads too slowly: no run waits for a visitor.
)"},
    {"stop", "intertie stop run.toml --reason 'power is short'", R"(
Does what Ctrl-C does in a `--local` run: all sites write a checkpoint at the next version that is not open yet, and end. It asks the
first site that answers, needs the operator's certificate, and waits until that site has ended. A site that is no member yet (it waits
for the others or for the store, or comes back) keeps the request, and passes it on once it is one. Code 0: the run has stopped, or has
come to its end; 1: the run is not stopped, since the site has left, failed or ended before; 2: the site refused, or a certificate is
wrong; 3: Ctrl-C, and nobody waits any more, though the request stands; 4: no site answers, or Ctrl-C came before any did, and
nothing was asked, or the visit ended before it was known what has become of it.
)"},
    {"leave", "intertie leave run.toml --site quincy", R"(
Does what Ctrl-C does at a site that was started with `--site`: that site writes a checkpoint, leaves, and the others go on; one that is
no member yet just ends, and whoever waits for it to begin the run waits on. It comes back with `--resume`, or as it was started where
the run has not begun. The first site of the run file holds the store and cannot leave: `stop` stops the whole run. Certificate and
codes are those of `stop`.
)"},
    {"sample", "intertie sample run.toml --prompt 'def ' --tokens 400", R"(
Needs a checkpoint and nothing of the text. Where standard output is no terminal, the bytes are written as the model has them; for a
terminal, control characters and bytes that are not UTF-8 are written as `\x1b`. Give the `--set` options that the run was trained with.
)"},
    {"report", "intertie report run.toml", R"(
Reads every site's events.jsonl in the run's folder and writes one page that needs nothing else, prints a table, and says where the page
is. It can be asked for while the run goes on, and at any time after; `train --local` writes it by itself when it ends. Where sites
trained on other machines, copy their logs (SITE/events.jsonl) into this machine's folder of the run first: a log that is not here is
named in the report. Ends with code 2 where there is no log at all. [report.md](report.md) says what the page and the JSON hold.
)"},
    {"shard", "intertie shard run.toml --data texts/ --out shards", R"(
Encodes the text once, with the tokenizer of the run file, so that sites can start from the result: `--data shards`, or
`train = "shards"` in [data]. The folder holds both splits, the tokenizer, and hashes; it is not overwritten.
)"},
    {"bench", "intertie bench merge run.toml --site ashburn --size '256 MiB'", R"(
Started at every site of the run, with the same options. The sites connect as they do to train, and merge contributions that are made
up, without a model: the encodings and the kind of reduction are those of [sync]. Each site prints what it measured; the sum is compared
with what the sites contribute. With `--probe` the links are probed first, for a few seconds: all sites send to all, then pairs of sites to each
other; merges then follow the schedule that is [best](schedule.md) over what was found, each link paced at its part. With
cubic it finds as yet too little where packets are lost by chance, which bbr passes over. The time of a merge is from its
first chunk until it is committed; the bytes are those of all merges, the warm-ups too, once the others have them.
A site of which nothing is heard for `run.lost_after` ends it at all others, with code 4.
)"},
    {"docs", "intertie docs run-file", R"(
The pages in docs/ that the program writes about itself.
)"},
    {"version", "intertie version", ""},
}};

std::string cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return text;
}

// "makes ..." as a sentence.
std::string sentence(std::string words) {
  words[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(words[0])));
  return words + ".";
}

std::string section(const CommandHelp& command) {
  const auto prose =
      std::find_if(kProse.begin(), kProse.end(), [&](const Prose& each) { return each.command == command.name; });
  INTERTIE_CHECK(prose != kProse.end());
  std::string out = fmt::format("\n## {}\n\n{}\n\n    {}\n", command.name, sentence(command.meaning), prose->example);
  if (!command.options.empty()) out += "\n| option | default | meaning |\n|---|---|---|\n";
  for (const OptionHelp& option : command.options) {
    const std::string fallback = option.fallback.empty() ? "" : "`" + option.fallback + "`";
    out += fmt::format("| `{}` | {} | {} |\n", cell(option.name), fallback, cell(option.meaning));
  }
  return out + prose->text;
}

}  // namespace

std::string commands_page() {
  std::string page = kIntroduction;
  for (const CommandHelp& command : command_help()) page += section(command);
  return page;
}

}  // namespace intertie::cli
