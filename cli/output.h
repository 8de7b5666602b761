// SPDX-License-Identifier: MIT
// What the program says: data on standard output, everything else on standard error. JSON is one
// object or array a line, flushed at once, keys in a stable order. Text for people has control
// characters escaped, so that a hostile name cannot drive a terminal.
#pragma once

#include "core/base/error.h"
#include "core/base/secret.h"

#include <variant>
#include <vector>

namespace envmesh::cli {

struct Field;
using Object = std::vector<Field>;
using FieldValue = std::variant<std::nullptr_t, bool, std::uint64_t, std::int64_t, std::string,
                                std::vector<std::string>, std::vector<Object>>;
struct Field {
    std::string name;
    FieldValue value;
};

/// "value" when the bytes are UTF-8, else "value_b64".
Field value_field(const Secret& value);
/// RFC 3339, or null.
FieldValue time_or_null(const std::optional<std::int64_t>& wall_ms);
/// As `Output::object` prints it, without the line end.
std::string json_text(const Object& object);
/// In double quotes, pure ASCII. The text is UTF-8.
std::string json_string(std::string_view text);
/// Control characters and bytes that are not UTF-8 as \xNN.
std::string printable(std::string_view text);

enum class Colour { automatic, always, never };
enum class Tint { good, doubtful, bad };

class Output {
  public:
    struct Options {
        bool json = false;
        bool quiet = false;
        Colour colour = Colour::automatic;
    };
    explicit Output(Options options);

    [[nodiscard]] bool is_json() const { return options_.json; }
    /// Notes and progress reach a person: a terminal, and neither --quiet nor --json.
    [[nodiscard]] bool has_audience() const { return audience_; }

    void line(std::string_view text);
    /// For a line, in colour where colours are wanted.
    [[nodiscard]] std::string tinted(std::string_view text, Tint tint) const;
    void object(const Object& object);
    void array(const std::vector<Object>& objects);
    /// Columns aligned, the first row as heading.
    void table(const std::vector<std::vector<std::string>>& rows);
    /// These bytes exactly, in one write.
    void raw(View bytes);

    void note(std::string_view text) const;
    /// Replaces the line that it wrote before; ended by an empty one.
    void progress(std::string_view text) const;
    void error(const Error& error) const { this->error(error, exit_status(error.code)); }
    /// Where the program leaves with another status than that of the code.
    void error(const Error& error, int status) const;

    /// `storage` when something meant for standard output could not be written.
    [[nodiscard]] Result<> finish() const;

  private:
    [[nodiscard]] std::string paint(std::string_view text, std::string_view code,
                                    bool on_terminal) const;

    Options options_;
    bool audience_ = false;
    bool colour_out_ = false;
    bool colour_error_ = false;
    bool failed_ = false;
};

} // namespace envmesh::cli
