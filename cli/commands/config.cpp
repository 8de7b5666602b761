// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/commands/setting.h"
#include "cli/config_file.h"

#include <algorithm>

namespace envmesh::cli {
namespace {

FieldValue field(const config::Value& value) {
    return std::visit([](const auto& one) -> FieldValue { return one; }, value);
}

Object object_of(const config::Setting& one) {
    return {{"key", config::full_name(one.key)},
            {"value", field(one.value)},
            {"default", field(one.fallback)},
            {"is_default", !one.is_set},
            {"meaning", one.key.meaning},
            {"type", std::string(config::type_name(one.value))},
            {"allowed", one.key.type}};
}

std::string in_table(const config::Value& value) {
    const std::string text = config::typed(value);
    return text.empty() ? "\"\"" : text;
}

// Cut between words, so that no line is longer than that, unless a word is.
std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
    std::vector<std::string> lines;
    while (text.size() > width) {
        auto space = text.rfind(' ', width);
        if (space == std::string_view::npos) space = text.find(' ');
        if (space == std::string_view::npos) break;
        lines.emplace_back(text.substr(0, space));
        text.remove_prefix(space + 1);
    }
    lines.emplace_back(text);
    return lines;
}

void show_all(Output& out, const std::vector<config::Setting>& all) {
    constexpr std::size_t screen = 80, least = 30;
    std::size_t key = 3, value = 5;
    for (const auto& one : all) {
        key = std::max(key, config::full_name(one.key).size());
        value = std::max(value, in_table(one.value).size());
    }
    const std::size_t taken = key + 2 + value + 2 + 7 + 2;
    const std::size_t width = taken + least > screen ? least : screen - taken;
    std::vector<std::vector<std::string>> rows{{"SETTING", "VALUE", "FROM", "MEANING"}};
    for (const auto& one : all) {
        const auto lines = wrapped(one.key.meaning, width);
        rows.push_back({config::full_name(one.key), in_table(one.value),
                        one.is_set ? "file" : "default", lines.front()});
        for (std::size_t i = 1; i < lines.size(); ++i)
            rows.push_back({"", "", "", lines[i]});
    }
    out.table(rows);
}

Exit show_one(Output& out, const std::vector<config::Setting>& all, const std::string& name) {
    const auto is_meant = [&](const auto& one) { return config::full_name(one.key) == name; };
    const auto one = std::ranges::find_if(all, is_meant);
    if (one == all.end()) return std::unexpected(no_such_setting(name));
    if (out.is_json())
        out.object(object_of(*one));
    else
        out.raw(view(config::typed(one->value) + '\n'));
    return 0;
}

} // namespace

Error no_such_setting(const std::string& name) {
    const std::string nearest = config::nearest_name(name);
    const std::string list = "List all of them: envmesh-cli config get";
    return {Code::not_found, "There is no setting \"" + name + "\".",
            nearest.empty() ? list : "Did you mean " + nearest + "? " + list};
}

Exit reload(Context& context, const NoOptions&) {
    const auto reply = context.ask(api::Reload());
    if (!reply) return std::unexpected(reply.error());
    if (context.out.is_json()) context.out.object({{"ok", true}});
    return 0;
}

Exit config_path(Context& context, const NoOptions&) {
    const auto config = find_config();
    if (!config) return std::unexpected(config.error());
    if (context.out.is_json())
        context.out.object({{"file", config->file.string()}, {"exists", config->exists}});
    else
        context.out.raw(view(config->file.string() + '\n'));
    return 0;
}

Exit get_setting(Context& context, const ConfigOptions& options) {
    if (!options.key.empty() && !config::find_key(options.key))
        return std::unexpected(no_such_setting(options.key));
    const auto config = find_config();
    if (!config) return std::unexpected(config.error());
    const auto text = read_config(*config);
    if (!text) return std::unexpected(text.error());
    const auto all = config::settings(*text, config->file.string());
    if (!all) return std::unexpected(all.error());
    if (!options.key.empty()) return show_one(context.out, *all, options.key);
    if (!context.out.is_json()) {
        show_all(context.out, *all);
        return 0;
    }
    std::vector<Object> objects;
    std::ranges::transform(*all, std::back_inserter(objects), object_of);
    context.out.array(objects);
    return 0;
}

Exit check_config(Context& context, const ConfigOptions& options) {
    ConfigFile config{options.file, true};
    if (options.file.empty()) {
        auto found = find_config();
        if (!found) return std::unexpected(found.error());
        config = std::move(*found);
    }
    if (config.exists)
        if (auto read = config::load(config.file); !read) return std::unexpected(read.error());
    const std::string name = config.file.string();
    if (context.out.is_json())
        context.out.object({{"ok", true}, {"file", name}, {"exists", config.exists}});
    else
        context.out.line(printable(name) +
                         (config.exists ? " is fine." : " does not exist; the defaults count."));
    return 0;
}

} // namespace envmesh::cli
