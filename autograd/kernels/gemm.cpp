// The matrix product: which operand is read in place, which is copied, and how the work is divided.
// The sizes of blocks change no bits: every element of C is one chain of madds over ascending k.
#include "autograd/kernels/gemm.hpp"

#include "autograd/kernels/bf16.hpp"
#include "autograd/kernels/gemm_core.hpp"

namespace planet::kernels {
namespace {

struct PackedB;  // names of workspaces
struct PackedA;
struct SwappedC;

constexpr std::ptrdiff_t max_block_rows = 192;

/// How a product of M x K by K x N is divided.
struct Plan {
  std::ptrdiff_t block_rows;     // rows of A and C per task
  std::ptrdiff_t block_columns;  // columns of C per task
  std::ptrdiff_t k_block;
  bool pack_b, copy_a;
};

constexpr std::ptrdiff_t ceil_div(std::ptrdiff_t a, std::ptrdiff_t b) { return (a + b - 1) / b; }

template <class T>
Plan make_plan(std::ptrdiff_t M, std::ptrdiff_t N, std::ptrdiff_t K, MatrixView<T> A,
               MatrixView<T> B) {
  constexpr std::ptrdiff_t panel = panel_width<T>, tile = tile_rows<2>;
  Plan plan{};
  // Rows a multiple of 2 KiB apart fall into the same few sets of the first-level cache.
  const auto clashes = [](std::ptrdiff_t stride) {
    return stride * static_cast<std::ptrdiff_t>(sizeof(T)) % 2048 == 0;
  };
  plan.pack_b =
      B.col != 1 || (M >= 4 * tile && clashes(B.row)) || (M > max_block_rows && K * N > (1 << 16));
  plan.copy_a = N >= 2 * panel && M > 1 && (A.col == 1 ? clashes(A.row) : A.col >= 512);
  // A block of a panel takes 32 KiB and stays in the first-level cache.
  plan.k_block = (32 << 10) / (panel * static_cast<std::ptrdiff_t>(sizeof(T)));
  // A thread is worth waking for about a quarter of a million madds.
  const std::ptrdiff_t work = M * N * K;
  const std::ptrdiff_t tasks = std::clamp<std::ptrdiff_t>(work / (1 << 18), 1, 64);
  std::ptrdiff_t row_blocks =
      std::max(ceil_div(M, max_block_rows), std::min(tasks, M / ((A.col == 1 ? 4 : 12) * tile)));
  row_blocks = std::max<std::ptrdiff_t>(row_blocks, 1);
  plan.block_rows = std::min(max_block_rows, ceil_div(ceil_div(M, row_blocks), tile) * tile);
  const std::ptrdiff_t column_blocks = std::max<std::ptrdiff_t>(1, tasks / row_blocks);
  plan.block_columns =
      std::max<std::ptrdiff_t>(1, ceil_div(ceil_div(N, panel), column_blocks)) * panel;
  return plan;
}

/// C = A B over one block of k, for row-major A: rows reached through a table of pointers.
template <class T>
void multiply_rows(const Plan& plan, const T* a, std::ptrdiff_t stride, std::ptrdiff_t depth,
                   std::ptrdiff_t rows, const Panels<T>& B, std::ptrdiff_t k0, std::ptrdiff_t j0,
                   std::ptrdiff_t j1, const Target<T>& out) {
  const T* table[max_block_rows];
  if (plan.copy_a) {
    const std::ptrdiff_t apart = plan.k_block + 16;
    T* const copy = workspace<T, PackedA>(max_block_rows * apart);
    for (std::ptrdiff_t i = 0; i < rows; ++i) std::copy_n(a + i * stride, depth, copy + i * apart);
    a = copy;
    stride = apart;
  }
  for (std::ptrdiff_t i = 0; i < rows; ++i) table[i] = a + i * stride;
  multiply_panels(RowOperand<T>{table, {1, depth, 0}}, rows, B, k0, j0, j1, out);
}

/// The same for a transposed A: row k of the matrix in memory is column k of A.
template <class T>
void multiply_columns(const Plan& plan, const T* a, std::ptrdiff_t stride, std::ptrdiff_t depth,
                      std::ptrdiff_t rows, const Panels<T>& B, std::ptrdiff_t k0, std::ptrdiff_t j0,
                      std::ptrdiff_t j1, Target<T> out) {
  std::ptrdiff_t i = 0;
  if (plan.copy_a) {  // every k is on another page, so a few rows at a time are copied
    constexpr std::ptrdiff_t group = 48;  // whole cache lines of A
    T* const copy = workspace<T, PackedA>(plan.k_block * group);
    for (; i + group <= rows; i += group) {
      for (std::ptrdiff_t k = 0; k < depth; ++k)
        std::copy_n(a + k * stride + i, group, copy + k * group);
      Target<T> here = out;
      here.c += i * out.ld;
      multiply_panels(ColumnOperand<T>{copy, depth, group}, group, B, k0, j0, j1, here);
    }
  }
  out.c += i * out.ld;
  multiply_panels(ColumnOperand<T>{a + i, depth, stride}, rows - i, B, k0, j0, j1, out);
}

/// Rows [i0, i1) and columns [j0, j1) of C, over all of k.
template <class T>
void block(const Plan& plan, MatrixView<T> A, const Panels<T>& B, std::ptrdiff_t i0,
           std::ptrdiff_t i1, std::ptrdiff_t j0, std::ptrdiff_t j1, T* C, std::ptrdiff_t ldc,
           const Epilogue<T>& epilogue) {
  const std::ptrdiff_t K = B.K, rows = i1 - i0;
  std::ptrdiff_t k0 = 0;
  do {
    const std::ptrdiff_t k1 = std::min(K, k0 + plan.k_block);
    const bool first = k0 == 0, last = k1 == K;
    const Target<T> out{C + i0 * ldc,
                        ldc,
                        0,
                        epilogue.accumulate || !first,
                        last ? epilogue.bias : nullptr,
                        last && epilogue.act == Activation::relu};
    const T* const a = A.p + i0 * A.row + k0 * A.col;
    if (A.col == 1) {
      multiply_rows(plan, a, A.row, k1 - k0, rows, B, k0, j0, j1, out);
    } else {
      multiply_columns(plan, a, A.col, k1 - k0, rows, B, k0, j0, j1, out);
    }
    k0 = k1;
  } while (k0 < K);
  finish_block(epilogue.act, C + i0 * ldc + j0, ldc, rows, j1 - j0);
}

/// C^T = B^T A^T: the same chains of madds with the roles of A and B exchanged. Used for few rows
/// and a transposed B (then B^T is laid out as A should be, and only the small A must be packed),
/// and for few columns and a transposed A.
template <class T>
void swapped(std::ptrdiff_t M, std::ptrdiff_t N, std::ptrdiff_t K, MatrixView<T> A, MatrixView<T> B,
             T* C, std::ptrdiff_t ldc, const Epilogue<T>& epilogue) {
  T* const c = workspace<T, SwappedC>(M * N);
  if (epilogue.accumulate) transpose_matrix(C, ldc, M, N, c, M);
  gemm(N, M, K, MatrixView<T>{B.p, B.col, B.row}, MatrixView<T>{A.p, A.col, A.row}, c, M,
       Epilogue<T>{epilogue.accumulate});
  transpose_matrix(c, M, N, M, C, ldc);
  for (std::ptrdiff_t i = 0; i < M && epilogue.bias; ++i) {
    for (std::ptrdiff_t j = 0; j < N; ++j) C[i * ldc + j] += epilogue.bias[j];
  }
  for (std::ptrdiff_t i = 0; i < M; ++i) activate(epilogue.act, C + i * ldc, C + i * ldc, N);
}

}  // namespace

template <class T>
void gemm(std::ptrdiff_t M, std::ptrdiff_t N, std::ptrdiff_t K, MatrixView<T> A, MatrixView<T> B,
          T* C, std::ptrdiff_t ldc, const Epilogue<T>& epilogue, Precision precision) {
  if (M <= 0 || N <= 0) return;
  if constexpr (std::is_same_v<T, float>)
    if (precision == Precision::bf16) return gemm_bf16(M, N, K, A, B, C, ldc, epilogue);
  const bool few_rows = B.col != 1 && K * M + 2 * M * N < K * N / 2;
  const bool few_columns = A.col != 1 && B.col == 1 && N <= width<T> / 4 && M > 2 * width<T>;
  if (few_rows || few_columns) return swapped(M, N, K, A, B, C, ldc, epilogue);
  const Plan plan = make_plan(M, N, K, A, B);
  const Panels<T> panels = prepare<T, PackedB>(B, K, N, plan.pack_b);
  const std::ptrdiff_t row_blocks = ceil_div(M, plan.block_rows);
  const std::ptrdiff_t column_blocks = ceil_div(N, plan.block_columns);
  const auto task = [&](std::ptrdiff_t t) {
    const std::ptrdiff_t i = t / column_blocks * plan.block_rows;
    const std::ptrdiff_t j = t % column_blocks * plan.block_columns;
    block(plan, A, panels, i, std::min(M, i + plan.block_rows), j,
          std::min(N, j + plan.block_columns), C, ldc, epilogue);
  };
  const std::ptrdiff_t tasks = row_blocks * column_blocks;
  parallel_for(tasks, task, microseconds(M * N * K / tasks));
}

template void gemm(std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, MatrixView<float>,
                   MatrixView<float>, float*, std::ptrdiff_t, const Epilogue<float>&, Precision);
template void gemm(std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, MatrixView<double>,
                   MatrixView<double>, double*, std::ptrdiff_t, const Epilogue<double>&, Precision);

}  // namespace planet::kernels
