// SPDX-License-Identifier: MIT
#pragma once
// chirm for people at a terminal: signs in, takes the whole screen, gives it back at the end.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client/context.h"
#include "client/terminal/chat/chat_controller.h"
#include "client/terminal/chat/completion.h"
#include "client/terminal/screen/input_line.h"
#include "client/terminal/screen/key_bindings.h"
#include "client/terminal/screen/keyboard.h"
#include "client/terminal/screen/screen.h"
#include "client/terminal/sign_in/sign_in.h"
#include "client/terminal/view/chat_view.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"

namespace chirm::terminal {

class FullScreenMode final : private ControllerEvents, private client::Flushable {
 public:
  // Of `options`, who one is and how to connect comes from signing in.
  FullScreenMode(Loop& loop, SignInOptions sign_in, ControllerOptions options);

  // Runs the loop until the person quits; returns the exit code.
  int run();

 private:
  // ControllerEvents
  void on_changed() override { context_.flush_at_turn_end(*this); }
  void show_page(Page page) override;
  void suggest(std::string_view line) override;
  void on_token_wanted() override { sign_in_.renew(controller_->client()); }
  void on_end(int exit_code, std::string_view problem) override;
  // Flushable: draws
  void flush() override;

  bool sign_in();
  void chat();
  std::optional<std::string> take_terminal();
  void sign_out();

  void on_key(std::string_view key);
  void on_paste(std::string_view text);
  bool edit(KeyAction action);
  bool navigate(KeyAction action, std::string_view key);
  void control(KeyAction action);
  void send();
  void complete(int direction);
  void turn_page(int direction);
  void choose(int direction);
  void go(const std::function<void(ChatModel&)>& select);
  void escape();
  void on_tick();
  ViewLayout layout() const;

  Loop& loop_;
  client::Context context_;
  ControllerOptions options_;
  SignIn sign_in_;
  int exit_code_ = 0;
  std::string problem_;
  // These exist while the chat runs.
  std::unique_ptr<Screen> screen_;
  std::unique_ptr<Keyboard> keyboard_;
  std::optional<ChatController> controller_;
  InputLine input_;
  Completer completer_;
  std::string completions_;
  std::optional<Page> page_;
  std::string drawn_connection_;
  Timer tick_;
};

}  // namespace chirm::terminal
