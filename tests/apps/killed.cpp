// kill -9 before every single step of saving a checkpoint, one after the other.
//
// The calls through which a save changes the disk's names are this binary's own here: in a child
// process the n-th of them is its last. Whatever n, the parent must find a checkpoint that is
// whole: the old one or the new one.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>

#include "apps/common/options/run_config.hpp"
#include "apps/common/run/checkpoint.hpp"
#include "tests/apps/programs.hpp"

namespace {

int steps_left = -1;  // -1: as many as you like

template <class... Args>
int step(long number, Args... args) {
  if (steps_left >= 0 && steps_left-- == 0) raise(SIGKILL);
  return static_cast<int>(syscall(number, args...));
}

}  // namespace

extern "C" {
int rename(const char* from, const char* to) noexcept {
  return step(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}
int mkdir(const char* path, mode_t mode) noexcept {
  return step(SYS_mkdirat, AT_FDCWD, path, mode);
}
int unlinkat(int folder, const char* path, int flags) noexcept {
  return step(SYS_unlinkat, folder, path, flags);
}
int remove(const char* path) noexcept {
  const int status = step(SYS_unlinkat, AT_FDCWD, path, 0);
  if (status == 0 || errno != EISDIR) return status;
  return static_cast<int>(syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR));
}
int fsync(int descriptor) { return step(SYS_fsync, descriptor); }
}

using namespace planet;
using namespace planet::test;

namespace {

struct Saved {
  RunConfig config = task_defaults("pendulum_swingup");
  WorldModel model{config.model, 1};
  Adam adam{model.params()};
  RunState state;

  void update() {
    ++state.updates;
    std::fill_n(model.params().grads<float>(), model.params().size(), 0.1f);
    adam.step(clip_by_global_norm(model.params(), 1000));
  }
  std::vector<float> weights() const { return of(model); }
  static std::vector<float> of(const WorldModel& m) {
    return {m.params().values<float>(), m.params().values<float>() + m.params().size()};
  }
};

// A child process that does the work and dies before step `killed` of it. Did it come to the end?
bool survives(int killed, const std::function<void()>& work) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    steps_left = killed;
    work();
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  const bool finished = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  REQUIRE((finished || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)));
  return finished;
}

}  // namespace

TEST_CASE("kill -9 before any step of a save leaves a whole checkpoint") {
  // A new number, the same number once more, and a new one of a model whose parameters are averages.
  for (const auto& [again, averaged] : {std::pair(false, false), {true, false}, {false, true}}) {
    int killed = 0;
    for (bool finished = false; !finished; ++killed) {
      REQUIRE(killed < 1000);
      INFO("killed before step ", killed, std::string(again ? ", the same update count again" : ""),
           std::string(averaged ? ", averaged" : ""));
      const Scratch scratch;
      const fs::path folder = scratch / "checkpoints";
      fs::create_directories(folder);
      Saved run;
      const WorldModel average(run.config.model, 2);
      const WorldModel& acts = averaged ? average : run.model;
      const auto save = [&] { save_checkpoint(folder, run.config, acts, run.adam, run.state); };
      run.update();
      save();
      const std::vector<float> old = run.weights();
      if (!again) run.update();
      run.model.params().values<float>()[0] += 1;

      finished = survives(killed, save);

      const auto newest = newest_checkpoint(folder);
      REQUIRE(newest.has_value());
      Saved found;
      WorldModel found_average(run.config.model, 3);
      WorldModel& found_acts = averaged ? found_average : found.model;
      const RunState state = load_checkpoint(*newest, found_acts, found.adam);
      CHECK((!averaged || Saved::of(found_average) == Saved::of(average)));
      const bool is_new = found.weights() == run.weights();
      CHECK((is_new || found.weights() == old));
      CHECK((!finished || is_new));
      CHECK(state.updates == (is_new ? run.state.updates : 1));
      CHECK(load_model(folder.parent_path()).file == *newest / "model.safetensors");
    }
    CHECK(killed > 10);  // a save has many steps: they were counted
  }
}

TEST_CASE(
    "kill -9 before any step of noting an evaluation leaves it noted whole or to be made again") {
  int killed = 0;
  for (bool finished = false; !finished; ++killed) {
    REQUIRE(killed < 100);
    INFO("killed before step ", killed);
    const Scratch scratch;
    Saved run;
    run.update();
    const fs::path checkpoint =
        save_checkpoint(scratch.path(), run.config, run.model, run.adam, run.state);
    run.state.evaluated_updates = 1;
    run.state.best = checkpoint.filename().string();
    finished = survives(killed, [&] { update_checkpoint_state(checkpoint, run.state); });
    const std::string state = text_of(checkpoint / "state.json");
    if (!RunState::from_json(Json::parse(state)).best.empty())
      CHECK(text_of(scratch / "best") == run.state.best + "\n");
    else CHECK(!finished);
  }
  CHECK(killed > 3);
}
