// SPDX-License-Identifier: MIT
#include "core/audit/audited_methods.h"

#include <algorithm>
#include <array>

#include "protocol/json_fields.h"

namespace chirm {

namespace {

constexpr std::array kMethods = {
    "chat.create", "chat.delete", "chat.archive", "chat.set",         "chat.role",
    "chat.kick",   "chat.ban",    "chat.unban",   "chat.mute",        "chat.unmute",
    "admin.ban",   "admin.unban", "admin.notice", "admin.disconnect", "account.end_session",
};

struct Parameter {
  const char* name;
  const char* told_as;
};
constexpr std::array kParameters = {
    Parameter{"room", "room"},
    Parameter{"channel", "channel"},
    Parameter{"user", "whom"},
    Parameter{"role", "role"},
    Parameter{"session", "session"},
    Parameter{"client", "client"},
    Parameter{"visibility", "visibility"},
};
constexpr std::size_t kTextBytes = 512;

}  // namespace

bool is_audited(std::string_view method) {
  return std::ranges::find(kMethods, method) != kMethods.end();
}

std::vector<std::pair<std::string, std::string>> audited_parameters(std::string_view data) {
  std::vector<std::pair<std::string, std::string>> about;
  JsonFields fields(data);
  for (const Parameter& parameter : kParameters) {
    std::string value = fields.text_or(parameter.name, {1, kTextBytes}, "");
    if (!value.empty()) about.emplace_back(parameter.told_as, std::move(value));
  }
  return about;
}

}  // namespace chirm
