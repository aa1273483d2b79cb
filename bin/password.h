// SPDX-License-Identifier: MIT
#pragma once
// chirmd --set-password: an account's password from the operator's hand.

#include <string>

#include "core/base/error.h"
#include "protocol/expected.h"

namespace chirm {

class Broker;
class Loop;

// A line from stdin. On a terminal it asks, and does not echo. The error says what was expected.
[[nodiscard]] Expected<std::string, Error> read_password(const std::string& name);

// Runs the loop until the store has it, or for 15 s.
[[nodiscard]] Expected<void, Error> store_password(Loop& loop, Broker& broker,
                                                   const std::string& name,
                                                   const std::string& password);

}  // namespace chirm
