// config.toml: every option of a run as used, one "key = value" per line; it reads back as the same
// run.
//
// An unknown key, a key twice, or a [section] is an error with the file's name and the line. What of
// TOML is read: common/files/toml.hpp.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "apps/common/options/run_config.hpp"

namespace planet {

/// One value given to one option, and where it was given (for the message).
struct Assignment {
  const Field* field = nullptr;
  std::string text;
  std::string where;  // "--batch-size" or "config.toml, line 12: batch_size"
};

/// The text of config.toml: grouped, each key with its help as a comment.
std::string config_text(const RunConfig& config);

/// Reads such a text; `name` appears in the messages.
std::vector<Assignment> parse_config(std::string_view text, const std::string& name);
std::vector<Assignment> read_config_file(const std::filesystem::path& path);

/// Defaults < the task's preset < --preset < `file` < `command_line` (run_config.hpp). Fills in
/// what follows from the task (action_size) and checks the result.
RunConfig resolve_config(const std::vector<Assignment>& file,
                         const std::vector<Assignment>& command_line);
/// Sets the typed options in `config`, one after the other. A typed planner begins with its own
/// defaults: options of the previous one are dropped. Checks nothing else. Error: a wrong value, or
/// an option that the planner does not read.
void apply_options(RunConfig& config, const std::vector<Assignment>& typed);
/// The last assignment to `key`, or null.
const Assignment* last_assignment(const std::vector<Assignment>& list, std::string_view key);
/// The one that wins, of the command line before the config file; or null.
const Assignment* strongest_assignment(const std::vector<Assignment>& file,
                                       const std::vector<Assignment>& command_line,
                                       std::string_view key);
/// Adds to `typed` a value that follows from the option `where`. Error: it was typed, and is another.
void follow(std::vector<Assignment>& typed, const std::string& key, const std::string& value,
            const std::string& where);
/// Removes the assignments to `key` from `list` and returns the text of the last one, or "".
std::string take_assignment(std::vector<Assignment>& list, std::string_view key);
/// The config that a run has saved, without defaults of the task: what it lacks was not an option then.
RunConfig saved_config(std::vector<Assignment> saved);
RunConfig config_from_text(std::string_view text, const std::string& name);

}  // namespace planet
