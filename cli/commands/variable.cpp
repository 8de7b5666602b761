// SPDX-License-Identifier: MIT
#include "cli/commands/variable.h"

#include "core/base/clock.h"

namespace envmesh::cli {

Object describe(const api::Variable& variable) {
    Object out{{"key", variable.key},
               {"scope", variable.scope},
               {"profile", variable.profile},
               {"visibility", variable.visibility},
               {"inject", variable.inject},
               {"type", variable.type},
               {"version", variable.version},
               {"updated_at", rfc3339(variable.updated_at_ms)},
               {"updated_by", variable.updated_by},
               {"expires_at", time_or_null(variable.expires_at_ms)},
               {"conflict", variable.conflict}};
    if (variable.value) out.push_back(value_field(*variable.value));
    return out;
}

void show_written(Output& out, const Written& written) {
    if (!out.is_json()) {
        if (written.pending_sync > written.keys.size()) // more than what is just being sent
            out.note("stored here; " + std::to_string(written.pending_sync) +
                     " changes wait to be sent.");
        return;
    }
    for (std::size_t i = 0; i < written.keys.size(); ++i)
        out.object({{"ok", true},
                    {"key", written.keys[i]},
                    {"version", i < written.versions.size() ? written.versions[i] : ""},
                    {"pending_sync", written.pending_sync}});
}

} // namespace envmesh::cli
