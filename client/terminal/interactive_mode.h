// SPDX-License-Identifier: MIT
#pragma once
// chirm for people: a prompt at the bottom, what is said above it, commands with a slash.

#include <memory>
#include <string>

#include "client/context.h"
#include "client/terminal/chat_session.h"
#include "client/terminal/line_editor.h"
#include "core/loop/loop.h"

namespace chirm::terminal {

class InteractiveMode final : private ChatDisplay {
 public:
  InteractiveMode(Loop& loop, ChatOptions options);

  // Runs the loop until the person quits; returns the exit code.
  int run();

 private:
  // ChatDisplay
  void show_message(const ChatLine& line) override;
  void show_status(std::string_view text) override;
  void on_queued(std::string_view text) override;
  void on_rooms_changed() override;
  void on_end(int exit_code, std::string_view problem) override;

  void on_line(std::string_view line);
  void quit();

  Loop& loop_;
  int exit_code_ = 0;
  std::string problem_;
  client::Context context_;
  std::unique_ptr<LineEditor> editor_;  // exists while the loop runs
  ChatSession session_;
};

}  // namespace chirm::terminal
