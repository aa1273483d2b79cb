// SPDX-License-Identifier: MIT
#pragma once
// Pages of a full screen: what a server's lists look like. Pure, but for the time zone. Private to
// client/terminal/.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client/terminal/model/chat_answers.h"
#include "client/terminal/view/view_state.h"

namespace chirm::terminal {

Page text_page(std::string_view title, const std::vector<std::string>& lines);
// Of lists, `is_more`: the server has more of it than this.
Page rooms_page(const std::vector<RoomEntry>& rooms, bool is_more);
Page people_page(std::string_view where, const std::vector<Person>& people, std::uint64_t count);
Page members_page(std::string_view where, const std::vector<Member>& members, bool is_more);
Page search_page(std::string_view where, std::string_view query,
                 const std::vector<SearchResult>& results, bool is_more);
Page sessions_page(const std::vector<OwnSession>& sign_ins);
// "bob (Bob), last seen 2026-11-22 14:05"
std::string describe_user(const UserAnswer& user);

}  // namespace chirm::terminal
