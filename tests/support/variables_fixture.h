// SPDX-License-Identifier: MIT
// The variables that say where a person's folders are, as a test wants them; put back afterwards.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace envmesh::tests {

class VariablesTest : public testing::Test {
  protected:
    VariablesTest() {
        for (const char* name :
             {"ENVMESH_HOME", "HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"}) {
            const char* value = std::getenv(name);
            before_[name] = value == nullptr ? std::nullopt : std::optional<std::string>(value);
            ::unsetenv(name);
        }
    }
    ~VariablesTest() override {
        for (const auto& [name, value] : before_)
            if (value)
                ::setenv(name.c_str(), value->c_str(), 1);
            else
                ::unsetenv(name.c_str());
    }
    static void set(const char* name, const std::filesystem::path& value) {
        ::setenv(name, value.c_str(), 1);
    }

  private:
    std::map<std::string, std::optional<std::string>> before_;
};

} // namespace envmesh::tests
