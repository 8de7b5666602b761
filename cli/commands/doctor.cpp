// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/doctor/bundle.h"
#include "cli/doctor/checks.h"
#include "cli/doctor/trial.h"

#include <algorithm>
#include <array>

namespace envmesh::cli {
namespace {

using diagnosis::Facts;
using diagnosis::Finding;
using diagnosis::Findings;
using diagnosis::State;

struct Check {
    Findings (*look)(const Facts&);
    bool takes_time = false;
};
constexpr std::array checks{Check{diagnosis::program},        Check{diagnosis::daemon},
                            Check{diagnosis::version},        Check{diagnosis::service},
                            Check{diagnosis::folders},        Check{diagnosis::configuration},
                            Check{diagnosis::disk},           Check{diagnosis::vault},
                            Check{diagnosis::keychain},       Check{diagnosis::locking},
                            Check{diagnosis::records},        Check{diagnosis::pending},
                            Check{diagnosis::conflicts},      Check{diagnosis::connection},
                            Check{diagnosis::clock},          Check{diagnosis::approval},
                            Check{diagnosis::left_out},       Check{diagnosis::project},
                            Check{diagnosis::injection},      Check{diagnosis::surroundings},
                            Check{diagnosis::this_shell},     Check{diagnosis::login_shell},
                            Check{diagnosis::start_up_files}, Check{diagnosis::new_shells, true}};

constexpr std::size_t most_about = 20;
constexpr std::size_t state_width = 9;
constexpr std::size_t check_width = 15;

std::string whole_message(const Finding& finding) {
    std::vector<std::string> about = finding.about;
    if (about.size() > most_about) {
        const auto more = about.size() - most_about;
        about.resize(most_about);
        about.push_back("and " + std::to_string(more) + " more");
    }
    return about.empty() ? finding.message : finding.message + ": " + diagnosis::joined(about);
}

Object describe(const Finding& finding) {
    return {{"check", finding.check},
            {"state", diagnosis::state_name(finding.state)},
            {"message", whole_message(finding)},
            {"fix", finding.fix}};
}

std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(width, text.size() + 1), ' ');
    return text;
}

void show(Output& out, const Finding& finding) {
    constexpr std::array tints{Tint::good, Tint::doubtful, Tint::bad};
    const std::string state = padded(diagnosis::state_name(finding.state), state_width);
    out.line(out.tinted(state, tints.at(static_cast<std::size_t>(finding.state))) +
             padded(finding.check, check_width) + printable(whole_message(finding)));
    if (!finding.fix.empty())
        out.line(std::string(state_width, ' ') + "fix: " + printable(finding.fix));
}

Findings look_at_all(Context& context, const Facts& facts) {
    Findings all;
    for (const Check& check : checks) {
        if (check.takes_time) context.out.progress("Starting a shell of each kind");
        auto found = check.look(facts);
        if (check.takes_time) context.out.progress("");
        for (Finding& one : found) {
            if (!context.out.is_json()) show(context.out, one);
            all.push_back(std::move(one));
        }
    }
    return all;
}

} // namespace

Exit doctor(Context& context, const DoctorOptions& options) {
    const Facts facts = diagnosis::gather(context);
    const Findings findings = look_at_all(context, facts);
    if (context.out.is_json()) {
        std::vector<Object> all;
        for (const Finding& one : findings)
            all.push_back(describe(one));
        context.out.array(all);
    }
    if (!options.bundle.empty()) {
        if (auto written =
                diagnosis::write_bundle(options.bundle, diagnosis::bundle(facts, findings));
            !written)
            return std::unexpected(written.error());
        context.out.note("The report is in " + options.bundle + "; read it before you send it.");
    }
    return std::ranges::find(findings, State::fault, &Finding::state) != findings.end() ? 1 : 0;
}

Exit doctor_look(Context& context, const DoctorLookOptions& options) {
    return diagnosis::look_around(context, options.shell, options.nonce, options.tries);
}

} // namespace envmesh::cli
