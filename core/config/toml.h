// SPDX-License-Identifier: MIT
// The parser of what people write, included from here alone: its functions are inline, so if two
// sources saw different asserts, the linker would choose for both.
#pragma once

// Its parser tells of the faults that its asserts would end the program for.
#define TOML_ASSERT(expr) static_assert(true)
#include <toml++/toml.h>
