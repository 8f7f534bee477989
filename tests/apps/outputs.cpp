// Where results go: what is known before the work, what stdout owes, and that nothing of a user's is
// deleted.
#include <doctest/doctest.h>

#include "autograd/base/error.hpp"
#include "nn/files/atomic_file.hpp"
#include "tests/apps/csv.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

/// A line of a shell, in which $B is the folder of the programs.
Result shell(const Scratch& scratch, const std::string& line) {
  return run(scratch, "/bin/bash", {"-c", cat("B=", PLANET_BINARY_DIR, "/bin; ", line)});
}

void write_file(const fs::path& file, const std::string& text) { write_text_atomically(file, text); }

constexpr const char* plot_line = "$B/plot t.csv --x x --y y --svg p.svg --table ";

}  // namespace

TEST_CASE("an empty value is an error and never no option") {
  const Scratch scratch;
  const auto refused = [&](const std::string& line, const std::string& sentence) {
    const Result r = shell(scratch, line);
    CAPTURE(line);
    CHECK(r.status == 2);
    CHECK(r.out == "");
    CHECK(r.err == sentence + " is empty; give it a value or leave it out\n");
  };
  refused("$B/train --resume \"$RUN\" --total-episodes 8", "train: --resume");
  refused("$B/train --resume= --total-episodes 8", "train: --resume");
  refused("$B/train --check-finite ''", "train: --check-finite");
  refused("$B/eval r0 --sheet ''", "eval: --sheet");
  refused("$B/eval r0 --export ''", "eval: --export");
  refused("$B/play ''", "play: argument 1");
  refused("$B/plot --svg a.svg ''", "plot: argument 3");
  refused("$B/gradcheck --model ''", "gradcheck: --model");
  CHECK(!fs::exists(scratch / "runs"));
  write_file(scratch / "t.csv", "x,y,note\n1,2,\n2,3,late\n");
  CHECK(shell(scratch, plot_line + std::string("t.md --where note=")).status ==
        0);  // a cell may be
}

TEST_CASE("a stdout that is closed or full is status 2 and one sentence") {
  const Scratch scratch;
  write_file(scratch / "t.csv", "x,y\n1,2\n");
  for (const char* where : {">/dev/full", ">&-"})
    for (const char* what :
         {"plot --help", "plot --version", "train --print-config", "play --list-envs",
          "gradcheck --op exp", "play --policy zero --env-option time_limit=4", "worlds",
          "worlds --version", "worlds plot --help"}) {
      const Result r = shell(scratch, cat("$B/", what, " ", where));
      CAPTURE(what);
      CAPTURE(where);
      CHECK(r.status == 2);
      CHECK(r.err.ends_with(
          ": stdout is closed or its disk is full; what was to be printed there is lost\n"));
      CHECK(std::count(r.err.begin(), r.err.end(), '\n') == 1);
    }
  // Nothing to say, nothing lost; and a file does not become stdout because that was closed.
  CHECK(shell(scratch, cat(plot_line, "t.md <&- >&- 2>&-")).status == 0);
  CHECK(text_of(scratch / "t.md").starts_with("| x | n | y |\n"));
}

TEST_CASE("outputs that are devices, pipes and links stay what they are") {
  const Scratch scratch;
  write_file(scratch / "t.csv", "x,y\n1,2\n");
  fs::create_symlink("/dev/null", scratch / "null");
  fs::create_symlink("real.md", scratch / "link.md");
  write_file(scratch / "real.md", "old");
  const std::string table = "| x | n | y |\n|---|---|---|\n| 1 | 1 | 2.000 |\n";
  CHECK(shell(scratch, cat(plot_line, "null")).status == 0);
  CHECK(fs::is_symlink(scratch / "null"));
  CHECK(shell(scratch, cat(plot_line, "link.md")).status == 0);
  CHECK(fs::is_symlink(scratch / "link.md"));
  CHECK(text_of(scratch / "real.md") == table);
  CHECK(shell(scratch, cat(plot_line, ">(cat > piped.md); wait $!")).status == 0);
  CHECK(text_of(scratch / "piped.md") == table);
  const Result printed = shell(scratch, cat(plot_line, "/dev/stdout"));
  CHECK(printed.out == table);
  CHECK(printed.err == "wrote /dev/stdout\nwrote p.svg\n");
  const Result grad = shell(scratch, "$B/gradcheck --op exp --csv null");
  CHECK(grad.status == 0);
  CHECK(fs::is_symlink(scratch / "null"));
}

TEST_CASE("an output that cannot be written is refused before anything is computed") {
  const Scratch scratch;
  write_file(scratch / "t.csv", "x,y\n1,2\n");
  write_file(scratch / "file", "a file");
  const fs::path path = scratch / "run";
  REQUIRE(run(scratch, "train", smallest(path)).status == 0);
  const auto refused = [&](const std::string& line, const std::string& sentence) {
    const Result r = shell(scratch, line);
    CAPTURE(line);
    CAPTURE(r.err);
    CHECK(r.status == 2);
    CHECK(r.out == "");
    CHECK(r.err == sentence + "\n");
  };
  const std::string none = " cannot be written: No such file or directory";
  refused("$B/eval run --sheet no/x.png", "eval: --sheet: no/x.png" + none);
  refused("$B/eval run --csv no/x.csv", "eval: --csv: no/x.csv" + none);
  refused("$B/eval run --sheet x.jpg",
          "eval: --sheet is 'x.jpg', and what is written is no .jpg but .png; name it *.png");
  refused("$B/plot t.csv --x x --y y --svg p.png",
          "plot: --svg is 'p.png', and what is written is no .png but .svg; name it *.svg");
  refused("$B/gradcheck --csv no/x.csv", "gradcheck: --csv: no/x.csv" + none);
  refused("$B/play --trajectory no/x.csv", "play: --trajectory: no/x.csv" + none);
  const std::string folder = ": the folder cannot be made: Not a directory";
  refused("$B/eval run --export file/x", "eval: file/x" + folder);
  refused("$B/play --frames file/x", "play: file/x" + folder);
  refused("$B/dream run --out file/x", "dream: file/x" + folder);
  refused("$B/plan run --out file/x", "plan: file/x" + folder);
  refused("$B/compare run --out file/x", "compare: file/x" + folder);
  refused("$B/train --logdir file/x", "train: file/x" + folder);
}

TEST_CASE("what is written is said") {
  const Scratch scratch;
  REQUIRE(run(scratch, "train", smallest(scratch / "run")).status == 0);
  CHECK(shell(scratch, "$B/eval run --csv e.csv --sheet e.png --export out").err ==
        "wrote e.csv\nwrote e.png\nwrote out/model.safetensors\n");
  CHECK(shell(scratch, "$B/play run --trajectory t.csv --frames f").err ==
        "wrote t.csv\nwrote f: 11 pictures\n");
  CHECK(shell(scratch, "$B/plot run --csv p.csv --svg p.svg").err == "wrote p.csv\nwrote p.svg\n");
}

TEST_CASE("a path that JSON cannot hold is refused before the evaluation") {
  const Scratch scratch;
  const std::string name = "run\xff";
  REQUIRE(run(scratch, "train", smallest(scratch / name)).status == 0);
  const Result r = run(scratch, "eval", {name, "--json"});
  CHECK(r.status == 2);
  CHECK(has(r.err, "which is not UTF-8; rename it, or leave --json out\n"));
  CHECK(run(scratch, "eval", {name}).status == 0);
}

TEST_CASE("only a killed process's own files are cleared away") {
  const Scratch scratch;
  // What may look like one, in a folder that is to be a run's: it is not empty.
  for (const char* name : {"thesis.tmp-final.tex", "notes.tmp-1-2", "lock"}) {
    const fs::path folder = scratch / (std::string("of-") + name);
    fs::create_directory(folder);
    write_file(folder / name, "only copy");
    const Result r = run(scratch, "train", smallest(folder));
    CAPTURE(name);
    CHECK(r.status == 2);
    CHECK(has(r.err, "is not empty"));
    CHECK(text_of(folder / name) == "only copy");
  }
  const fs::path own = scratch / "own";
  fs::create_directory(own);
  write_file(own / "lock", "process 123");
  write_file(own / "config.toml.tmp-123-0", "env = ");
  CHECK(run(scratch, "train", smallest(own)).status == 0);
  CHECK(!fs::exists(own / "config.toml.tmp-123-0"));

  const fs::path checkpoint = latest(own);
  const fs::path theirs[] = {
      own / "plan.tmp-2024.md",          own / "notes.tmp-1-2",
      own / "episodes/mine.npz.tmp-1-2", own / "episodes/train-000009-rewards.npz",
      own / "checkpoints/.hidden",       own / "checkpoints/.old-notes",
      own / "checkpoints/.writing-down", checkpoint / "notes.txt"};
  const fs::path ours[] = {own / "config.toml.tmp-1-2",
                           own / "episodes/train-000003-r1.5.npz.tmp-1-2",
                           own / "pictures/eval-000000009.png.tmp-1-2",
                           own / "checkpoints/latest.tmp-1-2", checkpoint / "state.json.tmp-1-2"};
  fs::create_directory(own / "dreams");
  write_file(own / "dreams/dream.png.tmp-1-2", "a dream that is written now");
  for (const fs::path& file : theirs) write_file(file, "kept");
  for (const fs::path& file : ours) write_file(file, "left behind");
  // So many more episodes that the checkpoint above is dropped.
  REQUIRE(run(scratch, "train",
              {"--resume", own.string(), "--total-episodes", "9", "--checkpoint-every", "1"})
              .status == 0);
  for (const fs::path& file : theirs) {
    CAPTURE(file);
    CHECK(text_of(file) == "kept");
  }
  for (const fs::path& file : ours) CHECK(!fs::exists(file));
  CHECK(fs::exists(own / "dreams/dream.png.tmp-1-2"));
  CHECK(!fs::exists(checkpoint / "model.safetensors"));
}

TEST_CASE("sizes that no memory holds are refused by name and before a folder is made") {
  const Scratch scratch;
  const auto refused = [&](const Args& more, const std::string& what) {
    const Result r = run(scratch, "train", Args{"--total-episodes", "9"} + more);
    INFO(r.err);
    CHECK(r.status == 2);
    CHECK(r.err.starts_with("train: " + what));
    CHECK(has(r.err, "are available; give a smaller"));
  };
  refused({"--candidates", "2147483647", "--horizon", "1000000"}, "the candidates of a plan take");
  refused({"--horizon", "2147483647"}, "the candidates of a plan take");
  refused({"--deter-size", "1000000"}, "the model's weights, their gradients and Adam's moments");
  refused({"--reward-units", "2147483647"}, "the model's weights, their gradients and");
  refused({"--batch-size", "2147483647"}, "the pictures of a batch take");
  CHECK(!fs::exists(scratch / "runs"));
  // Where nothing is known before, the last net has a sentence. The address sanitizer takes terabytes itself.
  if (under_address_sanitizer) return;
  const Result r =
      shell(scratch, "ulimit -v 4000000; $B/play --policy oracle --horizon 2147483647");
  CHECK(r.status == 2);
  CHECK(r.err ==
        "play: no memory holds what was asked for; smaller sizes, fewer candidates or a "
        "shorter horizon need less\n");
}

TEST_CASE("an episode that does not fit is named and the model's sizes stand beside its own") {
  const Scratch scratch;
  const fs::path small = scratch / "small", large = scratch / "large";
  REQUIRE(run(scratch, "train", smallest(small)).status == 0);
  REQUIRE(run(scratch, "train", smallest(large, {"--image-size", "32"})).status == 0);
  const auto episode = [](const fs::path& path, const std::string& index) {
    for (const auto& entry : fs::directory_iterator(path / "episodes"))
      if (has(entry.path().string(), index)) return entry.path();
    FAIL("no such episode");
    return fs::path();
  };
  const fs::path first = episode(small, "train-000000");
  fs::copy(episode(large, "train-000000"), first, fs::copy_options::overwrite_existing);
  const Result r = run(scratch, "train", {"--resume", small.string(), "--total-episodes", "5"});
  CHECK(r.status == 2);
  CHECK(r.err.ends_with(first.string() + " has pictures of 32 pixels and 1 numbers in an action; "
                                         "the model has 16 and 1\n"));
  std::string text = text_of(first);
  write_file(first, "PK");
  CHECK(has(run(scratch, "train", {"--resume", small.string(), "--total-episodes", "5"}).err,
            first.string()));
}

TEST_CASE("wrong counts of values and unknown files have sentences") {
  const Scratch scratch;
  const auto says = [&](const std::string& line, const std::string& sentence) {
    const Result r = shell(scratch, line);
    CAPTURE(line);
    CAPTURE(r.err);
    CHECK(r.status == 2);
    CHECK(has(r.err, sentence));
  };
  says("$B/train --env", "train: --env has no value; it needs one\n");
  says("$B/train --logdir a --logdir b", "train: --logdir is given more than once\n");
  says("$B/gradcheck --eps 1e-3", "gradcheck: there is no option --eps; --help lists all\n");
  write_file(scratch / "README.md", std::string(100, 'x'));
  says("$B/eval README.md", "README.md: this is not a safetensors file");
  write_file(scratch / "m.toml", std::string("\x08\0\033[31m", 7));
  says("$B/train --config m.toml", "m.toml is no text file; --config reads a config.toml");
  write_file(scratch / "m.toml", "\033[31m = 1\n");
  says("$B/train --config m.toml", "there is no option '?[31m'");
  REQUIRE(run(scratch, "train", smallest(scratch / "run")).status == 0);
  says("$B/eval run/checkpoints", cat("(did you mean ", (scratch / "run").string(), "?)"));
  says("$B/plot run --against updates --svg p.svg", "(did you mean 'counter/updates'?)");
}
