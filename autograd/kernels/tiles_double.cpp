// Every tile in double, compiled once. The tile: gemm_kernel.hpp; the loop nest: gemm_core.hpp.
#include "autograd/kernels/gemm_core.hpp"

namespace planet::kernels {

template void multiply_panels(const RowOperand<double>&, std::ptrdiff_t, const Panels<double>&,
                              std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, Target<double>);
template void multiply_panels(const ColumnOperand<double>&, std::ptrdiff_t, const Panels<double>&,
                              std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, Target<double>);
template void multiply_panels(const PixelOperand<double>&, std::ptrdiff_t, const Panels<double>&,
                              std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, Target<double>);

}  // namespace planet::kernels
