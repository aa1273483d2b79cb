// SPDX-License-Identifier: MIT
#pragma once
// What the parts of a chat at a full screen share: the model that is shown, the client that talks
// to the server, and the ways to tell the person something. Lives on its Context's loop. Private to
// client/terminal/.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/client.h"
#include "client/context.h"
#include "client/terminal/model/chat_model.h"
#include "client/terminal/sign_in/sign_in.h"
#include "client/terminal/view/view_state.h"
#include "protocol/json_writer.h"

namespace chirm::terminal {

struct ControllerOptions {
  client::Options client;
  Identity me;
  std::vector<std::string> rooms;  // to be in; at least one
  bool has_chosen_rooms = false;   // they were asked for, and are no default
  std::uint32_t history = 50;      // messages in a page of the past
  // How long quit() waits for the next acknowledgement: as long as the client does.
  std::uint32_t patience_ms = client::Options{}.publish_timeout_ms;
};

// Told what a chat has to show. None of these may destroy the chat.
class ControllerEvents {
 public:
  virtual void on_changed() = 0;  // what is to be drawn has changed
  virtual void show_page(Page page) = 0;
  virtual void suggest(std::string_view line) = 0;  // a line for the person to go on with
  virtual void on_token_wanted() = 0;               // as client::Events::on_token_wanted()
  // The chat has ended; nothing follows. `problem` is a line for stderr, or "".
  virtual void on_end(int exit_code, std::string_view problem) = 0;

 protected:
  ~ControllerEvents() = default;
};

struct ChatContext {
  using OnAnswer = std::function<void(std::string_view json)>;
  using OnError = std::function<void(const client::CommandError&)>;

  // All of these but the_options must outlive it. `client_events` is told what the client is told.
  ChatContext(client::Context& the_context, ControllerOptions the_options,
              ControllerEvents& the_events, client::Events& client_events);

  // Shows a line below what is said here; on a page of its own when one is in no conversation.
  void note(std::string_view text, bool is_bad = false);
  // Says that this server cannot do `what`, for it knows neither accounts nor roles.
  void note_unchecked(std::string_view what);
  // Calls a method of the server with a JSON object. An error is shown as "cannot <what>: …",
  // unless `refused` is given and told instead. `done` may be empty.
  void call(std::string_view method, std::string_view body, std::string what, OnAnswer done = {},
            OnError refused = {});
  // The room that is looked at; null, and said, when it is none.
  Conversation* current_room();
  // One's name as it may be printed.
  std::string shown_me() const;

  std::uint64_t now_ms() const { return context.loop.now_ms(); }
  std::int64_t unix_ms() const { return context.loop.unix_ms(); }

  client::Context& context;
  const ControllerOptions options;
  ControllerEvents& events;
  ChatModel model;
  client::Client client;
  std::string me;           // one's user
  std::string name;         // as one writes it
  bool has_synced = false;  // the list of channels was read once, or the server has none
  bool is_checked = true;  // the server knows accounts, rooms and roles; assumed until it denies it
  bool has_ended = false;  // on_end() was called; answers that come later mean nothing
};

// The JSON object of these members, as names and values by turns: object_of("room", "dev").
// A value that is an empty optional is left out, with its name.
template <class... Members>
std::string object_of(const Members&... members);

// ---- Implementation

inline void add_members(JsonWriter&) {}

template <class Value, class... Members>
void add_members(JsonWriter& body, std::string_view name, const std::optional<Value>& value,
                 const Members&... members);

template <class Value, class... Members>
void add_members(JsonWriter& body, std::string_view name, const Value& value,
                 const Members&... members) {
  body.add(name, value);
  add_members(body, members...);
}

template <class Value, class... Members>
void add_members(JsonWriter& body, std::string_view name, const std::optional<Value>& value,
                 const Members&... members) {
  if (value) body.add(name, *value);
  add_members(body, members...);
}

template <class... Members>
std::string object_of(const Members&... members) {
  JsonWriter body;
  body.open();
  add_members(body, members...);
  body.close();
  return body.take();
}

}  // namespace chirm::terminal
