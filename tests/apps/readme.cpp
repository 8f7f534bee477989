// The commands that the READMEs show are commands that exist.
//
// Every line of a code block that begins with build/release/bin/PROGRAM is looked at: the program
// is there, it knows each flag, and what `train` is told can be put together to a run.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <regex>
#include <set>
#include <sstream>

#include "apps/common/options/config_file.hpp"
#include "autograd/base/error.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

const fs::path source = PLANET_SOURCE_DIR;

struct Command {
  std::string readme, line, program;
  Args args;
};

// Words of a command line: blanks separate, quotes hold together, # begins a comment.
Args words(const std::string& line) {
  Args out;
  std::string word;
  char quote = 0;
  for (const char c : line + " ") {
    if (quote != 0) {
      if (c == quote) quote = 0;
      else word += c;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == ' ') {
      if (!word.empty()) out.push_back(std::move(word));
      word.clear();
    } else if (c == '#' && word.empty()) {
      break;
    } else {
      word += c;
    }
  }
  return out;
}

std::vector<Command> commands() {
  static const std::regex start("^(\\$ |    )?(build/release/bin/(\\w+).*)$");
  std::vector<Command> found;
  std::vector<fs::path> readmes{source / "README.md"};
  for (const char* folder : {"autograd", "nn", "rssm", "planner", "envs", "apps"})
    readmes.push_back(source / folder / "README.md");
  for (const fs::path& readme : readmes) {
    std::istringstream in(text_of(readme));
    for (std::string line; std::getline(in, line);) {
      std::smatch match;
      if (!std::regex_match(line, match, start)) continue;
      Command c{readme.string(), line, match[3], words(match[2])};
      c.args.erase(c.args.begin());
      for (auto it = c.args.begin(); it != c.args.end();)  // what the shell would take
        it = it->starts_with(">") || it->starts_with("|") || *it == "&"
                 ? c.args.erase(it, c.args.end())
                 : it + 1;
      found.push_back(std::move(c));
    }
  }
  return found;
}

bool knows(const std::string& help, const std::string& flag) {
  return std::regex_search(help, std::regex("(^|[ ,])" + flag + "($|[ ,=\n\\[])"));
}

}  // namespace

TEST_CASE("every command in a README is known to its program") {
  const Scratch scratch;
  fs::create_directory_symlink(source / "apps", scratch / "apps");  // models that commands name
  std::size_t train = 0;
  for (const Command& c : commands()) {
    INFO(c.readme << ": " << c.line);
    if (c.program.starts_with("test_")) {  // a test binary: doctest's own flags
      CHECK(fs::exists(source / "tests" / c.program.substr(5) / "CMakeLists.txt"));
      continue;
    }
    const fs::path apps = source / "apps", example = apps / "examples" / c.program;
    CHECK((fs::exists(apps / (c.program + ".cpp")) || fs::exists(example / "main.cpp") ||
           fs::exists(apps / "studies" / "tools" / (c.program + ".cpp"))));
    const fs::path binary = fs::path(PLANET_BINARY_DIR) / "bin" / c.program;
    if (!fs::exists(binary) || fs::exists(example)) continue;  // not built here; has no --help
    const Result help = run(scratch, c.program, {"--help"});
    CHECK(help.status == 0);
    for (const std::string& arg : c.args)
      if (arg.starts_with("--")) {
        INFO(arg);
        CHECK(knows(help.out, arg.substr(0, arg.find('='))));
      }
    const auto given = [&](const char* flag) {
      return std::find(c.args.begin(), c.args.end(), flag) != c.args.end();
    };
    if (c.program != "train" || given("--resume") || given("--config") || given("--seeds"))
      continue;
    ++train;
    const Result config = run(scratch, "train", c.args + Args{"--print-config"});
    INFO(config.err);
    CHECK(config.status == 0);
  }
  CHECK(train >= 1);
}

TEST_CASE("the flags in the chapter on the programs are the flags of train") {
  const std::string chapter = text_of(source / "apps" / "README.md");
  for (const Field& field : run_fields()) {
    INFO(field.key);
    CHECK(chapter.find(cat("`", field.flag(), "`")) != std::string::npos);
    std::istringstream aliases(field.aliases);
    for (std::string alias; std::getline(aliases, alias, ',');)
      CHECK(chapter.find(cat("`", alias, "`")) != std::string::npos);
  }
}

TEST_CASE("the pictures of the front page exist and are quickly loaded") {
  const std::string page = text_of(source / "README.md");
  static const std::regex picture("!\\[[^\\]]*\\]\\(([^)]+)\\)");
  std::uintmax_t bytes = 0;
  std::size_t n = 0;
  for (std::sregex_iterator it(page.begin(), page.end(), picture), end; it != end; ++it, ++n) {
    const fs::path file = source / (*it)[1].str();
    CAPTURE(file.string());
    REQUIRE(fs::exists(file));
    bytes += fs::file_size(file);
  }
  CHECK(n >= 2);
  CHECK(bytes <= 3'000'000);
}

TEST_CASE("the Python in the README reads a run") {
  if (std::system("python3 -c 'import numpy' >/dev/null 2>&1") != 0) {
    MESSAGE("python3 with numpy is not here: not tried");
    return;
  }
  const Scratch scratch;
  REQUIRE(run(scratch, "train", smallest(scratch / "run")).status == 0);
  const std::string readme = text_of(source / "README.md"), fence = "```python\n";
  const std::size_t begin = readme.find(fence) + fence.size();
  std::string code = readme.substr(begin, readme.find("```", begin) - begin);
  const std::string path = "runs/quickstart";
  code.replace(code.find(path), path.size(), (scratch / "run").string());
  // What it promises about the run, in numbers.
  code +=
      "assert episode['image'].shape == (11, 16, 16, 3) and episode['image'].dtype == np.uint8\n"
      "assert episode['action'][0] == 0 and episode['reward'][0] == 0\n"
      "assert len(rows) == 3 and len(metrics) == 3\n"
      "assert weight.shape == tuple(info['shape']) and np.isfinite(weight).all()\n";
  std::FILE* file = std::fopen((scratch / "readme.py").c_str(), "w");
  REQUIRE(file != nullptr);
  std::fputs(code.c_str(), file);
  std::fclose(file);
  CHECK(std::system(("python3 " + (scratch / "readme.py").string()).c_str()) == 0);
}
