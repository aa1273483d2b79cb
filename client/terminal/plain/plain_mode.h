// SPDX-License-Identifier: MIT
#pragma once
// chirm for scripts: each line of the input is a message to the first room, each message received
// is a line of the output (format_for_scripts), and what happens is told on stderr.

#include <cstdio>
#include <optional>
#include <string>

#include "client/context.h"
#include "client/terminal/plain/line_reader.h"
#include "client/terminal/plain/plain_chat.h"
#include "client/terminal/sign_in/sign_in.h"
#include "core/loop/loop.h"

namespace chirm::terminal {

class PlainMode final : private ChatDisplay {
 public:
  struct Streams {
    int input;
    std::FILE* output;
    std::FILE* status;
  };

  // With `stays`, the end of the input does not end it. Of `options`, how to connect comes from
  // signing in.
  PlainMode(Loop& loop, SignInOptions sign_in, ChatOptions options, bool stays, Streams streams);

  // Runs the loop until all is done; returns the exit code.
  int run();

 private:
  // Messages that wait for their acknowledgement before no more input is read.
  static constexpr std::size_t kUnsettledMax = 256;

  // ChatDisplay
  void show_message(const ChatLine& line) override;
  void show_status(std::string_view text) override;
  void on_settled() override;
  void on_token_wanted() override { sign_in_.renew(chat_->client()); }
  void on_end(int exit_code, std::string_view problem) override;

  void on_signed_in(const Identity& who);
  void on_line(std::string_view line, bool is_complete);
  void on_input_end();

  Loop& loop_;
  Streams streams_;
  bool stays_;
  bool is_reading_ = true;  // the input has not ended
  int exit_code_ = 0;
  client::Context context_;
  ChatOptions options_;
  SignIn sign_in_;
  std::optional<PlainChat> chat_;  // from signing in on
  LineReader reader_;
};

}  // namespace chirm::terminal
