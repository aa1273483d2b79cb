// SPDX-License-Identifier: MIT
#include "client/terminal/chat/list_commands.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "client/terminal/model/chat_answers.h"
#include "client/terminal/text/safe_text.h"
#include "client/terminal/text/utf8.h"
#include "client/terminal/view/chat_pages.h"

namespace chirm::terminal {

namespace {

// Of a list, how many parts are read: enough for people, and an end on servers where there is none.
constexpr int kPartsMax = 10;  // of rooms 1,000, of members 2,000
constexpr std::size_t kResultsMax = 100;

}  // namespace

// One list while it is read, shared by the answers to its requests.
struct ListCommands::Listing {
  const char* method;
  const char* next_is;                        // the member of a request that says where to go on
  std::string what;                           // for "cannot <what>: …"; "": nobody needs to know
  std::function<void(JsonWriter& body)> ask;  // adds the members that say what is wanted
  std::function<bool(std::string_view json)> take;  // false: that is enough
  std::function<void(bool is_more)> show;           // may be empty
  std::string next;                                 // as JSON, "" at the beginning
  int parts = 0;
};

void ListCommands::read(std::shared_ptr<Listing> listing) {
  JsonWriter body;
  body.open();
  if (listing->ask) listing->ask(body);
  if (!listing->next.empty()) body.add_raw(listing->next_is, listing->next);
  body.close();
  chat_.client.rpc(listing->method, body.take(), [this, listing](const auto& answer) {
    if (chat_.has_ended) return;
    if (!answer) {
      if (listing->what.empty()) return;
      return chat_.note("cannot " + listing->what + ": " + safe_line(answer.error().message), true);
    }
    listing->next = read_next(*answer);
    const bool wants_more = listing->take(*answer) && ++listing->parts < kPartsMax;
    if (wants_more && !listing->next.empty()) return read(listing);
    if (listing->show) listing->show(!listing->next.empty());
    chat_.events.on_changed();
  });
}

void ListCommands::show_rooms(std::string_view argument) {
  auto rooms = std::make_shared<std::vector<RoomEntry>>();
  // Nobody keeps a list there: the rooms that one is in are all that is known.
  if (!chat_.is_checked) {
    for (const auto& one : chat_.model.conversations()) {
      if (!one->info.is_dm) rooms->push_back({one->info, 0});
    }
    return chat_.events.show_page(rooms_page(*rooms, false));
  }
  auto listing = std::make_shared<Listing>();
  listing->method = "chat.rooms";
  listing->next_is = "after";
  listing->what = "list rooms";
  listing->ask = [query = to_utf8(argument)](JsonWriter& body) {
    if (!query.empty()) body.add("query", query);
  };
  listing->take = [this, rooms](std::string_view json) {
    for (RoomEntry& room : read_rooms(json)) {
      names_.add_room(room.info.room);
      rooms->push_back(std::move(room));
    }
    return true;
  };
  listing->show = [this, rooms](bool is_more) {
    chat_.events.show_page(rooms_page(*rooms, is_more));
  };
  read(std::move(listing));
}

// Without `what`: nobody has asked for it, and nobody is told when it fails.
void ListCommands::learn_rooms() {
  auto listing = std::make_shared<Listing>();
  listing->method = "chat.rooms";
  listing->next_is = "after";
  listing->take = [this](std::string_view json) {
    for (const RoomEntry& room : read_rooms(json)) names_.add_room(room.info.room);
    return true;
  };
  read(std::move(listing));
}

void ListCommands::show_members() {
  const Conversation* room = chat_.current_room();
  if (room == nullptr) return;
  if (!chat_.is_checked) return chat_.note_unchecked("list the members");
  auto members = std::make_shared<std::vector<Member>>();
  auto listing = std::make_shared<Listing>();
  listing->method = "chat.members";
  listing->next_is = "after";
  listing->what = "list the members";
  listing->ask = [name = room->info.room](JsonWriter& body) { body.add("room", name); };
  listing->take = [members](std::string_view json) {
    for (Member& member : read_members(json)) members->push_back(std::move(member));
    return true;
  };
  listing->show = [this, members, label = room->label()](bool is_more) {
    chat_.events.show_page(members_page(label, *members, is_more));
  };
  read(std::move(listing));
}

// An answer may be empty and say where to go on: the server reads only so far back at once.
CommandUse ListCommands::search(std::string_view argument) {
  const Conversation* current = chat_.model.current();
  if (current == nullptr || argument.empty()) return CommandUse::kWrong;
  if (!chat_.is_checked) {
    chat_.note_unchecked("search");
    return CommandUse::kRight;
  }
  const std::string query = to_utf8(argument);
  auto results = std::make_shared<std::vector<SearchResult>>();
  auto listing = std::make_shared<Listing>();
  listing->method = "chat.search";
  listing->next_is = "before";
  listing->what = "search";
  listing->ask = [channel = current->info.channel, query](JsonWriter& body) {
    body.add("channel", channel);
    body.add("query", query);
    body.add("limit", kResultsMax);
  };
  listing->take = [results](std::string_view json) {
    for (SearchResult& result : read_results(json)) results->push_back(std::move(result));
    return results->size() < kResultsMax;
  };
  listing->show = [this, results, query, label = current->label()](bool is_more) {
    chat_.events.show_page(search_page(label, query, *results, is_more));
  };
  read(std::move(listing));
  return CommandUse::kRight;
}

}  // namespace chirm::terminal
