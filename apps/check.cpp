// check: whether a task keeps the rules that learning, planning and resuming rely on
// (envs/check_env.hpp), one sentence for each that it breaks. For who writes a task.
#include <iostream>

#include "apps/common/bridge/bridge.hpp"
#include "apps/common/options/command_line.hpp"
#include "apps/programs.hpp"
#include "autograd/base/error.hpp"
#include "envs/check_env.hpp"

namespace planet {
namespace {

struct Options {
  std::vector<std::string> tasks, env_options;
  std::string image_size = "32";
  bool one_start = false, still = false;
};

// True if it keeps every rule.
bool check_task(const std::string& name, const Options& o, const CheckEnvOptions& how) {
  const EnvSpec& spec = find_env(name);
  EnvOptions options;
  read_option("--image-size", o.image_size, options.image_size);
  for (const std::string& text : o.env_options) set_env_option(spec, options, text);
  const std::unique_ptr<Env> env = make_env(spec, options);
  const std::vector<std::string> broken = check_env(*env, how);
  if (broken.empty())
    std::cout << name << ": keeps every rule"
              << (env->can_be_copied() ? "" : " of those that need no copy of it") << "\n";
  for (const std::string& sentence : broken) std::cout << name << ": " << sentence << "\n";
  return broken.empty();
}

}  // namespace

int apps::check(int argc, const char* const* argv) {
  CommandLine cli("check",
                  "Whether a task keeps the rules that learning, planning and resuming rely on.");
  Options o;
  cli.positionals("TASK", o.tasks, "tasks to be checked (default: all)", false);
  cli.list("--env-option", o.env_options, "an option of the task, NAME=VALUE (repeatable)");
  cli.option("--image-size", o.image_size, "pixels along an edge: 16, 32 (default) or 64");
  cli.flag("--one-start", o.one_start, "every episode may begin alike");
  cli.flag("--still", o.still, "the picture need not change");
  cli.footer(
      "The rules: sizes are positive and agree; reset comes before step, and no step after the "
      "end; "
      "the same seed gives the same episode, other seeds other starts; actions are clipped to [-1, "
      "1], and a wrong number of entries or a NaN is an error; rewards, states and pictures are "
      "finite, complete and change; render() changes nothing; the time limit ends an episode; "
      "clone(), save() and set_state() go on as the original does. Status 1 where one is broken.");
  if (!cli.parse(argc, argv)) return 0;
  CheckEnvOptions how;
  how.expect_variety = !o.one_start;
  how.expect_motion = !o.still;
  if (o.tasks.empty())
    for (const EnvSpec& spec : list_envs()) o.tasks.push_back(spec.name);
  bool kept = true;
  for (const std::string& task : o.tasks) kept = check_task(task, o, how) && kept;
  return kept ? 0 : 1;
}

}  // namespace planet
