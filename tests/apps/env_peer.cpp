// An environment in a process of its own, for tests: a bright square in a box, pushed about. It keeps the
// protocol of apps/common/bridge/README.md unless it is told to break it, once.
//
//   env_peer PIXELS [NAME=VALUE ...]
//   end=N        the task ends an episode after N steps        drift=1   pictures depend on the past
//   log=FILE     a line for each start and each reset          limit=T   control steps of an episode
//   fault=WORD at=N once=FILE   does WORD in its Nth step, unless FILE is there, and makes it
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>

namespace {

std::map<std::string, std::string> options;

std::string option(const std::string& name, const std::string& otherwise) {
  const auto found = options.find(name);
  return found == options.end() ? otherwise : found->second;
}

void log(const std::string& word) {
  if (options.contains("log")) std::ofstream(options["log"], std::ios::app) << word << std::endl;
}

void say(const std::string& text) { std::cout << text << std::flush; }

[[noreturn]] void hang() {
  while (true) pause();
}

struct World {
  int n = 0, steps = 0, in_episode = 0;
  double x = 0, y = 0;

  void reset(std::uint64_t seed) {
    in_episode = 0;
    const auto part = [&](int shift) {
      return double(seed * 0x9E3779B97F4A7C15u >> shift & 255) / 255;
    };
    x = part(56), y = part(48);
  }
  // The reward is the first number of the action, in the bounds that were announced.
  std::string step(double u, double v) {
    ++steps, ++in_episode;
    x = std::clamp(x + 0.02 * u, 0.0, 1.0);
    y = std::clamp(y + 0.1 * (v - 5), 0.0, 1.0);
    std::ostringstream out;
    out.precision(17);
    out << u << " " << (in_episode == std::atoi(option("end", "0").c_str()) ? 1 : 0) << " 0\n";
    return out.str();
  }
  std::string picture() const {
    std::string bytes;
    const int drift = options.contains("drift") ? steps % 7 : 0;
    for (int row = 0; row < n; ++row)
      for (int column = 0; column < n; ++column) {
        const bool lit =
            std::abs(row - int(y * (n - 1))) < 3 && std::abs(column - int(x * (n - 1))) < 3;
        bytes.append(3, static_cast<char>((lit ? 200 : 30) + drift));
      }
    return "P6 " + std::to_string(n) + " " + std::to_string(n) + " 255\n" + bytes;
  }
};

// An answer to a step that it should not give.
void misbehave(const std::string& fault) {
  std::cerr << "this is the peer\nit was told to: " << fault << std::endl;
  if (fault == "die") std::exit(3);
  if (fault == "kill") raise(SIGKILL);
  if (fault == "hang") hang();
  if (fault == "deaf") close(STDOUT_FILENO), close(STDIN_FILENO), hang();
  if (fault == "half") say("0.5 0"), std::exit(0);
  if (fault == "garbage") say("hello world\n");
  if (fault == "endless") say(std::string(100'000, 'x'));
  if (fault == "nan") say("nan 0 0\n");
  if (fault == "vast") say("1e40 0 0\n");
  if (fault == "few") say("0.5 0\n");
  if (fault == "flag") say("0.5 0 maybe\n");
  if (fault == "more") say("0.5 0 0\n0.5 0 0\n");
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 2; i < argc; ++i) {
    const std::string word = argv[i];
    options[word.substr(0, word.find('='))] = word.substr(word.find('=') + 1);
  }
  const std::string fault = option("fault", ""), once = option("once", "");
  log("start");
  if (fault == "refuse") return std::cerr << "there is no licence for this\n", 1;
  if (fault == "mute") hang();
  if (fault == "greeting") return say("Welcome!\n"), 0;
  if (fault == "bounds") return say("planet 1 30 1 1 0 1\n"), 0;
  say("planet 1 " + option("limit", "30") + " -2 2 0 10\n");
  World world{.n = std::atoi(argv[1])};
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string word;
    words >> word;
    if (word == "reset") {
      std::uint64_t seed = 0;
      words >> seed;
      world.reset(seed);
      log("reset");
      say("ok\n");
      continue;
    }
    const bool now = !fault.empty() && world.steps == std::atoi(option("at", "0").c_str()) &&
                     (once.empty() || !std::ifstream(once));
    if (word == "step") {
      double u = 0, v = 0;
      words >> u >> v;
      const std::string answer = world.step(u, v);
      if (now && fault != "size" && fault != "part") {
        if (!once.empty()) std::ofstream made(once);
        misbehave(fault);
        continue;
      }
      say(answer);
    } else if (now && (fault == "size" || fault == "part")) {
      if (!once.empty()) std::ofstream made(once);
      std::string picture = world.picture();
      if (fault == "size") picture = "P6 8 8 255\n" + std::string(8 * 8 * 3, ' ');
      else picture.resize(picture.size() / 2);
      say(picture);
      if (fault == "part") hang();
    } else {
      say(world.picture());
    }
  }
  return 0;
}
