// The matrix product of bfloat16 numbers: B is packed once, in panels of 32 columns; a task packs 32
// rows of A and multiplies them by its panels, each block of sums in one go over all of k.
#include "autograd/base/parallel.hpp"
#include "autograd/kernels/bf16_pack.hpp"
#include "autograd/kernels/gemm_core.hpp"

namespace planet::kernels {
namespace {

struct PackedA;  // names of workspaces
struct PackedB;
struct List;

MatrixView<float> part(MatrixView<float> m, std::ptrdiff_t row, std::ptrdiff_t column) {
  return {m.p + row * m.row + column * m.col, m.row, m.col};
}

}  // namespace

void gemm_bf16(std::ptrdiff_t M, std::ptrdiff_t N, std::ptrdiff_t K, MatrixView<float> A,
               MatrixView<float> B, float* C, std::ptrdiff_t ldc, const Epilogue<float>& epilogue) {
  if (M <= 0 || N <= 0) return;
  constexpr std::ptrdiff_t n = bf16_tile;
  const std::ptrdiff_t blocks = bf16_tiles(M), panels = bf16_tiles(N), depth = bf16_tiles(K);
  Bf16Pair* const b = workspace<Bf16Pair, PackedB>(panels * depth * bf16_tile_pairs);
  const std::ptrdiff_t work = M * N * K;
  parallel_for(
      panels,
      [&](std::ptrdiff_t j) {
        for (std::ptrdiff_t t = 0; t < depth; ++t)
          pack_bf16_b(part(B, t * n, j * n), std::min(n, K - t * n), std::min(n, N - j * n),
                      b + (j * depth + t) * bf16_tile_pairs);
      },
      static_cast<double>(depth) * 0.1);

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
