// SPDX-License-Identifier: MIT
#include "client/terminal/chat/chat_context.h"

#include <utility>

#include "client/terminal/text/safe_text.h"
#include "client/terminal/view/chat_pages.h"
#include "core/base/check.h"

namespace chirm::terminal {

ChatContext::ChatContext(client::Context& the_context, ControllerOptions the_options,
                         ControllerEvents& the_events, client::Events& client_events)
    : context(the_context),
      options(std::move(the_options)),
      events(the_events),
      client(the_context, options.client, client_events),
      me(options.me.user),
      name(options.me.name) {
  CHIRM_CHECK(!options.rooms.empty());
}

void ChatContext::note(std::string_view text, bool is_bad) {
  Conversation* current = model.current();
  if (current == nullptr) {
    return events.show_page(text_page("chirm", {std::string(text)}));
  }
  // Behind the newest message that exists, even if it is not here yet: what is read later from the
  // past must not push the note up, out of sight.
  current->log.add_note(safe_text(text), is_bad, unix_ms(), current->top);
  current->position = {};  // the person looks for what came of what they did
  events.on_changed();
}

void ChatContext::note_unchecked(std::string_view what) {
  note("cannot " + std::string(what) + ": this server knows neither accounts nor roles", true);
}

void ChatContext::call(std::string_view method, std::string_view body, std::string what,
                       OnAnswer done, OnError refused) {
  if (!is_checked) return note_unchecked(what);
  client.rpc(method, body,
             [this, what = std::move(what), done = std::move(done),
              refused = std::move(refused)](const auto& answer) {
               if (has_ended) return;
               if (!answer && refused) return refused(answer.error());
               if (!answer) {
                 return note("cannot " + what + ": " + safe_line(answer.error().message), true);
               }
               if (done) done(*answer);
               events.on_changed();
             });
}

Conversation* ChatContext::current_room() {
  Conversation* current = model.current();
  if (current != nullptr && !current->info.is_dm) return current;
  note("that is for rooms: go to one first", true);
  return nullptr;
}

std::string ChatContext::shown_me() const { return safe_line(name.empty() ? me : name); }

}  // namespace chirm::terminal
