// SPDX-License-Identifier: MIT
#include "client/terminal/screen/key_bindings.h"

#include <algorithm>
#include <array>
#include <utility>

#include "client/terminal/text/utf8.h"

namespace chirm::terminal {

namespace {

using enum KeyAction;

// As xterm, the Linux console, tmux and screen send them. Letters that are hexadecimal digits stand
// in a literal of their own: behind \x1b they would belong to the number.
constexpr std::array<std::pair<std::string_view, KeyAction>, 66> kBindings{{
    {"\r", kSend},
    {"\n", kSend},
    {"\x1b\r", kNewLine},
    {"\x1b\n", kNewLine},
    {"\x1b[D", kLeft},
    {"\x1bOD", kLeft},
    {"\x02", kLeft},
    {"\x1b[C", kRight},
    {"\x1bOC", kRight},
    {"\x06", kRight},
    {"\x1b[1;5D", kWordLeft},
    {"\x1b[1;3D", kWordLeft},
    {"\x1b"
     "b",
     kWordLeft},
    {"\x1b[1;5C", kWordRight},
    {"\x1b[1;3C", kWordRight},
    {"\x1b"
     "f",
     kWordRight},
    {"\x1b[H", kStart},
    {"\x1bOH", kStart},
    {"\x1b[1~", kStart},
    {"\x1b[7~", kStart},
    {"\x01", kStart},
    {"\x1b[F", kEnd},
    {"\x1bOF", kEnd},
    {"\x1b[4~", kEnd},
    {"\x1b[8~", kEnd},
    {"\x05", kEnd},
    {"\x7f", kEraseBefore},
    {"\x08", kEraseBefore},
    {"\x1b[3~", kEraseAt},
    {"\x04", kEndOfInput},
    {"\x17", kEraseWordBefore},
    {"\x1b\x7f", kEraseWordBefore},
    {"\x1b"
     "d",
     kEraseWordAt},
    {"\x15", kEraseToStart},
    {"\x0b", kEraseToEnd},
    {"\x19", kYank},
    {"\x1b[A", kOlderLine},
    {"\x1bOA", kOlderLine},
    {"\x1b[B", kNewerLine},
    {"\x1bOB", kNewerLine},
    {"\t", kComplete},
    {"\x1b[Z", kCompleteBack},
    {"\x1b[5~", kPageUp},
    {"\x1b[6~", kPageDown},
    {"\x1b[1;5A", kChooseUp},
    {"\x1b[1;5B", kChooseDown},
    {"\x1b"
     "k",
     kChooseUp},
    {"\x1b"
     "j",
     kChooseDown},
    {"\x1b[1;3A", kPreviousConversation},
    {"\x10", kPreviousConversation},
    {"\x1b[1;3B", kNextConversation},
    {"\x0e", kNextConversation},
    {"\x1b"
     "a",
     kUnreadConversation},
    {"\x1b"
     "0",
     kConversation},
    {"\x1b"
     "1",
     kConversation},
    {"\x1b"
     "2",
     kConversation},
    {"\x1b"
     "3",
     kConversation},
    {"\x1b"
     "4",
     kConversation},
    {"\x1b"
     "5",
     kConversation},
    {"\x1b"
     "6",
     kConversation},
    {"\x1b"
     "7",
     kConversation},
    {"\x1b"
     "8",
     kConversation},
    {"\x1b"
     "9",
     kConversation},
    {"\x0c", kRedraw},
    {"\x1a", kSuspend},
    {"\x03", kInterrupt},
}};

}  // namespace

KeyAction action_of(std::string_view key) {
  if (key == "\x1b") return kEscape;  // alone; all longer ones with it are sequences
  const auto* const found = std::find_if(kBindings.begin(), kBindings.end(),
                                         [&](const auto& one) { return one.first == key; });
  if (found != kBindings.end()) return found->second;
  // All that is left and no control character is text. Unknown sequences do nothing: inserted, they
  // would look like noise.
  std::string_view rest = key;
  const char32_t c = take_code_point(rest);
  const bool is_text = rest.empty() && c >= 0x20 && c != 0x7F && c != kReplacement;
  return is_text && !(c > 0x7F && c < 0xA0) ? kInsert : kNone;
}

}  // namespace chirm::terminal
