// Environments in processes of their own: the protocol with a peer that keeps or breaks it
// (env_peer.cpp), the program of the chapter, and Gymnasium itself where it is installed.
#include "apps/common/bridge/bridge.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "envs/check_env.hpp"
#include "nn/files/atomic_file.hpp"
#include "nn/files/json.hpp"
#include "tests/apps/csv.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

const std::string peer_program = PLANET_BINARY_DIR "/bin/env_peer";

Args with_peer(const fs::path& logdir, const Args& more = {}) {
  return smallest(logdir,
                  Args{"--env", "command:" + peer_program, "--updates-per-episode", "2"} + more);
}

std::unique_ptr<Env> make_peer(const std::vector<std::string>& options, int action_repeat = 1) {
  const EnvSpec& spec = find_env("command:" + peer_program);
  EnvOptions o;
  o.image_size = 16;
  o.action_repeat = action_repeat;
  for (const std::string& option : options) set_env_option(spec, o, option);
  return make_env(spec, o);
}

std::size_t equal_lines(const std::string& text, const std::string& line) {
  std::istringstream in(text);
  std::size_t n = 0;
  for (std::string each; std::getline(in, each);) n += each == line;
  return n;
}

// The sentence that a call ends with.
template <class Call>
std::string sentence(Call&& call) {
  try {
    call();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

bool python_has(const std::string& statement) {
  const Scratch scratch;
  return run(scratch, "/bin/sh", {"-c", "python3 -c \"" + statement + "\" >/dev/null 2>&1"})
             .status == 0;
}

}  // namespace

TEST_CASE("actions go from [-1, 1] to the bounds of the process, and rewards are summed") {
  const std::unique_ptr<Env> env = make_peer({});
  CHECK(env->action_size() == 2);
  CHECK(env->episode_length() == 30);
  CHECK(!env->can_be_copied());
  CHECK(has(sentence([&] { env->step(std::vector<double>{0, 0}); }), "before the first reset"));
  CHECK(has(sentence([&] { env->reset(); }), "the first reset needs a seed"));
  env->reset(7);
  for (const auto& [u, reward] : {std::pair{-1.0, -2.0}, {1.0, 2.0}, {0.5, 1.0}, {3.5, 2.0}}) {
    CAPTURE(u);
    CHECK(env->step(std::vector<double>{u, 0}).reward == doctest::Approx(reward).epsilon(1e-15));
  }
  CHECK(env->save().control_steps == 4);
  CHECK(has(sentence([&] { env->clone(); }), "can be neither read nor set"));
  CHECK(has(sentence([&] {
              env->step(std::vector<double>{0, NAN});
            }),
            "entry 1 of the action is NaN"));
  CHECK(has(sentence([&] { env->step(std::vector<double>{0}); }), "an action has 2 entries"));

  const std::unique_ptr<Env> held = make_peer({"reward_factor=0.5", "time_limit=20"}, 3);
  CHECK(held->episode_length() == 6);
  held->reset(7);
  StepResult last;
  int decisions = 0;
  for (; !last.done(); ++decisions) {
    last = held->step(std::vector<double>{1, 0});
    CHECK(last.reward == 3);
  }
  CHECK(decisions == 6);
  CHECK(last.truncated);
  CHECK(has(sentence([&] { held->step(std::vector<double>{0, 0}); }), "after the episode's end"));
  const std::unique_ptr<Env> short_one = make_peer({"end=4"}, 3);
  short_one->reset(1);
  CHECK(!short_one->step(std::vector<double>{1, 0}).done());
  last = short_one->step(std::vector<double>{1, 0});
  CHECK((last.terminated && !last.truncated && last.reward == 2));
  CHECK(short_one->save().control_steps == 4);

  CHECK(has(sentence([] { make_peer({"time_limit=31"}); }),
            "its episodes end after 30 control steps"));
  CHECK(make_peer({"limit=0"})->episode_length() == 1000);
  CHECK(
      has(sentence([] { make_peer({"reward_factor=0"}); }), "reward_factor is 0; it lies between"));
}

TEST_CASE("a process in which an episode has ended plays the next one, of whatever environment") {
  const Scratch scratch;
  const std::string log = (scratch / "log").string();
  const std::vector<std::string> options{"log=" + log};
  const std::unique_ptr<Env> a = make_peer(options), b = make_peer(options);
  a->reset(1);
  const std::vector<std::uint8_t> start = a->render();
  std::vector<std::uint8_t> end;
  for (StepResult r; !r.done(); r = a->step(std::vector<double>{1, 0.1})) end = a->render();
  end = a->render();
  b->reset(1);
  CHECK(b->render() == start);
  CHECK(a->render() == end);  // its last picture, although b has the process
  CHECK(equal_lines(text_of(log), "start") == 1);
  b->step(std::vector<double>{1, 1});
  a->reset(1);
  CHECK(equal_lines(text_of(log), "start") == 2);
  CHECK(a->render() == start);
  CHECK(equal_lines(text_of(log), "reset") == 3);
}

TEST_CASE("every program works with the run of an environment in a process") {
  const Scratch scratch;
  const std::string log = (scratch / "log").string();
  const Args options{"--env-option",    "log=" + log, "--threads",    "2",
                     "--eval-episodes", "3",          "--eval-every", "never"};
  const Result r = run(scratch, "train", with_peer("run", options));
  INFO(r.err);
  REQUIRE(r.status == 0);
  CHECK(!has(r.out, "score"));
  CHECK(has(r.err, "score    none: the task has no scale"));
  // A process for each thread, and no more; one reset for each episode that was collected, evaluated,
  // or begun again to carry out the plan that the page shows.
  CHECK(equal_lines(text_of(log), "start") <= 2);
  CHECK(equal_lines(text_of(log), "reset") == 4 + 3 + 1);

  REQUIRE(run(scratch, "train", {"--resume", "run", "--total-episodes", "6"}).status == 0);
  REQUIRE(
      run(scratch, "train", with_peer("whole", options + Args{"--total-episodes", "6"})).status ==
      0);
  CHECK(same_tensors(latest(scratch / "run") / "model.safetensors",
                     latest(scratch / "whole") / "model.safetensors"));
  CHECK(contents(scratch / "run" / "episodes") == contents(scratch / "whole" / "episodes"));

  const Result eval = run(scratch, "eval", {"run", "--json"});
  INFO(eval.err);
  REQUIRE(eval.status == 0);
  const Json json = Json::parse(eval.out);
  CHECK(json.at("score").is_null());
  const auto rows = read_csv(scratch / "run" / "metrics.csv");
  CHECK(std::stod(rows.back().at("eval/return_mean")) == json.at("return_mean").as_double());
  CHECK(rows.back().at("eval/score").empty());
  for (const Args& call : std::vector<Args>{
           {"play", "run"},
           {"play", "run", "--trajectory", "t.csv"},
           {"play", "--env", "command:" + peer_program, "--policy", "zero"},
           {"dream", "run", "--out", "d"},
           {"plan", "run", "--decisions", "3", "--out", "p"},
           {"compare", "run", "whole", "--out", "c"},
           {"report", "run"},
           {"plot", "run", "--y", "train/return", "--x", "counter/updates", "--svg", "r.svg"},
           {"check", "command:" + peer_program},
           {"eval", "--oracle", "--policy", "random", "--env", "command:" + peer_program,
            "--episodes", "2"}}) {
    const Result done = run(scratch, call.front(), Args(call.begin() + 1, call.end()));
    CAPTURE(call.front());
    INFO(done.err);
    CHECK(done.status == 0);
  }
  CHECK(has(text_of(scratch / "run" / "report.html"), "<h2>A plan</h2>"));
  const Result oracle =
      run(scratch, "play", {"--env", "command:" + peer_program, "--policy", "oracle"});
  CHECK(oracle.status == 2);
  CHECK(has(oracle.err, "no planner can look ahead in it"));
}

TEST_CASE("several seeds are processes, and each has an environment of its own") {
  const Scratch scratch;
  Args args = with_peer("", {"--env-option", "end=5"});
  const auto at = std::ranges::find(args, "--logdir");
  args.erase(at, at + 2);
  const Result r =
      run(scratch, "train", args + Args{"--seeds", "1-2", "--jobs", "2", "--logdir", "two"});
  INFO(r.err);
  REQUIRE(r.status == 0);
  REQUIRE(run(scratch, "train", with_peer("one", {"--env-option", "end=5"})).status == 0);
  CHECK(same_tensors(latest(scratch / "two" / "seed1") / "model.safetensors",
                     latest(scratch / "one") / "model.safetensors"));
}

TEST_CASE("check tells what a process makes of the rules") {
  const Result kept = run(Scratch(), "check", {"command:" + peer_program});
  CHECK(kept.status == 0);
  CHECK(has(kept.out, "keeps every rule of those that need no copy of it"));
  const Result drifts =
      run(Scratch(), "check", {"command:" + peer_program, "--env-option", "drift=1"});
  CHECK(drifts.status == 1);
  CHECK(has(drifts.out, "[seed] reset(1) twice must give the same first state and picture"));
}

TEST_CASE("whatever a process does, the run is saved, says it in a sentence, and goes on") {
  const Scratch scratch;
  REQUIRE(run(scratch, "train", with_peer("whole")).status == 0);
  const auto fails = [&](const std::string& fault, const std::string& words) {
    CAPTURE(fault);
    const std::string once = (scratch / fault).string(), folder = "run-" + fault;
    // In the third episode, which is the first that is planned.
    const bool waits = fault == "hang" || fault == "part";
    const Result r =
        run(scratch, "train",
            with_peer(folder, {"--env-option", "fault=" + fault, "--env-option", "at=45",
                               "--env-option", "once=" + once, "--env-timeout",
                               waits ? "2s" : "60s", "--progress", "none"}));
    INFO(r.err);
    CHECK(r.status == 2);
    CHECK(r.out.empty());
    const std::string head = "train: [command:" + peer_program + "] its process ";
    const std::size_t begin = r.err.find(head);
    REQUIRE(begin != std::string::npos);
    const std::string line = r.err.substr(begin + head.size());
    CHECK(std::ranges::count(line, '\n') == 1);
    CHECK(has(line, words));
    CHECK(has(line, fault == "size" || fault == "part" ? "when asked for 'picture'"
                                                       : "when asked for 'step "));
    if (fault != "size" && fault != "part")
      CHECK(has(line, "; its last words: it was told to: " + fault + "; the run is saved"));
    CHECK(has(line, "train --resume " + folder + "\n"));
    CHECK(Json::parse(text_of(latest(scratch / folder) / "state.json")).at("episodes").as_int64() ==
          2);
    CHECK(has(text_of(scratch / folder / "log.txt"), words));
    const Result on = run(scratch, "train", {"--resume", folder, "--env-timeout", "60s"});
    INFO(on.err);
    CHECK(on.status == 0);
    CHECK(same_tensors(latest(scratch / folder) / "model.safetensors",
                       latest(scratch / "whole") / "model.safetensors"));
  };
  fails("die", "ended with status 3");
  fails("kill", "ended by signal 9");
  fails("hang", "did not go on within 2 s");
  fails("deaf", "closed its output");
  fails("half", "ended with status 0, 5 bytes into its answer");
  fails("part", "did not go on within 2 s, 377 bytes into its answer");
  fails("garbage", "said 'hello world' in the place of a finite reward and 0 or 1");
  fails("endless", "answered 'xxxx");
  fails("nan", "said 'nan 0 0' in the place of a finite reward");
  fails("vast", "said '1e40 0 0' in the place of a finite reward");
  fails("few", "said '0.5 0' in the place of");
  fails("flag", "said '0.5 0 maybe' in the place of");
  fails("more", "said more than it was asked: '0.5 0 0");
  fails("size", "said 'P6 8 8 255' in the place of 'P6 16 16 255'");
}

TEST_CASE("what does not start is one sentence, and leaves no run") {
  const Scratch scratch;
  const auto says = [&](const Args& args, const std::string& words) {
    const Result r = run(scratch, "train", args);
    INFO(r.err);
    CHECK(r.status == 2);
    CHECK(std::ranges::count(r.err, '\n') == 1);
    CHECK(has(r.err, words));
    CHECK(!fs::exists(scratch / "x"));
  };
  const auto fault = [&](const std::string& word, const std::string& patience = "60s") {
    return with_peer("x", {"--env-option", "fault=" + word, "--env-timeout", patience});
  };
  says(fault("refuse"),
       "its process ended with status 1 when it was started; its last words: there "
       "is no licence for this");
  says(fault("greeting"), "said 'Welcome!' in the place of 'planet 1 T low high ...'");
  says(fault("bounds"), "said 'planet 1 30 1 1 0 1' in the place of");
  says(fault("mute", "1s"), "did not go on within 1 s when it was started");
  says({"--env-command", "no/such/program", "--logdir", "x"}, "ended with status 127");
  says({"--env", "duel", "--env-command", peer_program}, "--env and --env-command are both given");
  says({"--resume", "x", "--env-command", peer_program}, "leave --env-command out");
  says(with_peer("x", {"--env-option", "list=1,2"}), "it holds no comma");
  // A shell finds no python3.
  const Result none = run(scratch, "/bin/sh",
                          {"-c", "PATH=/nowhere exec " PLANET_BINARY_DIR
                                 "/bin/train --env gym:Pendulum-v1 --logdir x"});
  CHECK(none.status == 2);
  CHECK(std::ranges::count(none.err, '\n') == 1);
  CHECK(has(none.err, "[gym:Pendulum-v1] its process ended with status 127"));
  CHECK(has(none.err, "python3"));
}

TEST_CASE("the program of the chapter is an environment") {
  if (!python_has("import sys")) {
    MESSAGE("python3 is not here: not tried");
    return;
  }
  const Scratch scratch;
  const std::string chapter = text_of(fs::path(PLANET_SOURCE_DIR) / "apps/common/bridge/README.md");
  const std::size_t begin = chapter.find("```python\n") + 10;
  write_text_atomically(scratch / "mine.py",
                        chapter.substr(begin, chapter.find("```", begin) - begin));
  const Result checked = run(scratch, "check", {"command:python3 mine.py"});
  INFO(checked.out, checked.err);
  CHECK(checked.status == 0);
  Args args = with_peer("run");
  const auto env = std::ranges::find(args, "--env");
  args.erase(env, env + 2);
  const Result r = run(scratch, "train", args + Args{"--env-command", "python3 mine.py"});
  INFO(r.err);
  CHECK(r.status == 0);
  // Without Gymnasium.
  fs::create_directories(scratch / "none");
  write_text_atomically(scratch / "none" / "gymnasium.py", "raise ImportError('there is none')\n");
  const Result none =
      run(scratch, "/bin/sh",
          {"-c", "PYTHONPATH=none exec " PLANET_BINARY_DIR "/bin/play --env gym:Pendulum-v1"});
  CHECK(none.status == 2);
  CHECK(std::ranges::count(none.err, '\n') == 1);
  CHECK(has(none.err, "its last words: there is none: "));
  CHECK(has(none.err, "needs Gymnasium: pip install"));
}

TEST_CASE("environments of Gymnasium are learned from, where they are installed") {
  const std::vector<std::string> names{"Pendulum-v1", "MountainCarContinuous-v0", "CarRacing-v3"};
  std::vector<std::string> absent;
  for (const std::string& name : names) {
    if (!python_has("import gymnasium; gymnasium.make('" + name +
                    "', render_mode='rgb_array').reset()")) {
      absent.push_back(name);
      continue;
    }
    CAPTURE(name);
    const Scratch scratch;
    const Args env{"--env", "gym:" + name, "--env-option", "time_limit=20"};
    const Args short_runs = smallest(
        "run", Args{"--env", "gym:" + name, "--total-episodes", "3", "--eval-episodes", "1"});
    const Result r = run(scratch, "train", short_runs);
    INFO(r.err);
    REQUIRE(r.status == 0);
    CHECK(run(scratch, "eval", {"run", "--json"}).status == 0);
    const Result checked = run(scratch, "check", {"gym:" + name, "--env-option", "time_limit=30"});
    INFO(checked.out);
    CHECK(checked.status == 0);
    const Result wrong =
        run(scratch, "play", {"--env", "gym:" + name, "--env-option", "gravitas=1"});
    CHECK(wrong.status == 2);
    CHECK(has(wrong.err, "gravitas"));
  }
  if (absent.size() < names.size()) {
    const Scratch scratch;
    CHECK(has(run(scratch, "play", {"--env", "gym:CartPole-v1"}).err, "only continuous ones"));
    CHECK(has(run(scratch, "play", {"--env", "gym:Pendulam-v1"}).err, "Did you mean: `Pendulum`?"));
  }
  if (!absent.empty()) {
    std::string list;
    for (const std::string& name : absent) list += " " + name;
    MESSAGE(absent.size() << " of " << names.size()
                          << " not tried, because not installed:" << list);
  }
}
