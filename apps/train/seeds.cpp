#include "apps/train/seeds.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <thread>

#include "apps/common/console/console.hpp"
#include "apps/common/console/interrupt.hpp"
#include "apps/common/console/terminal.hpp"
#include "apps/common/files/csv_table.hpp"
#include "apps/common/files/text.hpp"
#include "apps/common/options/command.hpp"
#include "apps/common/report/statistics.hpp"
#include "apps/common/report/verdict.hpp"
#include "apps/programs.hpp"
#include "autograd/base/error.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace fs = std::filesystem;
namespace {

// Where a run stands, by the rows of its metrics.
struct Standing {
  std::int64_t episodes = 0, updates = 0;
  double seconds = 0;
  std::vector<double> returns;  // of the episodes that the agent collected
  bool evaluated = false;       // the last row is an evaluation's
  double mean = 0, std = 0;     // of its returns
  std::optional<double> score;
};

Standing standing(const fs::path& run) {
  Standing s;
  const fs::path file = run / "metrics.csv";
  if (!fs::exists(file)) return s;
  std::string text = read_plain_text(file, std::size_t{1} << 28);
  text.resize(text.rfind('\n') + 1);  // without a row that is being written
  if (text.empty()) return s;
  const CsvTable csv = CsvTable::parse(text, file.string());
  const auto number = [&](const std::vector<std::string>& row, const char* column) {
    const std::string& cell = row[csv.column("train", column)];
    return cell.empty() ? std::nullopt : std::optional(std::strtod(cell.c_str(), nullptr));
  };
  for (const std::vector<std::string>& row : csv.rows()) {
    s.episodes = static_cast<std::int64_t>(number(row, "counter/episodes").value_or(0));
    s.updates = static_cast<std::int64_t>(number(row, "counter/updates").value_or(0));
    s.seconds = number(row, "time/elapsed").value_or(0);
    if (const auto r = number(row, "train/return")) s.returns.push_back(*r);
    const std::optional<double> mean = number(row, "eval/return_mean");
    s.evaluated = mean.has_value();
    s.mean = mean.value_or(0);
    s.std = number(row, "eval/return_std").value_or(0);
    s.score = number(row, "eval/score");
  }
  return s;
}

// One run and its process.
struct Job {
  fs::path run;
  enum class State { waits, runs, done, failed, stopped } state = State::waits;
  pid_t process = -1;
  int status = 0;

  std::string name() const { return run.filename().string(); }  // "seed3"
  // What the run prints; it stands beside the folder, which is the run's own.
  fs::path output() const { return run.string() + ".txt"; }
};

// train --resume FOLDER/seed3 in a process of its own, with nothing on the terminal.
void start(Job& job, const SeedRuns& set) {
  std::vector<std::string> words{"train", "--resume", job.run.string(),
                                 cat("--threads=", set.threads)};
  words.insert(words.end(), set.options.begin(), set.options.end());
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  const int out = open(job.output().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  require(out >= 0, job.output().string(), " cannot be written");
  const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
  std::cout.flush();
  job.process = fork();
  require(job.process >= 0, "no process could be started for ", job.name());
  if (job.process == 0) {
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    std::_Exit(run_program("train", apps::train, static_cast<int>(argv.size()), argv.data()));
  }
  close(in);
  close(out);
  job.state = Job::State::runs;
}

// Did the process end? Its status is then known.
bool ended(Job& job) {
  int status = 0;
  if (job.state != Job::State::runs || waitpid(job.process, &status, WNOHANG) != job.process)
    return false;
  job.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  job.state = job.status == 0                    ? Job::State::done
              : job.status == status_interrupted ? Job::State::stopped
                                                 : Job::State::failed;
  return true;
}

// The last words of a run that failed.
std::string last_line(const fs::path& file) {
  std::string text = read_plain_text(file, std::size_t{1} << 28);
  while (text.ends_with('\n')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

// As wide as the words before train's other lines.
std::string padded(const std::string& name) {
  return name + std::string(name.size() < 12 ? 12 - name.size() : 1, ' ');
}

// "seed3       " and words of one line.
std::string line(const Job& job) {
  const std::string name = padded(job.name());
  if (job.state == Job::State::waits) return name + "waits";
  if (job.state == Job::State::failed)
    return cat(name, "failed with status ", job.status, ": ", last_line(job.output()));
  const Standing s = standing(job.run);
  if (job.state == Job::State::runs && s.episodes == 0) return name + "begins";
  const std::string counts = cat(counted(s.episodes, "episode"), ", ", counted(s.updates, "update"),
                                 ", ", clock_text(s.seconds), " used");
  if (job.state == Job::State::stopped) return cat(name, "stopped and saved: ", counts);
  if (job.state == Job::State::done) return cat(name, "done: ", counts);
  return cat(name, counts, s.returns.empty() ? "" : cat(", return ", fixed(s.returns.back(), 1)));
}

// A line for each run: on a terminal all of them, redrawn in place; elsewhere that of a run when it
// starts, when it ends and every half minute.
class Board {
 public:
  Board(const std::vector<Job>& jobs, const std::string& progress)
      : jobs_(jobs), progress_(progress_from(progress)) {
    const TerminalSize size = terminal_size(STDERR_FILENO);
    in_place_ = progress_ == Progress::bar && cursor_moves(STDERR_FILENO) &&
                size.rows > static_cast<int>(jobs.size());
  }
  void changed(const Job& job) {
    if (progress_ == Progress::none) return;
    if (in_place_) draw();
    else std::cerr << line(job) << std::endl;
  }
  void tick() {
    const double now = process_seconds();
    if (progress_ == Progress::none || now - last_ < (in_place_ ? 1 : 30)) return;
    last_ = now;
    if (in_place_) draw();
    else
      for (const Job& job : jobs_)
        if (job.state == Job::State::runs) std::cerr << line(job) << std::endl;
  }

 private:
  void draw() {
    const auto width =
        static_cast<std::size_t>(std::max(1, terminal_size(STDERR_FILENO).columns - 1));
    std::string text = drawn_ ? cat("\033[", jobs_.size(), "A") : "";
    for (const Job& job : jobs_) text += "\r" + line(job).substr(0, width) + "\033[K\n";
    std::cerr << text << std::flush;
    drawn_ = true;
  }

  const std::vector<Job>& jobs_;
  Progress progress_;
  bool in_place_ = false, drawn_ = false;
  double last_ = process_seconds();
};

// Asks every process to stop. The terminal may have asked it already by Ctrl-C, and whoever is asked
// twice leaves at once without saving: SIGXCPU is a request that may come any number of times.
void ask_to_stop(const std::vector<Job>& jobs) {
  for (const Job& job : jobs)
    if (job.state == Job::State::runs) kill(job.process, SIGXCPU);
}

void stop_all(std::vector<Job>& jobs) {
  ask_to_stop(jobs);
  for (const Job& job : jobs)
    if (job.state == Job::State::runs) waitpid(job.process, nullptr, 0);
}

void run_all(std::vector<Job>& jobs, const SeedRuns& set) {
  Board board(jobs, set.progress);
  const auto running = [&] { return std::ranges::count(jobs, Job::State::runs, &Job::state); };
  bool asked = false;
  while (true) {
    for (Job& job : jobs) {
      if (job.state != Job::State::waits || running() >= set.jobs || interrupted()) continue;
      try {
        start(job, set);
      } catch (const Error&) {
        stop_all(jobs);
        throw;
      }
      board.changed(job);
    }
    if (running() == 0) return;
    if (interrupted() && !asked) {
      asked = true;
      ask_to_stop(jobs);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    for (Job& job : jobs)
      if (ended(job)) board.changed(job);
    board.tick();
  }
}

// What the finished runs came to, and their mean.
void print_results(const std::vector<Job>& jobs) {
  std::vector<double> means, scores;
  for (const Job& job : jobs) {
    if (job.state != Job::State::done) continue;
    const Standing s = standing(job.run);
    std::cout << paragraph(padded(job.name()),
                           cat("return ", fixed(s.mean, 1), " +- ", fixed(s.std, 1),
                               s.score ? cat(", score ", fixed(*s.score, 3)) : "", "; ",
                               verdict_line(s.score, s.returns)),
                           80);
    means.push_back(s.mean);
    if (s.score) scores.push_back(*s.score);
  }
  if (means.size() < 2) return;
  const auto text = [](const std::vector<double>& x, int digits) {
    const Interval i = mean_interval(x);
    return cat(fixed(i.mean, digits), " +- ", fixed(*i.half, digits));
  };
  std::cout << "mean        return " << text(means, 1)
            << (scores.size() == means.size() ? cat(", score ", text(scores, 3)) : "")
            << " (95 % of " << means.size() << " seeds)\n";
}

// The returns of the finished runs.
void draw(const std::vector<Job>& jobs, const fs::path& file) {
  std::vector<std::string> words{"plot", "--svg", file.string()};
  for (const Job& job : jobs)
    if (job.state == Job::State::done) words.push_back(job.run.string());
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  if (argv.size() > 3) apps::plot(static_cast<int>(argv.size()), argv.data());
}

}  // namespace

int train_seeds(const SeedRuns& set) {
  std::cerr << "runs        " << set.runs.front().string()
            << (set.runs.size() > 1 ? " to " + set.runs.back().filename().string() : "") << ", "
            << set.jobs << " at a time, " << counted(set.threads, "thread") << " each" << std::endl;
  std::vector<Job> jobs;
  for (const fs::path& run : set.runs) jobs.emplace_back().run = run;
  run_all(jobs, set);
  const auto first = [&](Job::State state) { return std::ranges::find(jobs, state, &Job::state); };
  const std::vector<std::string> resume{"--resume", set.folder.string(), "--jobs",
                                        std::to_string(set.jobs)};
  print_results(jobs);
  for (const Job& job : jobs)
    if (job.state == Job::State::failed)
      std::cout << job.name() << " failed with status " << job.status << "; what it said is in "
                << job.output().string() << "\n";
  if (interrupted() || first(Job::State::stopped) != jobs.end()) {
    std::cout << "stopped and saved\nto go on: " << command("train", resume) << std::endl;
    return status_interrupted;
  }
  draw(jobs, set.folder / "returns.svg");
  const auto failed = first(Job::State::failed);
  if (failed == jobs.end()) return 0;
  std::cout << "to go on: " << command("train", resume) << std::endl;
  return failed->status;
}

}  // namespace planet
