// SPDX-License-Identifier: MIT
#pragma once
// What web/ is built into: the chat page and the operator's page. Empty when built with
// CHIRM_WEB=OFF. The definition is generated (web/embed.js).

#include <span>

#include "core/server/http/static_files.h"

namespace chirm {

std::span<const StaticFile> web_files();

}  // namespace chirm
