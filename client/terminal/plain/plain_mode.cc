// SPDX-License-Identifier: MIT
#include "client/terminal/plain/plain_mode.h"

#include <signal.h>

#include "client/terminal/plain/chat_line.h"
#include "core/loop/signal_watcher.h"

namespace chirm::terminal {

PlainMode::PlainMode(Loop& loop, SignInOptions sign_in, ChatOptions options, bool stays,
                     Streams streams)
    : loop_(loop),
      streams_(streams),
      stays_(stays),
      context_(loop),
      options_(std::move(options)),
      sign_in_(loop, std::move(sign_in), [this](std::string_view text) { show_status(text); }),
      reader_(
          loop, streams.input,
          [this](std::string_view line, bool is_complete) { on_line(line, is_complete); },
          [this] { on_input_end(); }) {}

int PlainMode::run() {
  SignalWatcher on_interrupt(loop_, SIGINT, [this] { loop_.stop(); });
  SignalWatcher on_term(loop_, SIGTERM, [this] { loop_.stop(); });
  sign_in_.start([this](Expected<Identity, std::string> who) {
    if (!who) return on_end(1, who.error());
    on_signed_in(*who);
  });
  loop_.run();
  // leave() may call back at once, when there is nothing to give back.
  bool is_over = false;
  sign_in_.leave([&] {
    is_over = true;
    loop_.stop();
  });
  if (!is_over) loop_.run();
  return exit_code_;
}

void PlainMode::on_signed_in(const Identity& who) {
  options_.name = who.name;
  sign_in_.apply_to(options_.client);
  chat_.emplace(context_, options_, static_cast<ChatDisplay&>(*this));
  chat_->start();
  reader_.resume();
}

void PlainMode::on_line(std::string_view line, bool is_complete) {
  if (line.ends_with('\r')) line.remove_suffix(1);  // of a file from another system
  if (!is_complete) {
    chat_->fail("a line longer than " + std::to_string(LineReader::kLineBytesMax) + " bytes");
  } else if (!line.empty()) {
    chat_->say(line);
  }
  // The writer of a pipe is held up then, instead of a queue growing here.
  if (chat_->unsettled() >= kUnsettledMax) reader_.pause();
}

void PlainMode::on_settled() {
  if (is_reading_ && chat_->unsettled() < kUnsettledMax) reader_.resume();
}

void PlainMode::on_input_end() {
  is_reading_ = false;
  if (!stays_) chat_->quit();
}

void PlainMode::show_message(const ChatLine& line) {
  const std::string text = format_for_scripts(line);
  // Flushed line by line: what reads it may be waiting for this one.
  std::fwrite(text.data(), 1, text.size(), streams_.output);
  std::fflush(streams_.output);
}

void PlainMode::show_status(std::string_view text) {
  std::fprintf(streams_.status, "chirm: %.*s\n", static_cast<int>(text.size()), text.data());
}

void PlainMode::on_end(int exit_code, std::string_view problem) {
  if (!problem.empty()) show_status(problem);
  exit_code_ = exit_code;
  loop_.stop();
}

}  // namespace chirm::terminal
