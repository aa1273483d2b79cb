// SPDX-License-Identifier: MIT
#pragma once
// What keys do. Pure. Private to client/terminal/.

#include <cstdint>
#include <string_view>

namespace chirm::terminal {

enum class KeyAction : std::uint8_t {
  kNone,  // a key without a meaning
  kInsert,
  kSend,
  kNewLine,
  kLeft,
  kRight,
  kWordLeft,
  kWordRight,
  kStart,
  kEnd,
  kEraseBefore,
  kEraseAt,
  kEndOfInput,  // on an empty line: quit; else as kEraseAt
  kEraseWordBefore,
  kEraseWordAt,
  kEraseToStart,
  kEraseToEnd,
  kYank,
  kOlderLine,
  kNewerLine,
  kComplete,
  kCompleteBack,
  kPageUp,
  kPageDown,
  kChooseUp,
  kChooseDown,
  kPreviousConversation,
  kNextConversation,
  kUnreadConversation,
  kConversation,  // by its digit
  kEscape,
  kRedraw,
  kSuspend,
  kInterrupt,
};

KeyAction action_of(std::string_view key);

}  // namespace chirm::terminal
