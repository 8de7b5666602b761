// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/commands/setting.h"
#include "cli/config_file.h"
#include "core/config/edit.h"

namespace envmesh::cli {
namespace {

// When the daemon uses what was written.
struct Applied {
    std::string when = "now"; // now, restart, start
    std::string sentence = "the daemon uses it";
    std::string reason;
};

// The file stays as it was written, whatever the daemon says: it is what counts at the next start,
// and there is no other way to set what only a restart can change.
Result<Applied> apply(Context& context) {
    const auto reply = context.ask(api::Reload());
    if (reply) return Applied();
    const Error& error = reply.error();
    if (error.code == Code::unreachable)
        return Applied{"start", "the daemon does not run, and uses it from its next start", ""};
    if (error.code == Code::conflict)
        return Applied{"restart", "the daemon uses it after a restart", error.message};
    return std::unexpected(error);
}

void tell(Output& out, const std::string& now, const std::string& file, bool differs,
          const Applied& applied) {
    std::string line = printable(file) + (differs ? " now says: " : " said already: ") + now;
    line += "; " + applied.sentence;
    if (!applied.reason.empty()) line += ", because " + applied.reason;
    out.line(line + ".");
}

Exit change(Context& context, const std::string& name, const std::string* value) {
    const auto key = config::find_key(name);
    if (!key) return std::unexpected(no_such_setting(name));
    const auto config = find_config();
    if (!config) return std::unexpected(config.error());
    const auto before = read_config(*config);
    if (!before) return std::unexpected(before.error());
    const std::string file = config->file.string();
    const auto after = value != nullptr ? config::with_value(*before, file, *key, *value)
                                        : config::without_value(*before, file, *key);
    if (!after) return std::unexpected(after.error());
    const bool differs = *after != *before;
    if (differs)
        if (auto written = write_config(*config, *after); !written)
            return std::unexpected(written.error());
    auto applied = apply(context);
    if (!applied) {
        Error error = std::move(applied.error());
        error.message = name + " stands in " + file +
                        ", but the daemon goes on with what it had: " + error.message;
        return std::unexpected(std::move(error));
    }
    if (context.out.is_json())
        context.out.object({{"ok", true},
                            {"key", name},
                            {"file", file},
                            {"changed", differs},
                            {"applied", applied->when},
                            {"reason", applied->reason}});
    else
        tell(context.out,
             name + (value != nullptr ? " = " + printable(*value) : " has its default"), file,
             differs, *applied);
    return 0;
}

} // namespace

Exit set_setting(Context& context, const ConfigOptions& options) {
    return change(context, options.key, &options.value);
}

Exit unset_setting(Context& context, const ConfigOptions& options) {
    return change(context, options.key, nullptr);
}

} // namespace envmesh::cli
