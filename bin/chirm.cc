// SPDX-License-Identifier: MIT
// chirm, the chat client for terminals and scripts.
#include <langinfo.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <string_view>

#include "bin/chirm_options.h"
#include "client/terminal/full_screen_mode.h"
#include "client/terminal/plain/plain_mode.h"
#include "core/loop/loop.h"

namespace {

// Text is UTF-8 here whatever the environment says; a locale is needed for the width of characters.
void set_locale() {
  (void)std::setlocale(LC_CTYPE, "");
  if (std::string_view(nl_langinfo(CODESET)) != "UTF-8") {
    (void)std::setlocale(LC_CTYPE, "C.UTF-8");  // always there in Debian
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto parsed = chirm::parse_chirm_options(argc, argv);
  if (const int* code = std::get_if<int>(&parsed)) return *code;
  const auto& options = std::get<chirm::ChirmOptions>(parsed);
  set_locale();
  chirm::Loop loop;
  if (options.is_plain) {
    chirm::terminal::ChatOptions chat;
    chat.rooms = options.rooms;
    chat.history = options.history;
    return chirm::terminal::PlainMode(loop, options.sign_in, chat, options.stays,
                                      {STDIN_FILENO, stdout, stderr})
        .run();
  }
  chirm::terminal::ControllerOptions chat;
  chat.rooms = options.rooms;
  chat.has_chosen_rooms = options.has_chosen_rooms;
  chat.history = options.history;
  return chirm::terminal::FullScreenMode(loop, options.sign_in, chat).run();
}
