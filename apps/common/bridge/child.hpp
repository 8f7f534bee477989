// A program in a process of its own, which answers one line with one line, and bytes where bytes were
// asked for.
//
// Whatever goes wrong at the other end (it dies, hangs, or says what it should not) becomes one
// sentence, EnvLost, with the last line that the program wrote to stderr.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "autograd/base/error.hpp"

namespace planet {

/// The process of an environment can play no longer. What its caller holds is whole.
class EnvLost : public Error {
 public:
  using Error::Error;
};

class Child {
 public:
  /// Starts `argv`; `name` begins every sentence. It waits at most `patience` seconds for an answer, 0:
  /// without end. The process is in a group of its own: Ctrl-C is the caller's. Error: it cannot start.
  Child(std::string name, const std::vector<std::string>& argv, double patience);
  /// Closes its input, at which the program is to end, and ends it after a second.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Sends a line, which is also what the sentences say it was asked.
  void ask(const std::string& line);
  /// The next line of its answer, without the line break. EnvLost.
  std::string line();
  /// The next bytes of its answer. EnvLost.
  void bytes(std::span<std::uint8_t> out);
  /// EnvLost: it said one thing in the place of another.
  [[noreturn]] void refuse(const std::string& said, const std::string& right);

  /// Leaves it alone: it belongs to another process, from which this one was forked.
  void leave() { pid_ = -1; }
  void be_patient(double seconds) { patience_ = seconds; }

 private:
  [[noreturn]] void lose(const std::string& what);
  void wait_for(std::size_t bytes);  // until so many are there, or a line if 0
  void read_words();                 // what it wrote to stderr
  bool ended(double seconds);        // within so many

  std::string name_, asked_;
  double patience_;
  pid_t pid_ = -1;
  int talk_ = -1, words_ = -1;  // a socket that is its stdin and stdout; the end of a pipe
  int status_ = 0;
  std::string answer_, last_words_;
};

}  // namespace planet
