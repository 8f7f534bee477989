#include "apps/programs.hpp"

#include <iostream>
#include <string>

#include "apps/common/options/command.hpp"
#include "apps/common/options/version.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"
#include "envs/registry.hpp"

namespace planet {
namespace {

struct Entry {
  const char* name;
  Program* program;
  const char* help;
};

const Entry entries[] = {
    {"train", apps::train, "learn a world model from pixels and plan in it"},
    {"eval", apps::eval, "episodes of a trained agent, or of the planner in the true simulator"},
    {"play", apps::play, "one episode: on the terminal, as pictures or as a table"},
    {"dream", apps::dream, "what a model imagines after it has seen a few frames"},
    {"compare", apps::compare, "several trained models on the same recorded episodes"},
    {"plan", apps::plan, "one decision of a trained agent made visible"},
    {"report", apps::report, "a run as one page: curves, episodes, a dream and a plan in motion"},
    {"check", apps::check, "whether a task keeps the rules that learning relies on"},
    {"plot", apps::plot, "tables and logged metrics as plots"},
    {"gradcheck", apps::gradcheck, "compare every derivative with central differences"},
    {"bench", apps::bench, "measure the speed of this build on this machine"},
};

int print_usage(int, const char* const* argv) {
  const std::string binary = argv[0];
  std::string text = cat("Usage: ", binary, " PROGRAM [OPTIONS]\n\nPrograms:\n");
  for (const Entry& e : entries)
    text += cat("  ", e.name, std::string(12 - std::string(e.name).size(), ' '), e.help, "\n");
  std::cout << text << "\n" << binary << " PROGRAM --help lists the options of a program.\n";
  return 0;
}

int print_version(int, const char* const*) {
  std::cout << version_text() << "\n";
  return 0;
}

Program* find_program(const std::string& name) {
  std::vector<std::string> names;
  for (const Entry& e : entries) {
    if (name == e.name) return e.program;
    names.emplace_back(e.name);
  }
  fail("there is no program '", name, "'", did_you_mean(name, names), "; there are ", join(names));
}

}  // namespace

int run(int argc, const char* const* argv, const std::vector<EnvSpec>& tasks) {
  const char* const binary = argc > 0 ? argv[0] : "planet";
  const std::string name = argc > 1 ? argv[1] : "--help";
  if (name == "--help" || name == "-h") return run_program(binary, print_usage, 1, &binary);
  if (name == "--version") return run_program(binary, print_version, 1, &binary);
  called_as(binary, true);
  const auto dispatch = [](int n, const char* const* words) {
    return find_program(words[0])(n, words);
  };
  try {
    for (const EnvSpec& task : tasks) register_env(task);
  } catch (const std::exception& e) {
    std::cerr << binary << ": " << e.what() << std::endl;
    return 2;
  }
  return run_program(name.c_str(), dispatch, argc - 1, argv + 1);
}

}  // namespace planet
