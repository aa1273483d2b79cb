// SPDX-License-Identifier: MIT
#include "client/terminal/interactive_mode.h"

#include <signal.h>

#include <cstdio>

#include "client/terminal/chat_command.h"
#include "client/terminal/safe_text.h"
#include "core/loop/signal_watcher.h"

namespace chirm::terminal {

InteractiveMode::InteractiveMode(Loop& loop, ChatOptions options)
    : loop_(loop), context_(loop), session_(context_, std::move(options), *this) {}

int InteractiveMode::run() {
  auto editor = LineEditor::create(
      loop_, {.on_line = [this](auto line) { on_line(line); }, .on_end = [this] { quit(); }});
  if (!editor) {
    std::fprintf(stderr, "chirm: %s\n", editor.error().message.c_str());
    return 1;
  }
  editor_ = std::move(*editor);
  const auto stop = [this] { loop_.stop(); };
  SignalWatcher on_interrupt(loop_, SIGINT, stop);
  SignalWatcher on_term(loop_, SIGTERM, stop);
  SignalWatcher on_hangup(loop_, SIGHUP, stop);
  session_.start();
  loop_.run();
  editor_.reset();
  if (!problem_.empty()) std::fprintf(stderr, "chirm: %s\n", problem_.c_str());
  return exit_code_;
}

void InteractiveMode::on_line(std::string_view line) {
  const ChatCommand command = parse_chat_command(line);
  switch (command.kind) {
    case ChatCommand::Kind::kNothing:
      break;
    case ChatCommand::Kind::kSay:
      session_.say(command.argument);
      break;
    case ChatCommand::Kind::kJoin:
      session_.join(command.argument);
      break;
    case ChatCommand::Kind::kLeave:
      session_.leave(command.argument);
      break;
    case ChatCommand::Kind::kWho:
      session_.show_members(command.argument);
      break;
    case ChatCommand::Kind::kRooms:
      session_.show_rooms();
      break;
    case ChatCommand::Kind::kHelp:
      editor_->print(kChatHelp);
      break;
    case ChatCommand::Kind::kQuit:
      quit();
      break;
    case ChatCommand::Kind::kUnknown:
      show_status("no such command: " + safe_line(command.argument) + " (/help lists them)");
      break;
  }
}

void InteractiveMode::quit() {
  if (session_.unsettled() > 0) {
    show_status("waiting for " + count_of(session_.unsettled(), "message") + " to be acknowledged");
  }
  session_.quit();
}

void InteractiveMode::show_message(const ChatLine& line) {
  editor_->print(format_for_people(line, session_.rooms() > 1, Loop::unix_ms()));
}

void InteractiveMode::show_status(std::string_view text) {
  editor_->print("-- " + std::string(text));
}

void InteractiveMode::on_queued(std::string_view text) {
  show_status("will be sent when connected: " + safe_line(text));
}

void InteractiveMode::on_rooms_changed() {
  const std::string_view room = session_.current_room();
  editor_->set_prompt(room.empty() ? "> " : "#" + safe_line(room) + "> ");
}

void InteractiveMode::on_end(int exit_code, std::string_view problem) {
  exit_code_ = exit_code;
  problem_ = problem;
  loop_.stop();
}

}  // namespace chirm::terminal
