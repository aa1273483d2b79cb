// SPDX-License-Identifier: MIT
#pragma once
// People at terminals (tmux) with chirm, and what is on their screens. Those of a test that failed
// are printed. Waiting for a screen ends as soon as the program or tmux has ended.

#include <gmock/gmock.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "protocol/jwt.h"
#include "tests/e2e/cluster_test.h"
#include "tests/support/temp_directory.h"
#include "tests/support/tmux.h"

namespace chirm::testing {

class FullScreen : public ClusterTest {
 protected:
  ~FullScreen() override {
    if (!HasFailure()) return;
    for (const std::string& name : names_) {
      std::printf("--- screen of %s\n%s", name.c_str(), tmux_.screen(name).c_str());
    }
  }
  static std::string command(const std::string& name, const client::Url& url,
                             const std::string& more = "") {
    return CHIRM_BIN_DIR "/chirm --url " + url.text() + " --name " + name + " " + more;
  }
  // Starts chirm, and a shell that says how it ended.
  void chat(const std::string& name, const client::Url& url, const std::string& more = "",
            Tmux::Size size = {}) {
    names_.push_back(name);
    tmux_.open(name, command(name, url, more) + "; echo ended with $?; cat", size);
    ASSERT_TRUE(sees(name, " connected "));
  }
  // Starts a command in a shell for people; returns its process.
  pid_t start_in_shell(const std::string& name, const std::string& command) {
    names_.push_back(name);
    tmux_.open(name, "PS1='shell> ' bash --norc --noprofile -i", {});
    EXPECT_TRUE(sees(name, "shell>"));
    const std::string file = directory_.path() + "/pid-" + name;
    say(name, "(echo $BASHPID > " + file + "; exec " + command + ")");
    pid_t pid = 0;
    EXPECT_TRUE(shows(name, "that it has started", [&](const std::string&) {
      return static_cast<bool>(std::ifstream(file) >> pid);
    }));
    return pid;
  }
  pid_t chat_in_shell(const std::string& name) {
    const pid_t pid = start_in_shell(name, command(name, cluster_->url()));
    EXPECT_TRUE(sees(name, " connected "));
    return pid;
  }
  void say(const std::string& name, const std::string& line) {
    tmux_.type(name, line);
    tmux_.press(name, {"Enter"});
  }
  // Each text is waited for, also one that chirm writes at the same time as another: tmux may show
  // a screen that is half drawn. What must never be there can be looked for at once. Nothing is
  // waited for once the test has failed for good.
  bool sees(const std::string& name, const std::string& text) {
    return !HasFatalFailure() && tmux_.run_until_shows(loop_, name, text);
  }
  bool sees_once(const std::string& name, const std::string& text) {
    return sees_times(name, text, 1);
  }
  bool sees_twice(const std::string& name, const std::string& text) {
    return sees_times(name, text, 2);
  }
  bool sees_times(const std::string& name, const std::string& text, std::size_t times) {
    return shows(name, "\"" + text + "\" times " + std::to_string(times),
                 [&](const std::string& screen) { return count(screen, text) == times; });
  }
  bool misses(const std::string& name, const std::string& text) {
    return !HasFatalFailure() && tmux_.run_until_hides(loop_, name, text);
  }
  // Presses the key again and again.
  bool finds(const std::string& name, const std::string& key, const std::string& text) {
    return shows(name, "\"" + text + "\" after " + key, [&](const std::string& screen) {
      if (screen.find(text) != std::string::npos) return true;
      tmux_.press(name, {key});
      return false;
    });
  }
  bool shows(const std::string& name, const std::string& what, const Tmux::IsShown& is_shown) {
    return !HasFatalFailure() && tmux_.run_until(loop_, name, what, is_shown);
  }
  static std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) {
      ++found;
    }
    return found;
  }

  Tmux tmux_;
  TempDirectory directory_;
  std::vector<std::string> names_;
};

// On servers with accounts.
class FullScreenAccounts : public FullScreen {
 protected:
  void start_cluster(std::size_t nodes) {
    start({.nodes = nodes, .is_single = nodes == 1, .chirmd_arguments = {}});
  }
  // Of a system that the server trusts.
  static constexpr const char* kSecret = "a secret of this test";
  static std::string token(const std::string& user) {
    return sign_token_hs256(R"({"sub":")" + user + R"(","exp":4000000000})", kSecret);
  }
  std::string password_file(const std::string& password) {
    const std::string path = directory_.path() + "/password" + std::to_string(++passwords_);
    std::ofstream(path) << password << "\n";
    return path;
  }
  // Registers and comes in.
  void enter(const std::string& name, const client::Url& url, const std::string& more = "") {
    chat(name, url,
         "--register --password-file " + password_file("a long secret, not told") + " " + more);
  }

  int passwords_ = 0;
};

}  // namespace chirm::testing
