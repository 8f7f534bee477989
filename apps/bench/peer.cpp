#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "apps/bench/measure.hpp"
#include "apps/bench/model_cases.hpp"
#include "apps/bench/studies.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"

namespace planet::bench {
namespace {

// Another program behind two pipes: it answers each word with a number.
class Peer {
 public:
  explicit Peer(const std::string& command) {
    int to[2], from[2];
    require(pipe(to) == 0 && pipe(from) == 0, "--peer: no pipe could be made");
    pid_ = fork();
    if (pid_ == 0) {
      dup2(to[0], STDIN_FILENO);
      dup2(from[1], STDOUT_FILENO);
      for (const int fd : {to[0], to[1], from[0], from[1]}) close(fd);
      execl("/bin/sh", "sh", "-c", ("exec " + command).c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
    close(to[0]);
    close(from[1]);
    in_ = fdopen(to[1], "w");
    out_ = fdopen(from[0], "r");
    signal(SIGPIPE, SIG_IGN);
  }
  ~Peer() {
    std::fclose(in_);  // the other program ends at the end of its input
    std::fclose(out_);
    waitpid(pid_, nullptr, 0);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  double seconds(const char* word) {
    std::fprintf(in_, "%s\n", word);
    std::fflush(in_);
    char line[256];
    require(std::fgets(line, sizeof line, out_) != nullptr,
            "--peer: the command ended without an answer; see its own message above");
    char* end = nullptr;
    const double value = std::strtod(line, &end);
    require(end != line && value > 0, "--peer: it answered '", line, "' to '", word,
            "'; an answer is a number of seconds");
    return value;
  }

 private:
  pid_t pid_ = 0;
  std::FILE *in_ = nullptr, *out_ = nullptr;
};

template <class F>
double timed(F&& f) {
  const double start = now();
  f();
  return now() - start;
}

}  // namespace

void print_peer(const std::string& command, const std::vector<std::string>& sizes, double seconds) {
  std::printf("%-10s %-6s %12s %12s %8s\n", "size", "", "ours", "peer", "ratio");
  for (const std::string& name : sizes) {
    if (name == "paper") continue;  // the peer's largest size is planet64
    Peer peer(command + " serve --size " + name + " --threads " + std::to_string(threads()));
    ModelRun run(model_size(name));
    for (const char* work : {"step", "plan"}) {
      const bool step = std::string(work) == "step";
      const auto ours = [&] { step ? run.step() : run.plan(); };
      std::vector<double> mine, theirs;
      for (int i = 0; i < 3; ++i) ours(), peer.seconds(work);
      const double end = now() + 8 * seconds;
      // Alternately, so that noise affects both alike.
      while (mine.size() < 5 || (now() < end && mine.size() < 200)) {
        mine.push_back(timed(ours));
        theirs.push_back(peer.seconds(work));
      }
      const double a = median(mine), b = median(theirs);
      std::printf("%-10s %-6s %9.2f ms %9.2f ms %7.2fx\n", name.c_str(), work, a * 1e3, b * 1e3,
                  b / a);
      std::fflush(stdout);
    }
  }
}

}  // namespace planet::bench
