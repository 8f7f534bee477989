#include "apps/common/options/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>

#include "apps/common/console/threads.hpp"
#include "apps/common/options/version.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {

struct CommandLine::Implementation {
  explicit Implementation(const std::string& description) : app(description) {}
  CLI::App app;

  struct Output {
    std::string flag, ending;
    const std::string* file;
  };
  std::vector<Output> outputs;
};

CommandLine::CommandLine(std::string program, const std::string& description)
    : cli_(std::make_unique<Implementation>(description)), program_(std::move(program)) {
  CLI::App& app = cli_->app;
  app.name(program_);
  app.allow_extras();  // we look at them ourselves, to suggest the nearest flag
  app.set_version_flag("--version", version_text());
  app.get_formatter()->column_width(34);
}
CommandLine::~CommandLine() = default;

void CommandLine::option(const std::string& names, std::string& value, const std::string& help,
                         const std::string& group) {
  cli_->app.add_option(names, value, help)->group(group);
}

void CommandLine::optional_word(const std::string& names, std::string& value,
                                const std::string& bare, const std::string& help,
                                const std::string& group) {
  cli_->app.add_option(names, value, help)->group(group)->expected(0, 1)->default_str(bare);
}

void CommandLine::list(const std::string& names, std::vector<std::string>& values,
                       const std::string& help, const std::string& group, bool bare) {
  CLI::Option* option = cli_->app.add_option(names, values, help)
                            ->group(group)
                            ->allow_extra_args(false)
                            ->type_name("");
  if (bare) option->expected(0, 1);
}

void CommandLine::output(const std::string& names, std::string& file, const std::string& ending,
                         const std::string& help, const std::string& group) {
  option(names, file, help, group);
  cli_->outputs.push_back({names.substr(0, names.find(',')), ending, &file});
}

void CommandLine::flag(const std::string& names, bool& value, const std::string& help,
                       const std::string& group) {
  cli_->app.add_flag(names, value, help)->group(group);
}

void CommandLine::positional(const std::string& name, std::string& value, const std::string& help,
                             bool required) {
  cli_->app.add_option(name, value, help)->required(required)->group("Arguments");
}

void CommandLine::positionals(const std::string& name, std::vector<std::string>& values,
                              const std::string& help, bool required) {
  cli_->app.add_option(name, values, help)->required(required)->group("Arguments");
}

void CommandLine::footer(const std::string& text) { cli_->app.footer(text); }

namespace {

// Unexpected words: for a flag the nearest one is suggested, anything else is named.
[[noreturn]] void fail_extra(const CLI::App& app, const std::vector<std::string>& extras) {
  for (const std::string& word : extras) {
    if (!word.starts_with("-") || word == "-" || word == "--") continue;
    std::vector<std::string> flags;
    for (const CLI::Option* option : app.get_options())
      for (const std::string& name : option->get_lnames()) flags.push_back(name);
    const std::string flag = word.substr(0, word.find('='));
    const std::string meant = nearest(flag.substr(flag.starts_with("--") ? 2 : 1), flags);
    fail("there is no option ", flag, meant.empty() ? "" : " (did you mean '--" + meant + "'?)",
         "; --help lists all");
  }
  fail("'", extras.front(), "' is not expected here; options begin with --, see --help");
}

// --resume "" and --resume= are an unset variable of a shell.
void require_no_empty_word(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i], before = i > 1 ? argv[i - 1] : "";
    const bool of_option = before.starts_with("--") && before.find('=') == std::string::npos;
    require(!word.empty(), of_option ? before : cat("argument ", i),
            " is empty; give it a value or leave it out");
    const bool nothing_assigned = word.starts_with("--") && word.find('=') == word.size() - 1;
    require(!nothing_assigned, word.substr(0, word.size() - 1),
            " is empty; give it a value or leave it out");
  }
}

// CLI11's words for too few or too many values are "--env: 1 required  missing".
[[noreturn]] void fail_count(const CLI::App& app, const std::string& message) {
  const std::string flag = message.substr(0, message.find_first_of(": "));
  const CLI::Option* option = app.get_option_no_throw(flag);
  if (option == nullptr) fail(message);
  require(option->count() < 2, flag, " is given more than once");
  fail(flag, " has no value; it needs one");
}

void require_writable(const std::string& flag, const std::string& ending, const std::string& file) {
  const std::string extension = std::filesystem::path(file).extension().string();
  require(ending.empty() || extension.empty() || extension == ending, flag, " is '", file,
          "', and what is written is no ", extension, " but ", ending, "; name it *", ending);
  try {
    planet::require_writable(file);
  } catch (const Error& e) {
    fail(flag, ": ", e.what());
  }
}

}  // namespace

bool CommandLine::parse(int argc, const char* const* argv) {
  CLI::App& app = cli_->app;
  require_no_empty_word(argc, argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& e) {
    std::cout << app.help();
    return false;
  } catch (const CLI::CallForVersion& e) {
    std::cout << program_ << " " << version_text() << "\n" << wait_policy_text() << "\n";
    return false;
  } catch (const CLI::RequiredError& e) {
    if (const auto extras = app.remaining(); !extras.empty()) fail_extra(app, extras);
    fail(e.what(), "; see --help");
  } catch (const CLI::ArgumentMismatch& e) {
    fail_count(app, e.what());
  } catch (const CLI::ParseError& e) {
    fail(e.what());
  }
  if (const auto extras = app.remaining(); !extras.empty()) fail_extra(app, extras);
  for (const auto& [flag, ending, file] : cli_->outputs)
    if (!file->empty()) require_writable(flag, ending, *file);
  return true;
}

void say_wrote(const std::filesystem::path& file) {
  std::cerr << "wrote " << file.string() << std::endl;
}

std::string flag_name(std::string key) {
  std::replace(key.begin(), key.end(), '_', '-');
  return "--" + key;
}

}  // namespace planet
