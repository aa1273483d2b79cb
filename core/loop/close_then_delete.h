// SPDX-License-Identifier: MIT
#pragma once
// Lifetime of a libuv handle: it lives in a heap box, and only libuv's close callback frees it.
// Private to core/loop.

#include <uv.h>

#include <memory>

namespace chirm {

template <class Handle>
struct CloseThenDelete {
  void operator()(Handle* handle) const {
    uv_close(reinterpret_cast<uv_handle_t*>(handle),
             [](uv_handle_t* closed) { delete reinterpret_cast<Handle*>(closed); });
  }
};

template <class Handle>
using UvBox = std::unique_ptr<Handle, CloseThenDelete<Handle>>;

}  // namespace chirm
