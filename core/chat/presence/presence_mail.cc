// SPDX-License-Identifier: MIT
#include "core/chat/presence/presence_mail.h"

#include <utility>

#include "core/base/check.h"

namespace chirm {

PresenceMail::PresenceMail(Loop& loop, std::uint64_t period_ms, std::function<void()> on_due)
    : loop_(loop), period_ms_(period_ms), timer_(loop, std::move(on_due)) {}

void PresenceMail::schedule() {
  if (timer_.is_running()) return;
  const std::uint64_t due = sent_ms_ + period_ms_;
  const std::uint64_t now = loop_.now_ms();
  timer_.start(sent_ms_ == 0 || due <= now ? 0 : due - now);
}

void PresenceMail::tell_watch(std::string_view set) {
  watches_.emplace(set);
  schedule();
}

void PresenceMail::greet(std::string_view node) {
  Post& post = posts_[std::string(node)];
  post.has_hello = true;
  post.wants_answer = true;
  schedule();
}

// A hello that is already waiting to ask for an answer keeps asking: the node's own hello may have
// crossed what was lost.
void PresenceMail::answer_hello(std::string_view node) {
  posts_[std::string(node)].has_hello = true;
  schedule();
}

void PresenceMail::send_part(std::string_view node, std::string_view set) {
  posts_[std::string(node)].asked.emplace(set);
  timer_.start(0);  // also when it runs already: it may be set for the end of the period
}

void PresenceMail::ask_again(std::string_view node, std::string_view set) {
  posts_[std::string(node)].repeated.emplace(set);
  schedule();
}

void PresenceMail::forget(std::string_view node) { posts_.erase(std::string(node)); }

void PresenceMail::begin() { sent_ms_ = loop_.now_ms(); }

std::set<std::string> PresenceMail::take_watches() { return std::exchange(watches_, {}); }

std::map<std::string, PresenceMail::Post> PresenceMail::take_posts() {
  return std::exchange(posts_, {});
}

void PresenceMail::check() const {
  // Otherwise it would wait until something else is to be said, which may be never.
  if (!watches_.empty() || !posts_.empty()) CHIRM_CHECK(timer_.is_running());
}

}  // namespace chirm
