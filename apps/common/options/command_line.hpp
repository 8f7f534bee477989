// The command line of a program: a thin layer over CLI11, which is compiled once, in the .cpp. The
// options of a run are added by run_options.hpp.
//
// Every value arrives as text and is read by values.hpp, so that a flag, a key in config.toml and a
// checkpoint's metadata follow the same rules and have the same messages. A wrong flag gets the
// nearest right one; errors are Error, and programs leave with exit status 2 (see run_program).
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "apps/common/options/values.hpp"
#include "autograd/base/error.hpp"

namespace planet {

class CommandLine {
 public:
  CommandLine(std::string program, const std::string& description);
  ~CommandLine();

  /// `names` as in "--threads,--num-threads"; a value that is not given keeps its default.
  void option(const std::string& names, std::string& value, const std::string& help,
              const std::string& group = "Options");
  /// An option whose value may be left out: --model ssm, or --model alone, which means `bare`.
  void optional_word(const std::string& names, std::string& value, const std::string& bare,
                     const std::string& help, const std::string& group = "Options");
  /// May be given several times. With `bare` also without a value, which reads as the empty word.
  void list(const std::string& names, std::vector<std::string>& values, const std::string& help,
            const std::string& group = "Options", bool bare = false);
  /// A file that the program writes. parse() throws when it cannot be written or, of a picture, when
  /// its name ends like something else than `ending` (".png"; "" is any).
  void output(const std::string& names, std::string& file, const std::string& ending,
              const std::string& help, const std::string& group = "Options");
  /// Present or absent.
  void flag(const std::string& names, bool& value, const std::string& help,
            const std::string& group = "Options");
  void positional(const std::string& name, std::string& value, const std::string& help,
                  bool required = true);
  /// One word or more; not `required`, also none.
  void positionals(const std::string& name, std::vector<std::string>& values,
                   const std::string& help, bool required = true);
  void footer(const std::string& text);

  /// False when only --help or --version was asked for, which has been printed. Throws Error, also
  /// for an option whose value is empty: nobody means "no option" by that, but an unset variable of a
  /// shell looks like it.
  bool parse(int argc, const char* const* argv);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> cli_;
  std::string program_;
};

/// "wrote FILE" to stderr.
void say_wrote(const std::filesystem::path& file);

/// "batch_length" -> "--batch-length".
std::string flag_name(std::string key);

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
