// SPDX-License-Identifier: MIT
#pragma once
// The result of a call that can fail: a value or an error. Debian's tl::expected under the names
// that std::expected will have (C++23), so that the move is one line.

#include <tl/expected.hpp>

namespace chirm {

template <class T, class E>
using Expected = tl::expected<T, E>;

template <class E>
using Unexpected = tl::unexpected<E>;

}  // namespace chirm
