// Ranks by MPI: the only file that knows it.
//
// Both exchanges are made of messages from every rank to every other. MPI's own reductions may add in
// any order, and its collective operations wait without end and do not say for whom; here a rank asks
// at every turn whether its messages have arrived, whether another rank has left, whether a signal
// came, and how long it has waited, and knows who is missing.
#define OMPI_SKIP_MPICXX  // the C++ bindings of MPI 2, which nobody uses
#include <mpi.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "apps/common/console/console.hpp"
#include "apps/common/console/interrupt.hpp"
#include "apps/common/options/values.hpp"
#include "apps/common/run/ranks.hpp"

namespace planet {
namespace {

constexpr int data_tag = 1, farewell_tag = 2;

// After a signal the others have this long to come to the same place. mpirun itself gives all ranks a
// second between SIGTERM and SIGKILL unless it is told otherwise.
constexpr double grace = 0.4;

// Was this process started by mpirun or by Slurm? MPI takes a second to find that it was not.
bool by_launcher() {
  const auto set = [](const char* name) { return std::getenv(name) != nullptr; };
  return set("OMPI_COMM_WORLD_SIZE") || set("PMIX_RANK") || set("PMI_RANK");
}

class MpiRanks final : public Ranks {
 public:
  MpiRanks() : Ranks(0, 1) {
    if (!started_) return;
    int granted = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &granted);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
  }
  // A rank that is dead or hangs would never come to the end of MPI_Finalize.
  ~MpiRanks() override {
    if (started_ && !dead_) MPI_Finalize();
  }

  std::vector<std::string> gather(const std::string& mine) override;
  void sum(std::span<float> x) override;
  void set_patience(double seconds) override { patience_ = seconds; }
  void leave() override {
    for (int r = 0; r < size_ && !dead_; ++r) {
      MPI_Request request;
      if (r != rank_ &&
          MPI_Isend(nullptr, 0, MPI_BYTE, r, farewell_tag, MPI_COMM_WORLD, &request) == MPI_SUCCESS)
        MPI_Request_free(&request);
    }
  }

 private:
  struct Block {
    void* data;
    std::size_t bytes;
  };
  template <class Out, class In>
  void exchange(const Out& to, const In& from);
  void wait(std::vector<MPI_Request>& requests, const std::vector<int>& sender);
  [[noreturn]] void lose(std::vector<MPI_Request>& requests, const std::vector<int>& sender,
                         const std::string& why);

  const bool started_ = by_launcher();
  bool dead_ = false;  // another rank, or the connection to it
  double patience_ = 600;
  std::vector<float> parts_;
};

// Sends the block to(r) to every other rank r and receives the block from(r). Empty ones take no
// message.
template <class Out, class In>
void MpiRanks::exchange(const Out& to, const In& from) {
  const double start = process_seconds();
  std::vector<MPI_Request> requests;
  std::vector<int> sender;  // of a request that receives; of one that sends, -1
  const auto add = [&](int r, const Block& b, bool send) {
    if (r == rank_ || b.bytes == 0) return;
    require(b.bytes <= INT_MAX, "a message between ranks has ", b.bytes, " bytes; MPI takes ",
            INT_MAX);
    const int n = static_cast<int>(b.bytes);
    requests.emplace_back();
    sender.push_back(send ? -1 : r);
    if (send) MPI_Isend(b.data, n, MPI_BYTE, r, data_tag, MPI_COMM_WORLD, &requests.back());
    else MPI_Irecv(b.data, n, MPI_BYTE, r, data_tag, MPI_COMM_WORLD, &requests.back());
  };
  for (int r = 0; r < size_; ++r) add(r, from(r), false);
  for (int r = 0; r < size_; ++r) add(r, to(r), true);
  wait(requests, sender);
  seconds_ += process_seconds() - start;
}

void MpiRanks::wait(std::vector<MPI_Request>& requests, const std::vector<int>& sender) {
  const double start = process_seconds();
  double signalled = 0;
  for (;;) {
    int done = 0, left = 0;
    const int n = static_cast<int>(requests.size());
    const bool ok = MPI_Testall(n, requests.data(), &done, MPI_STATUSES_IGNORE) == MPI_SUCCESS;
    if (ok && done != 0) return;
    if (!ok) lose(requests, sender, ": the connection broke");
    MPI_Status status;
    MPI_Iprobe(MPI_ANY_SOURCE, farewell_tag, MPI_COMM_WORLD, &left, &status);
    if (left != 0) {
      for (MPI_Request& request : requests)
        if (request != MPI_REQUEST_NULL) MPI_Cancel(&request), MPI_Request_free(&request);
      throw RanksLost(cat("rank ", status.MPI_SOURCE, " stopped after an error of its own"),
                      {status.MPI_SOURCE}, true);
    }
    const double now = process_seconds();
    if (interrupted() && signalled == 0) signalled = now;
    if (signalled > 0 && now - signalled > grace)
      lose(requests, sender, " when a signal came: it died, or all ranks are being stopped");
    if (patience_ > 0 && now - start > patience_)
      lose(requests, sender, cat(" in ", write_value(Duration{patience_}), ": it died or hangs"));
    // An answer that is not there in a millisecond takes a while: other programs may have the CPU.
    if (now - start < 1e-3) sched_yield();
    else std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

void MpiRanks::lose(std::vector<MPI_Request>& requests, const std::vector<int>& sender,
                    const std::string& why) {
  dead_ = true;
  std::vector<int> missing;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    int done = 0;
    const bool ok = requests[i] == MPI_REQUEST_NULL ||
                    MPI_Test(&requests[i], &done, MPI_STATUS_IGNORE) != MPI_SUCCESS || done != 0;
    if (!ok && sender[i] >= 0) missing.push_back(sender[i]);
  }
  std::string who = missing.empty() ? "another rank" : missing.size() == 1 ? "rank " : "ranks ";
  for (std::size_t i = 0; i < missing.size(); ++i) who += cat(i > 0 ? ", " : "", missing[i]);
  throw RanksLost(cat(who, " did not answer", why), missing, false);
}

// A message of one length says how long the text is and brings its beginning, which is most often all
// of it; the rest follows.
std::vector<std::string> MpiRanks::gather(const std::string& mine) {
  if (size_ == 1) return {mine};
  struct Head {
    std::uint64_t bytes;
    char text[120];
  };
  const auto at_once = [](std::uint64_t n) {
    return std::min<std::uint64_t>(n, sizeof Head::text);
  };
  Head head{mine.size(), {}};
  std::memcpy(head.text, mine.data(), at_once(mine.size()));
  std::vector<Head> heads(static_cast<std::size_t>(size_), head);
  exchange(
      [&](int) {
        return Block{&head, sizeof head};
      },
      [&](int r) {
        return Block{&heads[static_cast<std::size_t>(r)], sizeof head};
      });
  std::vector<std::string> all;
  for (const Head& h : heads) {
    all.emplace_back(h.text, at_once(h.bytes));
    all.back().resize(h.bytes);
  }
  const auto rest = [&](std::string& text) {
    const std::uint64_t begin = at_once(text.size());
    return Block{text.data() + begin, text.size() - begin};
  };
  std::string& own = all[static_cast<std::size_t>(rank_)] = mine;
  exchange([&](int) { return rest(own); },
           [&](int r) { return rest(all[static_cast<std::size_t>(r)]); });
  return all;
}

// Rank r gets slice r of everybody's numbers, adds them up in the order of the ranks, and hands the
// sum round: twice (N - 1) / N of the numbers leave each rank, which is the least there can be.
void MpiRanks::sum(std::span<float> x) {
  if (size_ == 1) return;
  const std::size_t n = x.size(), N = static_cast<std::size_t>(size_);
  const auto slice = [&](int r) {
    const auto k = static_cast<std::size_t>(r);
    return x.subspan(n * k / N, n * (k + 1) / N - n * k / N);
  };
  const auto block = [](std::span<float> s) { return Block{s.data(), s.size_bytes()}; };
  const std::span<float> own = slice(rank_);
  parts_.resize(N * own.size());
  const auto part = [&](int r) {
    return std::span(parts_).subspan(static_cast<std::size_t>(r) * own.size(), own.size());
  };
  exchange([&](int r) { return block(slice(r)); }, [&](int r) { return block(part(r)); });
  std::ranges::copy(own, part(rank_).begin());
  std::ranges::copy(part(0), own.begin());
  for (int r = 1; r < size_; ++r) {
    const std::span<const float> more = part(r);
    for (std::size_t i = 0; i < own.size(); ++i) own[i] += more[i];
  }
  exchange([&](int) { return block(own); }, [&](int r) { return block(slice(r)); });
}

}  // namespace

std::unique_ptr<Ranks> make_ranks() { return std::make_unique<MpiRanks>(); }

}  // namespace planet
