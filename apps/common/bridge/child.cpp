#include "apps/common/bridge/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

extern char** environ;

namespace planet {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t longest_line = 1 << 16, most_words = 1 << 12;

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Of what somebody else wrote, as much as a sentence bears.
std::string excerpt(std::string text) {
  constexpr std::size_t most = 80;
  for (char& c : text)
    if (static_cast<unsigned char>(c) > '~') c = '?';
  return text.size() <= most ? cat("'", text, "'") : cat("'", text.substr(0, most), "...'");
}

std::string last_line(std::string text) {
  text.erase(text.find_last_not_of(" \r\n\t") + 1);
  return text.substr(text.rfind('\n') + 1, 400);
}

}  // namespace

Child::Child(std::string name, const std::vector<std::string>& argv, double patience)
    : name_(std::move(name)), patience_(patience) {
  int talk[2] = {-1, -1}, words[2] = {-1, -1};
  const bool open =
      socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, talk) == 0 && pipe2(words, O_CLOEXEC) == 0;
  talk_ = talk[0], words_ = words[0];
  posix_spawn_file_actions_t files;
  posix_spawnattr_t how;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&how);
  posix_spawn_file_actions_adddup2(&files, talk[1], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, talk[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, words[1], STDERR_FILENO);
  sigset_t usual;
  sigemptyset(&usual);
  sigaddset(&usual, SIGPIPE);
  posix_spawnattr_setsigdefault(&how, &usual);
  posix_spawnattr_setpgroup(&how, 0);
  posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> args;
  for (const std::string& arg : argv) args.push_back(const_cast<char*>(arg.c_str()));
  args.push_back(nullptr);
  const int error = open ? posix_spawn(&pid_, args[0], &files, &how, args.data(), environ) : errno;
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&how);
  for (const int mine : {talk[1], words[1]})
    if (mine >= 0) close(mine);
  if (error == 0) {
    fcntl(words_, F_SETFL, O_NONBLOCK);
    return;
  }
  for (const int theirs : {talk_, words_})
    if (theirs >= 0) close(theirs);
  fail("[", name_, "] no process could be started: ", std::strerror(error));
}

Child::~Child() {
  close(talk_);
  if (pid_ > 0 && !ended(1)) {
    kill(-pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (words_ >= 0) close(words_);
}

void Child::ask(const std::string& line) {
  if (!answer_.empty()) lose(cat("said more than it was asked: ", excerpt(answer_)));
  asked_ = line;
  const std::string text = line + "\n";
  // If nobody listens any more, its answer is the end of the stream.
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t n = send(talk_, text.data() + at, text.size() - at, MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) return;
    at += n > 0 ? static_cast<std::size_t>(n) : 0;
  }
}

std::string Child::line() {
  wait_for(0);
  const std::size_t end = answer_.find('\n');
  std::string line = answer_.substr(0, end);
  answer_.erase(0, end + 1);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

void Child::bytes(std::span<std::uint8_t> out) {
  wait_for(out.size());
  std::copy_n(answer_.begin(), out.size(), out.begin());
  answer_.erase(0, out.size());
}

void Child::wait_for(std::size_t wanted) {
  const auto start = Clock::now();
  char buffer[1 << 14];
  while (wanted > 0 ? answer_.size() < wanted : answer_.find('\n') == std::string::npos) {
    if (wanted == 0 && answer_.size() > longest_line)
      lose(cat("answered ", excerpt(answer_), " without end"));
    const double left = patience_ - since(start);
    pollfd both[] = {{talk_, POLLIN, 0}, {words_, POLLIN, 0}};
    const int wait = patience_ == 0 ? -1 : static_cast<int>(1e3 * std::clamp(left, 0.0, 1e6)) + 1;
    poll(both, 2, wait);
    read_words();
    const ssize_t n = recv(talk_, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n > 0) {
      answer_.append(buffer, static_cast<std::size_t>(n));
      continue;
    }
    const std::string half =
        answer_.empty() ? "" : cat(", ", answer_.size(), " bytes into its answer");
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
      const std::string how = !ended(1) ? "closed its output"
                              : WIFSIGNALED(status_)
                                  ? cat("ended by signal ", WTERMSIG(status_))
                                  : cat("ended with status ", WEXITSTATUS(status_));
      lose(how + half);
    }
    if (patience_ > 0 && left <= 0) lose(cat("did not go on within ", patience_, " s", half));
  }
}

void Child::read_words() {
  char buffer[1 << 12];
  ssize_t n = 0;
  while (words_ >= 0 && (n = read(words_, buffer, sizeof buffer)) > 0) {
    last_words_.append(buffer, static_cast<std::size_t>(n));
    if (last_words_.size() > most_words) last_words_.erase(0, last_words_.size() - most_words);
  }
  if (words_ < 0 || n < 0) return;
  close(words_);  // it has closed the other end
  words_ = -1;
}

bool Child::ended(double seconds) {
  if (pid_ < 0) return true;
  for (const auto start = Clock::now();;
       std::this_thread::sleep_for(std::chrono::milliseconds(5))) {
    if (waitpid(pid_, &status_, WNOHANG) == pid_) {
      pid_ = -1;
      return true;
    }
    if (since(start) >= seconds) return false;
  }
}

void Child::refuse(const std::string& said, const std::string& right) {
  lose(cat("said ", excerpt(said), " in the place of ", right));
}

void Child::lose(const std::string& what) {
  read_words();
  const std::string words = last_line(last_words_);
  throw EnvLost(cat("[", name_, "] its process ", what, " when ",
                    asked_.empty() ? "it was started" : cat("asked for ", excerpt(asked_)),
                    words.empty() ? "" : cat("; its last words: ", words)));
}

}  // namespace planet
