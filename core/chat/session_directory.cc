// SPDX-License-Identifier: MIT
#include "core/chat/session_directory.h"

#include "core/base/check.h"

namespace chirm {

std::span<Session* const> SessionDirectory::of_user(std::string_view user) const {
  const auto found = users_.find(user);
  if (found == users_.end()) return {};
  return found->second;
}

void SessionDirectory::add(Session& session) {
  std::vector<Session*>& sessions = users_[session.user()];
  session.directory_index_ = static_cast<std::uint32_t>(sessions.size());
  sessions.push_back(&session);
}

void SessionDirectory::remove(Session& session) {
  const auto found = users_.find(session.user());
  CHIRM_CHECK(found != users_.end(), session.user(), session.client_id());
  std::vector<Session*>& sessions = found->second;
  CHIRM_CHECK(sessions[session.directory_index_] == &session, session.client_id());
  // The last one takes its place: a user such as that of a monitoring system may have thousands.
  sessions[session.directory_index_] = sessions.back();
  sessions[session.directory_index_]->directory_index_ = session.directory_index_;
  sessions.pop_back();
  if (sessions.empty()) users_.erase(found);
}

}  // namespace chirm
