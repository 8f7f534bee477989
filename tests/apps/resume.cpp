// A run that was stopped and resumed is the run that never stopped.
#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <regex>
#include <thread>

#include "apps/common/files/episode_file.hpp"
#include "apps/common/options/config_file.hpp"
#include "apps/common/run/checkpoint.hpp"
#include "autograd/base/philox.hpp"
#include "nn/files/atomic_file.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

void sleep_ms(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

// Same parameters, moments, experience and counters; the clocks may differ. `looked_alike`: also
// evaluated at the same places.
void check_same_run(const fs::path& a, const fs::path& b, bool looked_alike = true) {
  CHECK(latest(a).filename() == latest(b).filename());
  CHECK(same_tensors(latest(a) / "model.safetensors", latest(b) / "model.safetensors"));
  CHECK(same_tensors(latest(a) / "optimizer.safetensors", latest(b) / "optimizer.safetensors"));
  const auto x = contents(a / "episodes"), y = contents(b / "episodes");
  CHECK(x.size() == y.size());
  CHECK(x == y);
  const auto state = [](const fs::path& run) {
    return RunState::from_json(Json::parse(text_of(latest(run) / "state.json")));
  };
  CHECK(state(a).decisions == state(b).decisions);
  CHECK(state(a).env_frames == state(b).env_frames);
  if (!looked_alike) return;
  CHECK(state(a).metrics_rows == state(b).metrics_rows);
  CHECK(state(a).best_return == state(b).best_return);
  CHECK(state(a).best == state(b).best);
}

Args resume(const fs::path& path, const Args& more = {}) {
  return Args{"--resume", path.string()} + more;
}

}  // namespace

TEST_CASE("P33 a run of N episodes resumed for N more equals one of 2N bit for bit") {
  const Scratch scratch;
  const fs::path whole = scratch / "whole", halves = scratch / "halves";
  REQUIRE(run(scratch, "train", smallest(whole, {"--total-episodes", "6"})).status == 0);
  REQUIRE(run(scratch, "train", smallest(halves, {"--total-episodes", "4"})).status == 0);
  const Result second = run(scratch, "train", resume(halves, {"--total-episodes", "6"}));
  INFO(second.err);
  REQUIRE(second.status == 0);
  check_same_run(whole, halves, false);  // the halves were evaluated once more, in the middle
  CHECK(text_of(latest(whole) / "model.safetensors") ==
        text_of(latest(halves) / "model.safetensors"));
  CHECK(text_of(whole / "config.toml") == text_of(halves / "config.toml"));
  CHECK(text_of(halves / "command.txt").find("--resume") != std::string::npos);
}

TEST_CASE("collect random trains in rounds on the same episodes as seed episodes") {
  const Scratch scratch;
  const fs::path chance = scratch / "chance", seeds = scratch / "seeds", planned = scratch / "plan";
  REQUIRE(run(scratch, "train", smallest(chance, {"--collect", "random"})).status == 0);
  REQUIRE(run(scratch, "train", smallest(seeds, {"--seed-episodes", "4"})).status == 0);
  REQUIRE(run(scratch, "train", smallest(planned)).status == 0);
  CHECK(contents(chance / "episodes") == contents(seeds / "episodes"));
  CHECK(contents(chance / "episodes") != contents(planned / "episodes"));
  CHECK(latest(chance).filename() == latest(planned).filename());  // as many updates
  CHECK(latest(seeds).filename() != latest(planned).filename());
}

TEST_CASE("P33 every latent model and every further term resumes bit for bit") {
  const Scratch scratch;
  for (const char* model : {"ssm", "rnn", "rssm"}) {
    INFO(model);
    const fs::path whole = scratch / (std::string("whole-") + model),
                   halves = scratch / (std::string("halves-") + model);
    const Args more{"--model",         model,  "--overshooting-distance", "3",
                    "--kl-balance",    "0.8",  "--global-kl-scale",       "0.1",
                    "--continue-head", "true", "--average-decay",         "0.9"};
    const auto train = [&](const fs::path& path, const char* episodes) {
      return run(scratch, "train", smallest(path, more + Args{"--total-episodes", episodes}));
    };
    REQUIRE(train(whole, "5").status == 0);
    REQUIRE(train(halves, "4").status == 0);
    REQUIRE(run(scratch, "train", resume(halves, {"--total-episodes", "5"})).status == 0);
    check_same_run(whole, halves, false);
    const auto learner = [](const fs::path& run) { return latest(run) / "learner.safetensors"; };
    CHECK(same_tensors(learner(whole), learner(halves)));
    CHECK_FALSE(same_tensors(learner(whole), latest(whole) / "model.safetensors"));
    CHECK(load_model(halves).model->params().find(std::string(model) + "/prior/hidden/weight") !=
          nullptr);
    const Result other = run(scratch, "train", resume(halves, {"--model", "gru"}));
    CHECK(other.status == 2);
    CHECK(other.err.find("but the run began with " + std::string(model)) != std::string::npos);
  }
}

TEST_CASE("Ctrl-C saves and a resumed run goes on inside the round") {
  const Scratch scratch;
  const fs::path whole = scratch / "whole", stopped = scratch / "stopped";
  const Args more{"--updates-per-episode", "3000", "--total-episodes", "4"};
  REQUIRE(run(scratch, "train", smallest(whole, more)).status == 0);
  Process process(scratch, "train", smallest(stopped, more));
  for (int i = 0; i < 2000 && !fs::exists(stopped / "episodes"); ++i) sleep_ms(5);
  sleep_ms(150);
  int interruptions = 0, patience = 100;
  process.signal(SIGINT);
  Result r = process.wait();
  while (r.status == 130 && interruptions < 40) {
    ++interruptions;
    CHECK(r.out.find("to go on: " PLANET_BINARY_DIR "/bin/train --resume " + stopped.string()) !=
          std::string::npos);
    const std::string log = text_of(stopped / "log.txt");
    Process next(scratch, "train", resume(stopped));
    for (int i = 0; i < 2000 && text_of(stopped / "log.txt") == log; ++i) sleep_ms(5);
    sleep_ms(patience);
    patience += patience / 4;  // a slow build comes to the end, too
    next.signal(SIGINT);
    r = next.wait();
  }
  INFO(r.err);
  CHECK(interruptions > 0);
  REQUIRE(r.status == 0);
  check_same_run(whole, stopped);
}

TEST_CASE("kill -9 at any moment leaves a run that resumes to the same bits") {
  const Scratch scratch;
  const fs::path whole = scratch / "whole", killed = scratch / "killed";
  const Args more{"--total-episodes",   "12", "--updates-per-episode", "200",
                  "--checkpoint-every", "2",  "--eval-every",          "4"};
  REQUIRE(run(scratch, "train", smallest(whole, more)).status == 0);
  Rng rng(1, Stream::test);
  int kills = 0;
  Result r;
  r.status = -1;
  for (int i = 0; i < 60 && r.status != 0; ++i) {
    const bool begun = fs::exists(killed / "config.toml");
    Process process(scratch, "train", begun ? resume(killed) : smallest(killed, more));
    sleep_ms(20 + static_cast<int>(rng.below(150)) + 8 * i);
    process.signal(SIGKILL);
    r = process.wait();
    INFO(r.err);
    CHECK((r.status == 0 || r.status == 128 + SIGKILL));
    kills += r.status != 0;
  }
  CHECK(kills > 0);
  if (r.status != 0) r = run(scratch, "train", resume(killed));
  INFO(r.err);
  REQUIRE(r.status == 0);
  check_same_run(whole, killed);
  for (const auto& entry : fs::recursive_directory_iterator(killed))
    CHECK(entry.path().filename().string().find(".tmp-") == std::string::npos);
}

TEST_CASE("a second process on one run is refused") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  Process first(scratch, "train", smallest(path, {"--total-episodes", "0"}));
  for (int i = 0; i < 2000 && !fs::exists(path / "config.toml"); ++i) sleep_ms(5);
  // If it were let in, the limit would end it.
  const Result second = run(scratch, "train", resume(path, {"--time-limit", "1s"}));
  CHECK(second.status == 2);
  CHECK(second.err.find("in use by another process") != std::string::npos);
  CHECK(first.running());
  first.signal(SIGINT);
  CHECK(first.wait().status == 130);
  CHECK(run(scratch, "train", resume(path, {"--total-episodes", "2"})).status == 0);
}

TEST_CASE("a resumed run refuses options that would change it") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  REQUIRE(run(scratch, "train", smallest(path)).status == 0);
  const auto error = [&](const Args& more) {
    const Result r = run(scratch, "train", resume(path, more));
    CHECK(r.status == 2);
    return r.err;
  };
  CHECK(error({"--batch-size", "3"}).find("--batch-size is 3, but the run began with 2") !=
        std::string::npos);
  CHECK(error({"--seed", "2"}).find("--seed") != std::string::npos);
  CHECK(error({"--logdir", "elsewhere"}).find("--logdir") != std::string::npos);
  fs::remove(path / "episodes" / contents(path / "episodes").front().first);
  CHECK(error({"--total-episodes", "6"}).find("train-000000") != std::string::npos);
}

TEST_CASE("a finished run says so, and with what to go on, and ends well") {
  const Scratch scratch;
  const fs::path path = scratch / "it's done";
  REQUIRE(run(scratch, "train", smallest(path)).status == 0);
  const auto before = contents(path / "episodes");
  const fs::path checkpoint = latest(path);
  const Result r = run(scratch, "train", resume(path));
  INFO(r.err);
  CHECK(r.status == 0);
  CHECK(r.out == path.string() +
                     " is finished: 4 episodes reached\nto go on: " PLANET_BINARY_DIR
                     "/bin/train --resume '" +
                     (scratch / "it'\\''s done").string() + "' --total-episodes 8\n");
  CHECK(contents(path / "episodes") == before);
  CHECK(latest(path) == checkpoint);
  // By its time limit, and a little early: the rest is no room for an update and an evaluation.
  const Args timed{"--total-episodes", "0", "--time-limit", "1500ms"};
  REQUIRE(run(scratch, "train", smallest(scratch / "timed", timed)).status == 0);
  const fs::path file = latest(scratch / "timed") / "state.json";
  const std::string state = Json::parse(text_of(file)).set("seconds", 1.45).dump();
  write_text_atomically(file, state);
  const Result again = run(scratch, "train", resume(scratch / "timed"));
  CHECK(again.status == 0);
  CHECK(again.out.find(" is finished: time limit 1.5s reached") != std::string::npos);
  CHECK(again.out.find("--time-limit 3s") != std::string::npos);
  CHECK(text_of(file) == state);
}

TEST_CASE("a config.toml that was edited is held against the checkpoint's") {
  const Scratch scratch;
  const fs::path path = scratch / "run", file = path / "config.toml";
  REQUIRE(run(scratch, "train", smallest(path)).status == 0);
  const std::string whole = text_of(file);
  const auto edited = [&](const std::string& key, const std::string& line) {
    std::string text = whole;
    const std::size_t at = text.find("\n" + key + " = ") + 1;
    text.replace(at, text.find('\n', at) - at, line);
    write_text_atomically(file, text);
    return run(scratch, "train", resume(path, {"--total-episodes", "5"}));
  };
  const auto refused = [&](const Result& r, const std::string& sentence) {
    INFO(r.err);
    CHECK(r.status == 2);
    CHECK(r.err.find(file.string() + sentence + "; a resumed run computes what it would have") !=
          std::string::npos);
  };
  refused(edited("learning_rate", "learning_rate = 0.5"),
          ": learning_rate is 0.5, but the run began with 0.002");
  refused(edited("seed", "seed = 99"), ": seed is 99, but the run began with 1");
  refused(edited("env_option", "env_option = [\"time_limit=20\", \"view=3\"]"),
          ": env_option is time_limit=20,view=3, but the run began with time_limit=20");
  refused(edited("kl_scale", "# kl_scale = 1"), " has no kl_scale, and the run began with 1");
  refused(edited("batch_size", ""), " has no batch_size, and the run began with 2");
  CHECK(edited("eval_episodes", "eval_episodes = 1").status == 0);  // looking
  write_text_atomically(file, "\xef\xbb\xbf" + std::regex_replace(whole, std::regex("\n"), "\r\n"));
  CHECK(run(scratch, "train", resume(path, {"--total-episodes", "6"})).status == 0);
}

TEST_CASE("a run goes on with the episodes that its memory holds and needs no others") {
  const Scratch scratch;
  const fs::path whole = scratch / "whole", lost = scratch / "lost";
  const Args little{"--replay-memory", "20KB"};  // two episodes of 11 pictures of 16 x 16 x 3
  REQUIRE(run(scratch, "train", smallest(whole, little + Args{"--total-episodes", "7"})).status ==
          0);
  REQUIRE(run(scratch, "train", smallest(lost, little + Args{"--total-episodes", "6"})).status ==
          0);
  const auto files = contents(lost / "episodes");
  REQUIRE(files.size() == 6);
  for (int i = 0; i < 4; ++i)
    fs::remove(lost / "episodes" / files[static_cast<std::size_t>(i)].first);
  const Result r = run(scratch, "train", resume(lost, {"--total-episodes", "7"}));
  INFO(r.err);
  REQUIRE(r.status == 0);
  CHECK(same_tensors(latest(whole) / "model.safetensors", latest(lost) / "model.safetensors"));
  fs::remove(lost / "episodes" / files[5].first);
  const Result gone = run(scratch, "train", resume(lost, {"--total-episodes", "8"}));
  CHECK(gone.status == 2);
  CHECK(gone.err.find("has no file train-000005") != std::string::npos);
}

TEST_CASE("a run's episodes say their task, and it learns from no other task's") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  REQUIRE(run(scratch, "train", smallest(path)).status == 0);
  const fs::path file = path / "episodes" / contents(path / "episodes").front().first;
  std::string task;
  const Episode episode = load_episode_file(file, &task);
  CHECK(task == "pendulum_swingup");
  save_episode_file(file, episode);  // as earlier versions did
  CHECK(run(scratch, "train", resume(path, {"--total-episodes", "5"})).status == 0);
  save_episode_file(file, episode, "cartpole_swingup");
  const Result r = run(scratch, "train", resume(path, {"--total-episodes", "6"}));
  CHECK(r.status == 2);
  CHECK(r.err.find("is an episode of cartpole_swingup; this run learns pendulum_swingup") !=
        std::string::npos);
}

TEST_CASE("P20 the same seed gives the same bytes and another seed others") {
  const Scratch scratch;
  const fs::path a = scratch / "a", b = scratch / "b", c = scratch / "c";
  REQUIRE(run(scratch, "train", smallest(a)).status == 0);
  REQUIRE(run(scratch, "train", smallest(b)).status == 0);
  REQUIRE(run(scratch, "train", smallest(c, {"--seed", "2"})).status == 0);
  check_same_run(a, b);
  CHECK(text_of(latest(a) / "model.safetensors") == text_of(latest(b) / "model.safetensors"));
  CHECK(contents(a / "episodes").front().second != contents(c / "episodes").front().second);
}

TEST_CASE("the number of threads changes no bit of a run") {
  const Scratch scratch;
  const fs::path one = scratch / "one", three = scratch / "three";
  REQUIRE(run(scratch, "train", smallest(one)).status == 0);
  REQUIRE(run(scratch, "train", smallest(three, {"--threads", "3"})).status == 0);
  check_same_run(one, three);
}

TEST_CASE("an evaluation whose picture could not be written is made again") {
  const Scratch scratch;
  const fs::path whole = scratch / "whole", failed = scratch / "failed";
  REQUIRE(run(scratch, "train", smallest(whole)).status == 0);
  REQUIRE(run(scratch, "train", smallest(failed, {"--total-episodes", "3"})).status == 0);
  const fs::path picture =
      failed / "pictures" / ("eval-" + latest(whole).filename().string() + ".png");
  fs::create_directories(picture);  // where it would go
  CHECK(run(scratch, "train", resume(failed, {"--total-episodes", "4"})).status == 2);
  fs::remove(picture);
  REQUIRE(run(scratch, "train", resume(failed)).status == 0);
  CHECK(fs::is_regular_file(picture));
  CHECK(text_of(picture) == text_of(whole / "pictures" / picture.filename()));
  check_same_run(whole, failed, false);
}

TEST_CASE("the last two checkpoints and the best are kept") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  REQUIRE(
      run(scratch, "train",
          smallest(path, {"--total-episodes", "9", "--checkpoint-every", "1", "--eval-every", "2"}))
          .status == 0);
  std::size_t folders = 0;
  for (const auto& entry : fs::directory_iterator(path / "checkpoints"))
    folders += entry.is_directory();
  std::string best = text_of(path / "checkpoints" / "best");
  best.pop_back();
  CHECK(fs::exists(path / "checkpoints" / best / "done"));
  CHECK(fs::exists(latest(path) / "done"));
  CHECK(folders >= 2);
  CHECK(folders <= 3);
}

TEST_CASE("a half-written checkpoint is ignored and the one before it is used") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  REQUIRE(run(scratch, "train", smallest(path, {"--checkpoint-every", "1"})).status == 0);
  const fs::path newest = latest(path);
  fs::create_directories(path / "checkpoints" / "999999999");
  fs::copy(newest / "model.safetensors", path / "checkpoints/999999999/model.safetensors");
  fs::create_directories(path / "checkpoints" / ".writing-000000007");
  CHECK(newest_checkpoint(path / "checkpoints") == newest);
  CHECK(!fs::exists(path / "checkpoints" / "999999999"));
  CHECK(!fs::exists(path / "checkpoints" / ".writing-000000007"));
  CHECK(latest(path) == newest);
  // Killed between the two renames of a checkpoint that replaces one of the same number.
  fs::rename(newest, path / "checkpoints" / (".old-" + newest.filename().string()));
  CHECK(newest_checkpoint(path / "checkpoints") == newest);
}

TEST_CASE("unreadable counters are refused with their file and key") {
  const Scratch scratch;
  const fs::path a = scratch / "a";
  REQUIRE(run(scratch, "train", smallest(a, {"--total-episodes", "3"})).status == 0);
  const fs::path file = latest(a) / "state.json";
  std::string text = text_of(file);
  text.replace(text.find("\"decisions\""), 11, "\"decision\"");
  write_text_atomically(file, text);
  const Result r = run(scratch, "train", resume(a, {"--total-episodes", "4"}));
  CHECK(r.status == 2);
  INFO(r.err);
  CHECK(r.err.find("state.json: JSON: there is no key \"decisions\" (did you mean 'decision'?)") !=
        std::string::npos);
  CHECK(text_of(file) == text);
  // A negative counter would have episodes removed.
  text.replace(text.find("\"decision\": "), 12, "\"decisions\": ");
  text.replace(text.find("\"episodes\": 3"), 13, "\"episodes\": -3");
  write_text_atomically(file, text);
  const auto episodes = contents(a / "episodes");
  const Result negative = run(scratch, "train", resume(a, {"--total-episodes", "4"}));
  CHECK(negative.status == 2);
  CHECK(has(negative.err, "state.json: \"episodes\" is -3; it is at least 0"));
  CHECK(contents(a / "episodes") == episodes);
}

TEST_CASE("P31 a loss that is not finite stops the run with its first op and status 3") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  const Args wild{"--learning-rate", "1e30", "--grad-clip", "1e30", "--checkpoint-every", "1"};
  for (const bool checked : {false, true}) {
    const fs::path where = scratch / (checked ? "checked" : "plain");
    const Result r =
        run(scratch, "train", smallest(where, wild) + (checked ? Args{"--check-finite"} : Args{}));
    INFO(r.err);
    CHECK(r.status == 3);
    CHECK(r.err.find("[") != std::string::npos);  // the op: [linear] rssm/...
    // What was saved before is still good.
    for (const auto& entry : fs::directory_iterator(where / "checkpoints"))
      if (entry.is_directory()) CHECK_NOTHROW(load_model(entry.path()));
  }
}
