// SPDX-License-Identifier: MIT
#pragma once
// The addresses that a host of a URL stands for, as far as that is known without asking a resolver.
// Pure. Private to client/.

#include <string>
#include <vector>

namespace chirm::client {

// Of a numeric address that address, of localhost both of its addresses in the order in which they
// are to be tried; empty for any other name, for which a resolver must be asked.
std::vector<std::string> known_addresses(const std::string& host);

}  // namespace chirm::client
