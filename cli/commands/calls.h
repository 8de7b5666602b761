// SPDX-License-Identifier: MIT
// Questions whose answer, or whose content, is more than one frame holds.
#pragma once

#include "cli/changes.h"
#include "cli/commands.h"
#include "cli/shell.h"

namespace envmesh::cli {

/// Every page.
Result<std::vector<api::Variable>> list_all(Context& context, api::List call);
Result<api::Export::Reply> export_all(Result<ipc::Client> client, api::Export call,
                                      ipc::Deadline deadline);
/// What a person should know that is not there.
void note_left_out(Context& context, const api::Export::Reply& all);
/// What this shell can carry, pointing into `all`; the rest is named among what was skipped.
std::vector<Wanted> wanted_of(api::Export::Reply& all, Dialect dialect);
/// All of the items in parts, in their order, showing progress; an error says how many were set
/// before it.
Result<api::Set::Reply> set_all(Context& context, api::Set call);

} // namespace envmesh::cli
