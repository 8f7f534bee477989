// Commands that are printed to be pasted are pasted: those of the READMEs, of the quickstart's last
// lines and of the programs themselves, in a folder as the quickstart leaves it. What learns
// or plays is made small(); what a comment says takes minutes is asked for --help.
#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <regex>
#include <sstream>
#include <thread>

#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

const fs::path source_root = PLANET_SOURCE_DIR;

// `line` with `flags`, which take the place of a number that it gives them.
std::string with(std::string line, const std::vector<std::string>& flags) {
  for (const std::string& flag : flags) {
    const std::regex given(flag.substr(0, flag.rfind(' ')) + " \\d+");
    if (std::regex_search(line, given)) line = std::regex_replace(line, given, flag);
    else line += flag;
  }
  return line;
}

// A training as one of a few small updates, one short search and an evaluation of one episode; an
// evaluation and a dream of one episode; a comparison of an episode of each of two models.
std::string small(const std::string& line) {
  if (has(line, "/eval ")) return has(line, " --export") ? line : with(line, {" --episodes 1"});
  if (has(line, "/compare ")) return with(line, {" --episode-count 2"});
  if (has(line, "/dream ") && !has(line, " --episodes ")) return with(line, {" --episode-count 1"});
  if (!has(line, "train ") || has(line, "--list-envs")) return line;
  const std::vector<std::string> limits{" --total-episodes 6", " --eval-episodes 1"};
  if (has(line, " --resume ")) return with(line, limits);
  return with(with(line, limits),
              {" --batch-size 2", " --batch-length 4", " --updates-per-episode 3", " --horizon 3",
               " --iterations 2", " --candidates 20", " --elites 4"});
}

// A checkout in which everything is built.
struct Checkout {
  Scratch scratch;
  Checkout() {
    fs::create_directories(scratch / "build/release");
    fs::create_directory_symlink(PLANET_BINARY_DIR "/bin", scratch / "build/release/bin");
    for (const char* part : {"apps/pretrained", "apps/studies/horizon", "envs"}) {
      fs::create_directories((scratch / part).parent_path());
      fs::copy(source_root / part, scratch / part, fs::copy_options::recursive);
    }
  }
  // The line, by a shell.
  Result paste(const std::string& line) const { return run(scratch, "/bin/bash", {"-c", line}); }
  void expect(const std::string& line) const {
    INFO(line);
    const Result r = paste(line);
    INFO(r.err);
    CHECK(r.status == 0);
  }
  // The run that the quickstart leaves.
  void quickstart() const {
    expect(small("build/release/bin/train --env pendulum_swingup --logdir runs/quickstart"));
  }
};

// Lines of code blocks that start a program of ours, up to a comment.
std::vector<std::string> commands(const std::string& text) {
  static const std::regex start("^(\\$ |    |)(build/release/bin/\\w.*)$");
  std::vector<std::string> found;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    if (std::smatch m; std::regex_match(line, m, start)) found.push_back(m[2]);
  return found;
}

void paste_all(const Checkout& checkout, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    const std::size_t comment = line.find(" #");
    std::string typed = line.substr(0, comment);
    if (has(line, "bin/test_")) continue;  // what tests/run.sh builds
    if (comment != std::string::npos && has(line.substr(comment), "minute"))
      checkout.expect(typed + " --help");
    else if (has(typed, "--policy keys")) {  // a person's terminal
      const Result r = checkout.paste(typed);
      CHECK(r.status == 2);
      CHECK(has(r.err, "terminal"));
    } else {
      checkout.expect(small(typed));
    }
  }
}

// What stands after `head` on a line of its own.
std::string after(const std::string& text, const std::string& head) {
  const std::size_t at = text.find(head);
  REQUIRE(at != std::string::npos);
  return text.substr(at + head.size(), text.find('\n', at) - at - head.size());
}

}  // namespace

TEST_CASE("what the front page and the quickstart print can be pasted") {
  const Checkout checkout;
  checkout.quickstart();
  const std::string script = text_of(source_root / "apps/quickstart.sh");
  std::string next = script.substr(script.find("say \"Next\""));
  next = std::regex_replace(next, std::regex("\\$bin"), "build/release/bin");
  next = std::regex_replace(next, std::regex("\\$run"), "runs/quickstart");
  next = std::regex_replace(next, std::regex("say \"  |\"(\n|$)"), "$1");
  REQUIRE(commands(next).size() == 3);
  paste_all(checkout, commands(next));
  paste_all(checkout, commands(text_of(source_root / "README.md")));
}

TEST_CASE("what the chapters print can be pasted") {
  const Checkout checkout;
  checkout.quickstart();
  for (const char* readme : {"apps/pretrained/README.md", "apps/README.md", "envs/README.md",
                             "rssm/README.md", "autograd/README.md"}) {
    INFO(readme);
    paste_all(checkout, commands(text_of(source_root / readme)));
  }
}

TEST_CASE("the commands that train prints can be pasted, from any folder and with any name") {
  const Checkout checkout;
  const Scratch& scratch = checkout.scratch;
  const std::string train = "build/release/bin/train ";
  const std::string name = "run it's \"$(1)\"", quoted = "'run it'\\''s \"$(1)\"'";
  std::string options;
  for (const std::string& word : smallest("", {"--total-episodes", "0"}))
    if (!word.empty() && word != "--logdir") options += " " + word;
  // Ctrl-C, which a training catches before its first episode.
  Process process(scratch, "/bin/bash", {"-c", "exec " + train + "--logdir " + quoted + options});
  const fs::path episodes = scratch / name / "episodes";
  for (int i = 0; i < 2000 && !(fs::exists(episodes) && !fs::is_empty(episodes)); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  process.signal(SIGINT);
  const std::string go_on = after(process.wait().out, "to go on: ");
  CHECK(go_on == train + "--resume " + quoted);
  const Result finished = checkout.paste(small(go_on));
  INFO(finished.err);
  REQUIRE(finished.status == 0);
  const std::string look = after(finished.out, "next        ");
  CHECK(look == "build/release/bin/eval " + quoted);
  checkout.expect(look);
  // A folder that holds a run, and a run that has come to its end.
  const Result again = checkout.paste(train + "--logdir " + quoted + options);
  CHECK(again.status == 2);
  const Result done = checkout.paste(after(again.err, "go on with it: "));
  CHECK(done.status == 0);
  CHECK(after(done.out, "to go on: ") == train + "--resume " + quoted + " --total-episodes 12");
  checkout.expect(after(done.out, "to go on: "));
  // --help.
  const std::string help = checkout.paste(train + "--help").out;
  std::istringstream examples(help.substr(help.find("Examples:")));
  std::size_t tried = 0;
  for (std::string line; std::getline(examples, line);)
    if (line.starts_with("  " + train)) checkout.expect(small(line.substr(2))), ++tried;
  CHECK(tried == 4);
  // Found on PATH, where eval would be the shell's own.
  const Result on_path =
      checkout.paste(small("PATH=build/release/bin:$PATH; train --logdir p" + options));
  CHECK(after(on_path.out, "next        ") == "build/release/bin/eval p");
}
