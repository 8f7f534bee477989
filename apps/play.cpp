// play: one episode, by a policy or by a list of actions: on the terminal, as pictures, as a table.
//
// It needs no training: `play --env pendulum_swingup --policy oracle` plans in the true simulator.
// With a run or a checkpoint the trained agent plays. Policies: play/policies.hpp.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <thread>

#include "apps/common/bridge/bridge.hpp"
#include "apps/common/console/interrupt.hpp"
#include "apps/common/console/terminal.hpp"
#include "apps/common/console/threads.hpp"
#include "apps/common/files/png.hpp"
#include "apps/common/options/env_table.hpp"
#include "apps/common/options/run_options.hpp"
#include "apps/common/report/pictures.hpp"
#include "apps/common/report/video.hpp"
#include "apps/common/run/checkpoint.hpp"
#include "apps/common/simulator/simulator_dynamics.hpp"
#include "apps/play/gallery.hpp"
#include "apps/play/policies.hpp"
#include "apps/play/reel.hpp"
#include "apps/play/screen.hpp"
#include "apps/play/trajectory.hpp"
#include "apps/programs.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"
#include "envs/numbers.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace {

struct Options {
  std::vector<std::string> paths;  // RUN|CHECKPOINT
  std::string env, policy, actions, uniforms, future, state, trajectory, frames, video, gallery;
  std::string precision;
  std::string seed = "0", action_repeat, image_size, threads = "0", speed;
  std::vector<std::string> env_options;
  std::vector<Assignment> planner;  // over the checkpoint's, or over the oracle's budget
  bool list_envs = false, json = false;
};

/// The environment that is played and the model, if there is one.
struct Stage {
  std::optional<LoadedModel> loaded;
  RunConfig config;
  std::unique_ptr<Env> env;
};

bool read_command_line(int argc, const char* const* argv, Options& o) {
  CommandLine cli("play", "One episode of a task, by a policy or by a list of actions.");
  cli.positionals("RUN|CHECKPOINT", o.paths,
                  "the trained agent: a run folder, a checkpoint folder or a model.safetensors; "
                  "several, with --video, side by side",
                  false);
  cli.option(
      "--policy", o.policy,
      "source of the actions: random, zero, agent, oracle (plans in the true simulator) or keys");
  cli.option("--actions", o.actions,
             "play the actions in this CSV: one row of A numbers per decision, no header");
  cli.option("--uniforms", o.uniforms,
             "take the steps' random numbers from this CSV: one row per control step, no header");
  cli.option("--future", o.future,
             "the oracle's model of randomness: average, one, shared, true or forgetful");
  cli.option("--env,--task", o.env,
             "name of the task (default: the agent's, otherwise pendulum_swingup)", "Task");
  cli.list("--env-option", o.env_options, "an option of the task, NAME=VALUE (repeatable)", "Task");
  cli.option("--action-repeat", o.action_repeat, "R, control steps per decision", "Task");
  cli.option("--image-size", o.image_size, "pixels along an edge of the pictures: 16, 32 or 64",
             "Task");
  cli.option("--seed", o.seed, "seed of the initial state and of random policies (default 0)",
             "Task");
  cli.option("--state", o.state, "initial state: numbers in the order of the trajectory's header",
             "Task");
  cli.flag("--list-envs", o.list_envs,
           "print the tasks: figures, states, recipes and options; and stop", "Task");
  cli.flag("--json", o.json, "with --list-envs: one JSON object per line and task", "Task");
  cli.output("--trajectory", o.trajectory, "", "write every control step to this CSV", "Output");
  cli.option("--frames", o.frames, "write every picture to this folder, as PNG files", "Output");
  cli.output(
      "--video", o.video, "",
      "write the episode as a video to this file: .png or .apng; .gif or .mp4 where ffmpeg is "
      "installed; of several agents the first ten seconds",
      "Output");
  cli.output("--gallery", o.gallery, ".png",
             "draw a page with every task to this PNG file, and stop", "Output");
  cli.option("--speed", o.speed,
             "speed on a terminal: 1 (default) is real time, 0 as fast as possible", "Output");
  cli.option("--precision", o.precision, precision_help, "Machine");
  cli.option("--threads", o.threads,
             "number of threads; 0: as many as this process may use; changes no result", "Machine");
  cli.footer(
      "Keys with --policy keys: arrows or a d w s push, space lets go, tab takes the next two "
      "actions, p pauses, r restarts, q quits.");
  RunOptions planner;
  planner.add(cli, "Planner");
  if (!cli.parse(argc, argv)) return false;
  o.planner = planner.typed();
  return true;
}

// The agent's own settings, overridden by the command line.
Stage set_stage(const Options& o) {
  Stage stage;
  if (!o.paths.empty()) {
    stage.loaded = load_model(o.paths.front(), o.precision);
    stage.config = stage.loaded->config;
    require(o.env.empty() || o.env == stage.config.env, "--env is ", o.env,
            ", but this agent was trained on ", stage.config.env);
  } else {
    require(o.precision.empty(), "--precision is a model's; name a run or a checkpoint");
    if (!o.env.empty()) stage.config.env = o.env;
    stage.config.model.image_size = 64;
  }
  const EnvSpec& spec = find_env(stage.config.env);
  for (const std::string& text : o.env_options) {
    EnvOptions probe;
    set_env_option(spec, probe, text);  // says what is wrong with it
    const std::size_t equals = text.find('=');
    stage.config.env_options[text.substr(0, equals)] = text.substr(equals + 1);
  }
  if (!o.action_repeat.empty()) {
    read_option("--action-repeat", o.action_repeat, stage.config.action_repeat);
    require(stage.config.action_repeat >= 1, "--action-repeat is ", o.action_repeat,
            "; it is at least 1");
  }
  if (!o.image_size.empty()) {
    int n = 0;
    read_option("--image-size", o.image_size, n);
    require(!stage.loaded || n == stage.config.model.image_size, "--image-size is ", n,
            ", but this agent sees ", stage.config.model.image_size, " pixels");
    stage.config.model.image_size = n;
  }
  stage.env = make_env(stage.config.env, stage.config.make_env_options());
  return stage;
}

std::unique_ptr<Policy> choose_policy(const Options& o, const Stage& stage, std::uint64_t seed,
                                      const RecordedUniforms* recorded) {
  require(o.policy.empty() || o.actions.empty(), "give --policy or --actions, not both");
  require(o.future.empty() || o.policy == "oracle", "--future is for --policy oracle");
  require(o.planner.empty() || o.actions.empty(), "nothing is planned with --actions; leave ",
          o.planner.empty() ? "" : o.planner.front().where, " out");
  if (!o.actions.empty()) return actions_from_file(o.actions, stage.env->action_size());
  const std::string name = !o.policy.empty() ? o.policy : stage.loaded ? "agent" : "random";
  const std::vector<std::string> names{"random", "zero", "agent", "oracle", "keys"};
  require(stage.loaded || name != "agent", "--policy agent needs a run or a checkpoint to load");
  require(o.precision.empty() || name == "agent", "--precision is a model's; the policy ", name,
          " has no model");
  require(o.planner.empty() || name == "agent" || name == "oracle",
          o.planner.empty() ? "" : o.planner.front().where,
          " is for a policy that plans, agent or ", "oracle; the policy is ", name);
  if (name == "random") return random_policy(stage.env->action_size(), seed);
  if (name == "zero") return zero_policy(stage.env->action_size());
  if (name == "agent") {
    RunConfig config = stage.config;
    apply_options(config, o.planner);
    config.check();
    return agent_policy(*stage.loaded->model, config, seed);
  }
  if (name == "oracle") {
    const EnvSpec& spec = env_spec(stage.config.env);
    std::vector<Assignment> typed = o.planner;
    const FutureConfig future =
        read_future(spec, o.future, take_assignment(typed, "samples_per_candidate"));
    return oracle_policy(*stage.env, oracle_planner(spec, typed), seed, future, recorded);
  }
  if (name == "keys") return keys_policy(stage.env->action_size());
  fail("there is no policy '", name, "'", did_you_mean(name, names), "; there are ", join(names));
}

// One episode in progress: shown, recorded and summed.
class Playing {
 public:
  Playing(const Options& o, const Stage& stage, std::uint64_t seed, double speed, bool shown)
      : o_(o), env_(*stage.env), seed_(seed), speed_(speed), shown_(shown) {
    if (!o.trajectory.empty()) trajectory_.emplace(o.trajectory, env_);
    if (!o.frames.empty()) make_folder(o.frames);
  }

  /// Until the episode ends, the policy has no more actions, or Ctrl-C.
  void run(Policy& policy, RecordedUniforms* recorded) {
    start();
    while (!result.done() && !interrupted()) {
      if (shown_) show(policy);
      const Wish wish = policy.wish();
      if (wish == Wish::stop) break;
      if (wish == Wish::restart) start();
      if (wish == Wish::wait) wait();
      if (wish != Wish::act) continue;
      const std::optional<std::span<const double>> action = policy.act(env_, image_);
      if (!action) break;  // the list of actions is finished
      result = recorded ? recorded->step(env_, *action, steps_) : env_.step_traced(*action, steps_);
      if (trajectory_) trajectory_->write(steps_, *action);
      sum += result.reward;
      ++decisions;
      see();
      if (o_.video.empty()) continue;
      const std::vector<float> made(action->begin(), action->end());
      episode.append(made.data(), result.reward, image_.rgb.data());
    }
    if (trajectory_) trajectory_->close();
    screen_.leave();
  }

  double sum = 0;
  int decisions = 0;
  StepResult result;
  Episode episode;  // for --video

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds glance{30};  // at keys and signals

  void start() {
    env_.reset(seed_);
    if (!o_.state.empty()) env_.set_state(parse_state(o_.state, env_.state_names()));
    sum = 0, decisions = 0, result = {};
    next_ = Clock::now();
    see();
    episode = {};
    episode.begin(env_.image_size(), env_.action_size(), image_.rgb.data());
  }

  void see() {
    image_ = Image(env_.image_size(), env_.image_size(), env_.render());
    if (o_.frames.empty()) return;
    char name[32];
    std::snprintf(name, sizeof name, "%06d.png", decisions);
    write_png(std::filesystem::path(o_.frames) / name, image_);
  }

  // In real time: the next picture is shown once the simulated time has passed.
  void show(const Policy& policy) {
    while (!interrupted() && Clock::now() < next_)
      std::this_thread::sleep_until(std::min(next_, Clock::now() + glance));
    std::vector<std::string> lines{cat(env_.name(), "  decision ", decisions, " of ",
                                       env_.episode_length(), "  return ", fixed(sum, 2))};
    for (const std::string& line : policy.lines()) lines.push_back(line);
    screen_.show(image_, lines);
    const double seconds = env_spec(env_.name()).dt * env_.action_repeat();
    if (speed_ > 0)
      next_ += std::chrono::duration_cast<Clock::duration>(
          std::chrono::duration<double>(seconds / speed_));
  }

  void wait() {
    std::this_thread::sleep_for(glance);
    next_ = Clock::now();
  }

  const Options& o_;
  Env& env_;
  std::uint64_t seed_;
  double speed_;
  bool shown_;
  Screen screen_{terminal_colors()};
  std::optional<TrajectoryFile> trajectory_;
  Image image_{1, 1};
  std::vector<ControlStep> steps_;
  Clock::time_point next_;
};

void print_result(const Env& env, double sum, int decisions, const StepResult& last) {
  std::cout << env.name() << ": return " << fixed(sum, 2) << " in "
            << counted(decisions, "decision") << ", "
            << (last.terminated  ? "ended by the task"
                : last.truncated ? "to the time limit"
                                 : "stopped before the end")
            << std::endl;
}

// The player's return between the two ends of the score.
void print_comparison(const RunConfig& config, double sum, bool whole_episode) {
  const EnvSpec& spec = env_spec(config.env);
  const std::optional<double> score = env_score(spec, config.make_env_options(), sum);
  if (!score) return;
  std::cout << "you " << fixed(sum, 1) << ", random " << spec.scale->random.mean << ", oracle "
            << spec.scale->oracle.mean
            << (whole_episode ? ": score " + fixed(*score, 2) : " in a whole episode") << std::endl;
}

// False after Ctrl-C.
bool write_episode_video(const Options& o, const Stage& stage, const Episode& episode) {
  VideoClip clip{
      cat(stage.config.env, ", seed ", o.seed), &episode, {}, seconds_per_row(stage.config)};
  if (stage.loaded) clip.believed = reconstruct(*stage.loaded->model, episode, stage.config.seed);
  return write_video(o.video, std::span(&clip, 1));
}

// Several agents: one video, and nothing else.
int play_reel(const Options& o, std::uint64_t seed) {
  require(!o.video.empty(), o.paths.size(),
          " agents are played side by side in a video; give --video FILE");
  const bool more = !o.env.empty() || !o.policy.empty() || !o.actions.empty() ||
                    !o.uniforms.empty() || !o.future.empty() || !o.state.empty() ||
                    !o.trajectory.empty() || !o.frames.empty() || !o.action_repeat.empty() ||
                    !o.image_size.empty() || !o.env_options.empty() || !o.planner.empty() ||
                    !o.speed.empty();
  require(!more, "with several agents only --video, --seed and --threads have a meaning");
  catch_interrupts();
  if (!write_reel(o.video, o.paths, seed)) return status_interrupted;
  say_wrote(o.video);
  return 0;
}

void note_unused(const char* list, int rows) {
  if (rows > 0)
    std::cerr << "play: the episode ended before the list of " << list << "; " << rows
              << " rows were not played\n";
}

}  // namespace

int apps::play(int argc, const char* const* argv) {
  Options o;
  if (!read_command_line(argc, argv, o)) return 0;
  require(o.list_envs || !o.json, "--json is for --list-envs");
  if (o.list_envs) {
    std::cout << (o.json ? env_json() : env_table());
    return 0;
  }
  if (!o.gallery.empty()) {
    require(argc == 2 || (argc == 3 && std::string_view(argv[1]) == "--gallery"),
            "--gallery draws every task and plays none; give nothing beside it");
    write_png(o.gallery, env_gallery());
    say_wrote(o.gallery);
    return 0;
  }
  std::uint64_t seed = 0;
  int threads = 0;
  double speed = 1;
  read_option("--seed", o.seed, seed);
  read_option("--threads", o.threads, threads);
  const bool shown = cursor_moves(STDOUT_FILENO);
  require(o.speed.empty() || shown, "--speed is for a terminal; nothing is shown here");
  if (!o.speed.empty()) read_option("--speed", o.speed, speed);
  require(speed >= 0, "--speed is ", speed, "; it is at least 0");
  require(o.policy != "keys" ||
              (o.trajectory.empty() && o.frames.empty() && o.video.empty() && o.uniforms.empty()),
          "--policy keys can begin again and writes nothing down; leave --trajectory, --frames, "
          "--video and --uniforms out");
  if (!o.video.empty()) VideoFile::check("--video", o.video);
  use_threads(threads);
  if (o.paths.size() > 1) return play_reel(o, seed);

  Stage stage = set_stage(o);
  Env& env = *stage.env;
  std::optional<RecordedUniforms> recorded;
  if (!o.uniforms.empty()) recorded.emplace(o.uniforms, env);
  const std::unique_ptr<Policy> policy =
      choose_policy(o, stage, seed, recorded ? &*recorded : nullptr);
  Playing playing(o, stage, seed, speed, shown);
  catch_interrupts();
  playing.run(*policy, recorded ? &*recorded : nullptr);
  print_result(env, playing.sum, playing.decisions, playing.result);
  if (o.policy == "keys") print_comparison(stage.config, playing.sum, playing.result.done());
  if (!o.trajectory.empty()) say_wrote(o.trajectory);
  if (!o.video.empty() && write_episode_video(o, stage, playing.episode)) say_wrote(o.video);
  if (!o.frames.empty()) say_wrote(cat(o.frames, ": ", playing.decisions + 1, " pictures"));
  note_unused("actions", policy->unused());
  if (recorded) note_unused("uniforms", recorded->unused(env));
  return interrupted() ? status_interrupted : 0;
}

}  // namespace planet
