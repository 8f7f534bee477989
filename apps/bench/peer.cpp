#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>

#include "apps/bench/measure.hpp"
#include "apps/bench/model_cases.hpp"
#include "apps/bench/studies.hpp"
#include "apps/common/options/command.hpp"
#include "apps/common/options/version.hpp"
#include "apps/common/report/model_case.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"
#include "autograd/kernels/bf16.hpp"

namespace planet::bench {
namespace {

namespace fs = std::filesystem;

// What is under way, on stderr: the tables stand still for minutes.
template <class... Text>
void say(const Text&... text) {
  std::fprintf(stderr, "bench: %s\n", cat(text...).c_str());
}

// Another program behind two pipes: it answers each word with a number.
class Peer {
 public:
  explicit Peer(const std::string& command) {
    int to[2], from[2];
    require(pipe(to) == 0 && pipe(from) == 0, "--peer: no pipe could be made");
    // A later peer that held this one's input open would keep it from ending.
    for (const int fd : {to[0], to[1], from[0], from[1]}) fcntl(fd, F_SETFD, FD_CLOEXEC);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(to[0], STDIN_FILENO);
      dup2(from[1], STDOUT_FILENO);
      // Its threads wait as they would without us (apps/common/console/threads.hpp).
      const std::string own = cat("exec env -u GOMP_SPINCOUNT -u KMP_BLOCKTIME ", command);
      execl("/bin/sh", "sh", "-c", own.c_str(), static_cast<char*>(nullptr));
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
    if (late_) kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// The next line, without its end; false at the end of the output.
  bool line(std::string& text) {
    char buffer[256];
    if (std::fgets(buffer, sizeof buffer, out_) == nullptr) return false;
    text = buffer;
    if (text.ends_with('\n')) text.pop_back();
    return true;
  }

  double number(const char* word) {
    constexpr int patience = 300;  // seconds: a compiler may stand behind the first answer
    std::fprintf(in_, "%s\n", word);
    std::fflush(in_);
    pollfd answer{fileno(out_), POLLIN, 0};
    late_ = poll(&answer, 1, patience * 1000) == 0;
    require(!late_, "no answer to '", word, "' in ", patience, " s");
    std::string text;
    require(line(text), "it ended without an answer to '", word, "'; see its own message above");
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    require(end != text.c_str() && std::isfinite(value), "it answered '", text, "' to '", word,
            "'; an answer is a number");
    return value;
  }

 private:
  pid_t pid_ = 0;
  std::FILE *in_ = nullptr, *out_ = nullptr;
  bool late_ = false;
};

// A way to do the work, ours or a peer's, and what it took.
struct Contender {
  std::string name;
  bool ours = false;
  std::function<double(const char* word)> seconds;
  double last = 0;              // seconds of the last turn
  std::vector<double> taken{};  // ... and of those that count
  bool behind = false;          // so far that one is enough
};

// One case of the model of this size, and its loss in double: a peer that computes another loss does
// other work.
struct Case {
  fs::path file;
  double loss = 0;

  explicit Case(const ModelSize& size)
      : file(fs::temp_directory_path() / cat("planet-bench-", getpid(), ".safetensors")) {
    ModelCase example({.model = size.model});
    example.save(file, version_text());
    Tape tape(Precision::f64, Mode::inference);
    loss = example.elbo(tape).loss.item();
  }
  ~Case() {
    std::error_code gone;
    fs::remove(file, gone);
  }
  Case(const Case&) = delete;
  Case& operator=(const Case&) = delete;
};

void add_ours(std::vector<Contender>& all, const ModelSize& size) {
  std::vector<Precision> precisions{Precision::f32};
  if (kernels::has_matrix_tiles()) precisions.push_back(Precision::bf16);
  for (const Precision p : precisions) {
    const auto run = std::make_shared<ModelRun>(size, bench_planner(), p);
    all.push_back({cat("ours, ", name(p)), true, [run](const char* word) {
                     const double start = now();
                     if (std::string_view(word) == "step") run->step();
                     else run->plan();
                     return now() - start;
                   }});
  }
}

// Every way of one script, as far as it can be started and computes the same loss.
void add_peers(std::vector<Contender>& all, const std::string& python, const std::string& script,
               const ModelSize& size, const Case& c) {
  const std::string program = cat(python, " ", shell_quoted(script), " ");
  say(size.name, ": starts ", python, " ", script);
  std::vector<std::string> words;  // its name, then the ways
  {
    Peer peer(program + "ways");
    for (std::string word; peer.line(word);) words.push_back(word);
  }
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string called = cat(words[0], ", ", words[i]);
    say(size.name, ": ", called, " computes the loss");
    const auto peer = std::make_shared<Peer>(
        cat(program, "serve --case ", shell_quoted(c.file.string()), " --batch ", size.B,
            " --length ", size.L, " --threads ", threads(), " --way ", words[i]));
    try {
      const double loss = peer->number("loss"), error = std::abs(loss / c.loss - 1);
      require(error <= 1e-5, "its loss is ", loss, ", and ours of the same case ", c.loss,
              "; it does not do the same work");
      say(size.name, ": ", called, " has our loss, to ", error);
      all.push_back({called, false, [peer](const char* word) { return peer->number(word); }});
    } catch (const Error& e) {
      say(size.name, ": ", called, " is left out: ", e.what());
    }
  }
}

// One turn of a contender; false if it failed. Its caches and threads are warm again after a call that
// does not count, as they are in a training.
bool turn(Contender& c, const std::string& what) {
  try {
    usleep(20'000);  // the threads of the one before have stopped spinning
    if (c.last < 1) c.seconds(what.c_str());
    c.last = c.seconds(what.c_str());
    return true;
  } catch (const Error& e) {
    say(c.name, " is left out of ", what, ": ", e.what());
    return false;
  }
}

// All contenders in turn, so that noise affects them alike. One that fails is left out, and a peer
// that is hopelessly behind is timed once.
void race(std::vector<Contender>& all, const std::string& size, const char* word, double seconds) {
  double fastest = 1e9, round = 0;
  std::erase_if(all, [&](Contender& c) {
    say(size, " ", word, ": ", c.name, c.ours ? "" : ", first calls; it may compile for minutes");
    c.last = 0;
    for (int i = 0; i < 2; ++i)
      if (!turn(c, word)) return true;
    fastest = std::min(fastest, c.last);
    return false;
  });
  for (Contender& c : all) {
    c.behind = !c.ours && c.last > 10 * fastest;
    c.taken.clear();
    if (c.behind) c.taken.push_back(c.last);
    else round += c.last;
  }
  const int rounds =
      std::clamp(static_cast<int>(8 * seconds * static_cast<double>(all.size()) / round), 5, 200);
  double said = 0;
  for (int i = 1; i <= rounds; ++i) {
    if (now() - said > 5) {
      say(size, " ", word, ": round ", i, " of ", rounds);
      said = now();
    }
    std::erase_if(all, [&](Contender& c) {
      if (c.behind) return false;
      if (!turn(c, word)) return true;
      c.taken.push_back(c.last);
      return false;
    });
  }
}

void print_race(const std::string& size, const char* word, const std::vector<Contender>& all) {
  const Contender* best = nullptr;
  for (const Contender& c : all) {
    std::printf("%-10s %-6s %-24s %10.2f ms, median of %zu\n", size.c_str(), word, c.name.c_str(),
                median(c.taken) * 1e3, c.taken.size());
    if (!c.ours && (best == nullptr || median(c.taken) < median(best->taken))) best = &c;
  }
  if (best == nullptr) return;
  for (const Contender& c : all)
    if (c.ours)
      std::printf("%-10s %-6s %s is %.2f times as fast as the best peer, %s\n", size.c_str(), word,
                  c.name.c_str(), median(best->taken) / median(c.taken), best->name.c_str());
}

}  // namespace

void print_peer(const std::string& python, const std::vector<std::string>& sizes, double seconds) {
  require(python.find(".py") == std::string::npos, "--peer is '", python,
          "'; it is a Python, such as python3: bench runs apps/peer/torch.py and jax.py with it");
  const fs::path scripts = fs::path(PLANET_SOURCE_DIR) / "apps" / "peer";
  require(fs::exists(scripts / "torch.py"), scripts.string(),
          " with the peers is gone; build bench anew where the sources are");
  std::printf("%d threads\n", threads());
  if (!kernels::has_matrix_tiles()) std::printf("ours in f32 alone: bf16 is emulated here\n");
  std::fflush(stdout);
  for (const std::string& name : sizes) {
    const ModelSize size = model_size(name);
    const Case c(size);
    std::vector<Contender> all;
    add_ours(all, size);
    for (const char* script : {"torch.py", "jax.py"})
      add_peers(all, python, (scripts / script).string(), size, c);
    require(!all.back().ours, "--peer: ", python, " has no peer that can be timed; see above");
    for (const char* word : {"plan", "step"}) {  // a step takes longest to compile, or too long
      race(all, name, word, seconds);
      print_race(name, word, all);
      std::fflush(stdout);
    }
  }
}

}  // namespace planet::bench
