#include "tests/apps/programs.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include "nn/files/safetensors.hpp"

namespace planet::test {

Scratch::Scratch() {
  std::string name = (fs::temp_directory_path() / "planet-test-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  path_ = name;
}
Scratch::~Scratch() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

namespace {

int open_file(const fs::path& path) {
  return open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
}

}  // namespace

Process::Process(const Scratch& scratch, const std::string& program, const Args& args) {
  static int count = 0;
  const std::string number = std::to_string(count++);
  out_ = scratch / ("out-" + number);
  err_ = scratch / ("err-" + number);
  const bool ours = !program.starts_with("/");
  const std::string path = ours ? PLANET_BINARY_DIR "/bin/" + program : program;
  std::vector<char*> argv{const_cast<char*>(path.c_str())};
  for (const std::string& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
  argv.push_back(nullptr);
  const int out = open_file(out_), err = open_file(err_), in = open("/dev/null", O_RDONLY);
  REQUIRE((out >= 0 && err >= 0 && in >= 0));
  pid_ = fork();
  REQUIRE(pid_ >= 0);
  if (pid_ == 0) {
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    // As in a terminal, wherever the tests themselves were started.
    for (const int caught : {SIGINT, SIGHUP, SIGTERM, SIGPIPE, SIGXCPU}) ::signal(caught, SIG_DFL);
    if (chdir(scratch.path().c_str()) == 0) execv(path.c_str(), argv.data());
    _exit(127);
  }
  for (const int descriptor : {out, err, in}) close(descriptor);
}

Process::~Process() {
  if (running()) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
}

void Process::signal(int number) const { kill(pid_, number); }

bool Process::running() {
  if (status_ >= 0) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return false;
}

Result Process::wait() {
  if (status_ < 0) {
    int status = 0;
    REQUIRE(waitpid(pid_, &status, 0) == pid_);
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return {status_, text_of(out_), text_of(err_)};
}

std::string Process::err_so_far() const { return text_of(err_); }

Result run(const Scratch& scratch, const std::string& program, const Args& args) {
  return Process(scratch, program, args).wait();
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

template <class T>
static bool same_bits(const SafetensorsFile& x, const SafetensorsFile& y, const std::string& name) {
  const std::vector<T> u = x.read<T>(name), v = y.read<T>(name);
  return std::memcmp(u.data(), v.data(), u.size() * sizeof(T)) == 0;
}

bool same_tensors(const fs::path& a, const fs::path& b) {
  const SafetensorsFile x(a), y(b);
  if (x.tensors().size() != y.tensors().size() || x.tensors().empty()) return false;
  for (const TensorInfo& t : x.tensors()) {
    const TensorInfo* other = y.find(t.name);
    if (other == nullptr || other->shape != t.shape || other->dtype != t.dtype) return false;
    const bool same = t.dtype == DType::f32   ? same_bits<float>(x, y, t.name)
                      : t.dtype == DType::f64 ? same_bits<double>(x, y, t.name)
                                              : same_bits<std::uint8_t>(x, y, t.name);
    if (!same) return false;
  }
  return true;
}

std::vector<std::pair<std::string, std::string>> contents(const fs::path& folder) {
  std::vector<std::pair<std::string, std::string>> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    files.emplace_back(entry.path().filename().string(), text_of(entry.path()));
  std::sort(files.begin(), files.end());
  return files;
}

fs::path latest(const fs::path& run) {
  std::string name = text_of(run / "checkpoints" / "latest");
  while (!name.empty() && name.back() == '\n') name.pop_back();
  REQUIRE(!name.empty());
  return run / "checkpoints" / name;
}

Args operator+(Args a, const Args& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Args smallest(const fs::path& logdir, const Args& more) {
  Args args{"--env",
            "pendulum_swingup",
            "--logdir",
            logdir.string(),
            "--image-size",
            "16",
            "--seed-episodes",
            "2",
            "--batch-size",
            "2",
            "--batch-length",
            "4",
            "--deter-size",
            "8",
            "--stoch-size",
            "4",
            "--hidden-size",
            "8",
            "--reward-units",
            "8",
            "--horizon",
            "3",
            "--iterations",
            "2",
            "--candidates",
            "10",
            "--elites",
            "2",
            "--updates-per-episode",
            "3",
            "--eval-episodes",
            "2",
            "--total-episodes",
            "4",
            "--threads",
            "1",
            "--env-option",
            "time_limit=20"};
  for (std::size_t i = 0; i + 1 < more.size(); i += 2) {
    const auto same = std::find(args.begin(), args.end(), more[i]);
    if (same != args.end() && more[i] != "--env-option") *(same + 1) = more[i + 1];
    else args.insert(args.end(), {more[i], more[i + 1]});
  }
  return args;
}

}  // namespace planet::test
