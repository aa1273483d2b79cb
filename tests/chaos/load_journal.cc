// SPDX-License-Identifier: MIT
#include "tests/chaos/load_journal.h"

#include <simdjson.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

namespace chirm::chaos {

void LoadJournal::update() {
  std::ifstream file(path_, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(read_bytes_));
  std::string added{std::istreambuf_iterator<char>(file), {}};
  added.resize(added.rfind('\n') + 1);  // npos + 1 is 0: no whole line
  read_bytes_ += added.size();
  read(added);
}

void LoadJournal::read(std::string_view lines) {
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    take(line);
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
  }
}

void LoadJournal::take(std::string_view line) {
  simdjson::dom::parser parser;
  const simdjson::dom::element object = parser.parse(simdjson::padded_string(line));
  const auto number = [&](const char* name) { return std::uint64_t{object[name]}; };
  const auto text = [&](const char* name) { return std::string(std::string_view(object[name])); };
  const std::string event = text("event");
  if (event == "start") {
    has_started_ = true;
  } else if (event == "outage") {
    outages_.push_back({number("client"), number("gone_us"), number("caught_up_us")});
  } else if (event == "reset") {
    resets_.push_back(
        {number("at_us"), text("channel"), text("epoch"), number("offset"), number("gone_us")});
  } else if (event == "resubscribed") {
    resubscribed_us_.push_back(number("at_us"));
  } else if (event == "violation") {
    violations_.push_back({text("kind"), number("count"), number("at_us"), number("due_us"),
                           number("acked_us"), text("channel"), text("epoch"), number("offset"),
                           std::string(line)});
  }
}

std::size_t LoadJournal::count_victims(std::uint64_t from_us, std::uint64_t to_us) const {
  std::set<std::uint64_t> clients;
  for (const Outage& outage : outages_) {
    if (outage.gone_us >= from_us && outage.gone_us < to_us) clients.insert(outage.client);
  }
  return clients.size();
}

}  // namespace chirm::chaos
