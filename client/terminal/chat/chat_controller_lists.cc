// SPDX-License-Identifier: MIT
// Lists that the server gives out in pages, which a controller reads one after another.
#include <utility>

#include "client/terminal/chat/chat_controller.h"
#include "client/terminal/model/chat_answers.h"
#include "client/terminal/text/safe_text.h"
#include "client/terminal/text/utf8.h"
#include "client/terminal/view/chat_pages.h"

namespace chirm::terminal {

namespace {

constexpr int kPagesMax = 10;  // of rooms 1,000, of members 2,000
constexpr std::size_t kResultsMax = 100;

}  // namespace

struct ChatController::Listing {
  const char* method;
  const char* next_is;  // the member of a request that says where to go on
  std::string what;     // for "cannot <what>: …"; "": nobody needs to know
  std::function<void(JsonWriter& body)> ask;
  std::function<bool(std::string_view json)> take;  // false: that is enough
  std::function<void(bool is_more)> show;
  std::string next;  // as JSON, "" at the beginning
  int pages = 0;
};

void ChatController::read_list(std::shared_ptr<Listing> listing) {
  JsonWriter body;
  body.open();
  if (listing->ask) listing->ask(body);
  if (!listing->next.empty()) body.add_raw(listing->next_is, listing->next);
  body.close();
  client_.rpc(listing->method, body.take(), [this, listing](const auto& answer) {
    if (has_ended_) return;
    if (!answer) {
      if (listing->what.empty()) return;
      return note("cannot " + listing->what + ": " + safe_line(answer.error().message), true);
    }
    listing->next = read_next(*answer);
    const bool wants_more = listing->take(*answer) && ++listing->pages < kPagesMax;
    if (wants_more && !listing->next.empty()) return read_list(listing);
    if (listing->show) listing->show(!listing->next.empty());
    events_.on_changed();
  });
}

void ChatController::show_rooms(std::string_view argument) {
  auto rooms = std::make_shared<std::vector<RoomEntry>>();
  if (!is_checked_) {
    for (const auto& one : model_.conversations()) {
      if (!one->info.is_dm) rooms->push_back({one->info, 0});
    }
    return events_.show_page(rooms_page(*rooms, false));
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
      known_rooms_.insert(room.info.room);
      rooms->push_back(std::move(room));
    }
    return true;
  };
  listing->show = [this, rooms](bool is_more) { events_.show_page(rooms_page(*rooms, is_more)); };
  read_list(std::move(listing));
}

// For completion.
void ChatController::learn_rooms() {
  auto listing = std::make_shared<Listing>();
  listing->method = "chat.rooms";
  listing->next_is = "after";
  listing->take = [this](std::string_view json) {
    for (const RoomEntry& room : read_rooms(json)) known_rooms_.insert(room.info.room);
    return true;
  };
  read_list(std::move(listing));
}

void ChatController::show_members() {
  const Conversation* room = current_room();
  if (room == nullptr) return;
  if (!is_checked_) return note_unchecked("list the members");
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
    events_.show_page(members_page(label, *members, is_more));
  };
  read_list(std::move(listing));
}

// An answer may be empty and say where to go on: the server reads only so far back at once.
void ChatController::search(std::string_view argument) {
  const Conversation* current = model_.current();
  if (current == nullptr || argument.empty()) return note_usage(ChatCommand::Kind::kSearch);
  if (!is_checked_) return note_unchecked("search");
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
    events_.show_page(search_page(label, query, *results, is_more));
  };
  read_list(std::move(listing));
}

}  // namespace chirm::terminal
