// SPDX-License-Identifier: MIT
// A question that the Secret Service puts to the person, and its end, whether or not it answers.
#pragma once

#include "platform/linux/bus.h"

#include <functional>
#include <string>

namespace envmesh::platform {

/// Whether the answer is still waited for; looked at four times a second.
using IsWanted = std::function<bool()>;

/// Until the person has answered, the deadline, or nobody wants it; `locked` when the person
/// refused, or it was taken back. `service` is the unique name of who asks. What the answer has
/// opened must be looked at: anybody on the bus could say that it is done.
Result<> answer_prompt(const Bus& bus, const std::string& service, const std::string& path,
                       Moment deadline, const IsWanted& is_wanted);
/// Takes the question back. Nothing more can be done when that fails.
void dismiss_prompt(const Bus& bus, const std::string& service, const std::string& path,
                    Moment deadline);

} // namespace envmesh::platform
