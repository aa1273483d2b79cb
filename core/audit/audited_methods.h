// SPDX-License-Identifier: MIT
#pragma once
// Which methods of clients are told in the audit log, whatever came of them: those that change what
// others may do or see, or what somebody's account is. Pure.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chirm {

bool is_audited(std::string_view method);

// What a call is about, of its parameters (a JSON object): the room, whom it is done to, and the
// like; never a text. Their names are those of the audit log.
std::vector<std::pair<std::string, std::string>> audited_parameters(std::string_view data);

}  // namespace chirm
