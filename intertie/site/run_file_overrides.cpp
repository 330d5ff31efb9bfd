// Assignments from the command line, applied to the tree before anything is validated.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "intertie/base/utf8.h"
#include "intertie/site/run_file_tree.h"

namespace intertie::site {
namespace {

Error bad_assignment(const std::string& place, std::string what, std::string fix) {
  return Error{
      .code = ErrorCode::reconfigure, .where = place, .what = std::move(what), .fix = std::move(fix), .cause = nullptr};
}

std::vector<std::string> split_dots(const std::string& path) {
  std::vector<std::string> parts(1);
  for (const char c : path) {
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// The words of the command line that set something, fit for the beginning of a message of one line.
std::string place_of(const std::string& words) {
  std::string place = words.substr(0, 120);
  std::replace_if(
      place.begin(), place.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return place;
}

Node empty_table(const std::string& place) {
  Node node;
  node.place = place;
  return node;
}

std::string text_of(const Node& table, const char* key) {
  const Node* value = table.kind == Node::Kind::table ? table.find(key) : nullptr;
  return value && value->kind == Node::Kind::text ? value->text : std::string();
}

std::string link_name(const Node& link, std::size_t from, std::size_t to) {
  const Node* between = link.kind == Node::Kind::table ? link.find("between") : nullptr;
  if (!between || between->kind != Node::Kind::list || between->items.size() != 2) return {};
  return between->items[from].text + "-" + between->items[to].text;
}

// A run file without [[site]] has the one site "local"; an override of it writes it down.
void add_local_site(Node& root, const std::string& place) {
  Node list;
  list.kind = Node::Kind::list;
  list.place = place;
  Node site = empty_table(place);
  Node name;
  name.kind = Node::Kind::text;
  name.text = "local";
  name.place = place;
  site.put("name", name);
  list.items.push_back(site);
  root.put("site", list);
}

Result<Node*> find_site(Node& root, const std::string& name, const std::string& place) {
  if (!root.find("site") && name == "local") add_local_site(root, place);
  std::vector<std::string> names;
  Node* sites = root.find("site");
  if (sites && sites->kind == Node::Kind::list) {
    for (Node& site : sites->items) {
      names.push_back(text_of(site, "name"));
      if (names.back() == name && !name.empty()) return &site;
    }
  }
  return bad_assignment(place, fmt::format("there is no site {:?}", name),
                        fmt::format("the sites are {}", names.empty() ? "local" : fmt::format("{}", fmt::join(names, ", "))));
}

// The first path of the link; the link itself when it has none yet (the reader then says what is missing).
Node* first_path(Node& link) {
  Node* paths = link.find("paths");
  const bool usable = paths && paths->kind == Node::Kind::list && !paths->items.empty();
  return usable && paths->items.front().kind == Node::Kind::table ? &paths->items.front() : &link;
}

Result<Node*> find_path(Node& root, const std::string& name, const std::string& place) {
  std::vector<std::string> names;
  Node* links = root.find("link");
  if (links && links->kind == Node::Kind::list) {
    for (Node& link : links->items) {
      names.push_back(link_name(link, 0, 1));
      if (!name.empty() && (names.back() == name || link_name(link, 1, 0) == name)) return first_path(link);
    }
  }
  return bad_assignment(place, fmt::format("there is no link {:?}", name),
                        names.empty() ? "the file has no [[link]]" : fmt::format("the links are {}", fmt::join(names, ", ")));
}

Result<Node*> find_section(Node& root, const std::string& name, const std::string& place) {
  if (!root.find(name)) root.put(name, empty_table(place));
  Node* section = root.find(name);
  if (section->kind == Node::Kind::table) return section;
  return bad_assignment(place, fmt::format("{:?} is not a section with keys", name),
                        "write --set site.NAME.key=value or --set link.A-B.key=value");
}

}  // namespace

Result<void> override_tree(Node& root, const std::string& assignment) {
  if (find_invalid_utf8(assignment)) {
    return bad_assignment("--set", fmt::format("{:?} is not UTF-8", assignment.substr(0, 120)), "write it in UTF-8");
  }
  const std::string place = place_of("--set " + assignment);
  const std::size_t equals = assignment.find('=');
  const std::vector<std::string> path = split_dots(assignment.substr(0, equals));
  const bool named = path.size() == 3 && (path[0] == "site" || path[0] == "link");
  if (equals == std::string::npos || (path.size() != 2 && !named)) {
    return bad_assignment(place, "is not section.key=value",
                          "for example --set sync.every=10 or --set site.NAME.step_time=\"50 ms\"");
  }
  Result<Node*> target = !named              ? find_section(root, path[0], place)
                         : path[0] == "site" ? find_site(root, path[1], place)
                                             : find_path(root, path[1], place);
  if (!target) return target.error();
  (*target)->put(path.back(), parse_assigned(assignment.substr(equals + 1), place));
  return {};
}

Result<void> override_data(Node& root, const std::vector<std::string>& paths) {
  Node list;
  list.kind = Node::Kind::list;
  list.place = place_of(fmt::format("--data {}", fmt::join(paths, " ")));
  for (const std::string& path : paths) {
    Node& item = list.items.emplace_back();
    item.kind = Node::Kind::text;
    item.text = path;
    item.place = list.place;
  }
  INTERTIE_ASSIGN(Node * section, find_section(root, "data", list.place));
  section->put("train", std::move(list));
  return {};
}

}  // namespace intertie::site
