// The command line of a program: a thin layer over CLI11, which is compiled once, in the .cpp.
//
// Every value arrives as text and is read by values.hpp, so that a flag, a key in config.toml and a
// checkpoint's metadata follow the same rules and have the same messages. A wrong flag gets the
// nearest right one; errors are Error, and programs leave with exit status 2 (see run_program).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/common/options/config_file.hpp"
#include "autograd/base/error.hpp"

namespace planet {

class CommandLine {
 public:
  CommandLine(std::string program, const std::string& description);
  ~CommandLine();

  /// `names` as in "--threads,--num-threads"; what is not given stays as it was.
  void option(const std::string& names, std::string& value, const std::string& help,
              const std::string& group = "Options");
  /// With a word or without one, and then `value` is `bare`: --model ssm, --model.
  void optional_word(const std::string& names, std::string& value, const std::string& bare,
                     const std::string& help, const std::string& group = "Options");
  /// May be given several times.
  void list(const std::string& names, std::vector<std::string>& values, const std::string& help,
            const std::string& group = "Options");
  /// Present or absent.
  void flag(const std::string& names, bool& value, const std::string& help,
            const std::string& group = "Options");
  void positional(const std::string& name, std::string& value, const std::string& help,
                  bool required = true);
  /// One word or more.
  void positionals(const std::string& name, std::vector<std::string>& values,
                   const std::string& help);
  /// Every field of RunConfig, or of one group of them; assignments() returns what was given.
  void run_options(const std::string& group = "");
  void footer(const std::string& text);

  /// False when only --help or --version was asked for, which has been printed. Throws Error.
  bool parse(int argc, const char* const* argv);
  const std::vector<Assignment>& assignments() const { return assignments_; }

 private:
  struct Implementation;
  std::unique_ptr<Implementation> cli_;
  std::string program_;
  std::vector<Assignment> assignments_;
};

/// Reads the text of one option into `value`; the message begins with the option's name.
template <class V>
void read_option(const std::string& name, const std::string& text, V& value) {
  try {
    read_value(text, value);
  } catch (const Error& e) {
    fail(name, " ", e.what());
  }
}

}  // namespace planet
