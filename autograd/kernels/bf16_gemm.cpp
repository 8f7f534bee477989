// The matrix product of bfloat16 numbers: B is packed once, in panels of 32 columns; a task packs 32
// rows of A and multiplies them by its panels, each block of sums in one go over all of k.
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "autograd/base/memory.hpp"
#include "autograd/base/parallel.hpp"
#include "autograd/kernels/bf16_pack.hpp"
#include "autograd/kernels/gemm_core.hpp"

namespace planet::kernels {
namespace {

struct PackedA;  // names of workspaces
struct PackedB;
struct List;

constexpr std::ptrdiff_t few_rows = 128;  // of A: with more, packing B is a small part

MatrixView<float> part(MatrixView<float> m, std::ptrdiff_t row, std::ptrdiff_t column) {
  return {m.p + row * m.row + column * m.col, m.row, m.col};
}

/// B in panels of 32 columns, the k tiles of each one after the other.
void pack_bf16_panels(MatrixView<float> B, std::ptrdiff_t K, std::ptrdiff_t N, Bf16Pair* out) {
  constexpr std::ptrdiff_t n = bf16_tile;
  const std::ptrdiff_t depth = bf16_tiles(K);
  parallel_for(
      bf16_tiles(N),
      [&](std::ptrdiff_t j) {
        for (std::ptrdiff_t t = 0; t < depth; ++t)
          pack_bf16_b(part(B, t * n, j * n), std::min(n, K - t * n), std::min(n, N - j * n),
                      out + (j * depth + t) * bf16_tile_pairs);
      },
      static_cast<double>(depth) * 0.1);
}

/// The packed B's that are kept between begin_constants() and end_constants(), in the order of their first use.
class Kept {
 public:
  bool begin(const float* first, std::ptrdiff_t size) {
    const std::lock_guard lock(guard_);
    if (first_ != nullptr) return false;
    first_ = first;
    last_ = first + size;
    used_ = 0;
    return true;
  }
  void end() {
    const std::lock_guard lock(guard_);
    first_ = last_ = nullptr;
  }
  struct Entry {
    MatrixView<float> B{};
    std::ptrdiff_t K = 0, N = 0;
    AlignedVector<Bf16Pair> tiles{};
    bool is(MatrixView<float> b, std::ptrdiff_t k, std::ptrdiff_t columns) const {
      return B.p == b.p && B.row == b.row && B.col == b.col && K == k && N == columns;
    }
  };
  /// B packed; null if it may change. Another thread's range may end while this one still reads: what is
  /// read is not packed over.
  std::shared_ptr<const Entry> find(MatrixView<float> B, std::ptrdiff_t K, std::ptrdiff_t N) {
    const std::lock_guard lock(guard_);
    if (!std::less_equal<>()(first_, B.p) || !std::less<>()(B.p, last_)) return nullptr;
    for (std::size_t i = 0; i < used_; ++i)
      if (list_[i]->is(B, K, N)) return list_[i];
    if (used_ == list_.size()) list_.emplace_back();
    std::shared_ptr<Entry>& entry = list_[used_];
    if (entry.use_count() != 1) entry = std::make_shared<Entry>();
    const auto size = static_cast<std::size_t>(bf16_tiles(N) * bf16_tiles(K) * bf16_tile_pairs);
    if (const std::size_t before = entry->tiles.size(); before < size) {
      entry->tiles.resize(size);
      planet::detail::count_workspace((size - before) * sizeof(Bf16Pair));
    }
    entry->B = B, entry->K = K, entry->N = N;
    pack_bf16_panels(B, K, N, entry->tiles.data());
    ++used_;
    return entry;
  }

 private:
  std::mutex guard_;
  const float *first_ = nullptr, *last_ = nullptr;
  std::vector<std::shared_ptr<Entry>> list_;
  std::size_t used_ = 0;
};
Kept kept;

}  // namespace

bool begin_constants(const float* first, std::ptrdiff_t size) { return kept.begin(first, size); }
void end_constants() { kept.end(); }

void gemm_bf16(std::ptrdiff_t M, std::ptrdiff_t N, std::ptrdiff_t K, MatrixView<float> A,
               MatrixView<float> B, float* C, std::ptrdiff_t ldc, const Epilogue<float>& epilogue) {
  if (M <= 0 || N <= 0) return;
  constexpr std::ptrdiff_t n = bf16_tile;
  const std::ptrdiff_t blocks = bf16_tiles(M), panels = bf16_tiles(N), depth = bf16_tiles(K);
  const auto held = M <= few_rows ? kept.find(B, K, N) : nullptr;
  const Bf16Pair* b = held ? held->tiles.data() : nullptr;
  if (b == nullptr) {
    Bf16Pair* const packed = workspace<Bf16Pair, PackedB>(panels * depth * bf16_tile_pairs);
    pack_bf16_panels(B, K, N, packed);
    b = packed;
  }
  const std::ptrdiff_t work = M * N * K;

  // A thread is worth waking for about a quarter of a million madds.
  const std::ptrdiff_t wanted = std::clamp<std::ptrdiff_t>(work / (1 << 18), 1, 64);
  const std::ptrdiff_t groups = std::clamp<std::ptrdiff_t>(wanted / blocks, 1, panels);
  const auto task = [&](std::ptrdiff_t index) {
    const std::ptrdiff_t i = index / groups * n, group = index % groups, rows = std::min(n, M - i);
    Bf16Pair* const a = workspace<Bf16Pair, PackedA>(depth * bf16_tile_pairs);
    Bf16Operands* const list = workspace<Bf16Operands, List>(depth);
    for (std::ptrdiff_t t = 0; t < depth; ++t)
      pack_bf16_a(part(A, i, t * n), rows, std::min(n, K - t * n), a + t * bf16_tile_pairs);
    const Bf16Products products;
    for (std::ptrdiff_t j = panels * group / groups; j < panels * (group + 1) / groups; ++j) {
      for (std::ptrdiff_t t = 0; t < depth; ++t)
        list[t] = {a + t * bf16_tile_pairs, b + (j * depth + t) * bf16_tile_pairs};
      float* const c = C + i * ldc + j * n;
      Bf16Block block;
      block.start(rows, std::min(n, N - j * n), c, ldc, epilogue.accumulate);
      products.add({list, static_cast<std::size_t>(depth)}, block.rows, block.columns, block.c);
      block.store(c, ldc, epilogue.bias ? epilogue.bias + j * n : nullptr, epilogue.act);
    }
  };
  parallel_for(blocks * groups, task, microseconds(work / (blocks * groups)));
}

}  // namespace planet::kernels
