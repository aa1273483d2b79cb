// SPDX-License-Identifier: MIT
#pragma once
// What this node still has to tell the others about sets, and when it leaves. It is collected for a
// period, so that what the bus carries grows with nodes and changes, not with connections. Private
// to core/chat.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "core/loop/loop.h"
#include "core/loop/timer.h"

namespace chirm {

class PresenceMail {
 public:
  // For one node.
  struct Post {
    bool has_hello = false;
    bool wants_answer = false;         // to the hello
    std::set<std::string> asked = {};  // sets whose parts the node asked for
    std::set<std::string> repeated =
        {};  // sets whose parts the node was asked for and did not send
  };

  // `on_due` is called from the loop when the mail is to be taken and sent. The loop must outlive
  // it.
  PresenceMail(Loop& loop, std::uint64_t period_ms, std::function<void()> on_due);

  // All nodes are to know whether the set is watched here: it was not before, or is not any more.
  void tell_watch(std::string_view set);
  // The node is to know all that is watched here, and is to say the same.
  void greet(std::string_view node);
  // The node has greeted, and is to know all that is watched here.
  void answer_hello(std::string_view node);
  // Leaves at the end of this turn: who comes after that is news to the node.
  void send_part(std::string_view node, std::string_view set);
  void ask_again(std::string_view node, std::string_view set);
  void forget(std::string_view node);
  // Something else is to be sent, a period after the last mail.
  void schedule();

  // The mail leaves now; these are emptied.
  void begin();
  std::set<std::string> take_watches();
  std::map<std::string, Post> take_posts();

  bool is_scheduled() const { return timer_.is_running(); }
  void check() const;

 private:
  Loop& loop_;
  const std::uint64_t period_ms_;
  std::set<std::string> watches_;
  std::map<std::string, Post> posts_;  // by node
  std::uint64_t sent_ms_ = 0;          // 0: nothing was sent yet
  Timer timer_;
};

}  // namespace chirm
