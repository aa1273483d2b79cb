// SPDX-License-Identifier: MIT
#pragma once

#include "core/accounts/user_role.h"
