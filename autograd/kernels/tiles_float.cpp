// Every tile in float, compiled once. The tile: gemm_kernel.hpp; the loop nest: gemm_core.hpp.
#include "autograd/kernels/gemm_core.hpp"

namespace planet::kernels {

template void multiply_panels(const RowOperand<float>&, std::ptrdiff_t, const Panels<float>&,
                              std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, Target<float>);
template void multiply_panels(const ColumnOperand<float>&, std::ptrdiff_t, const Panels<float>&,
                              std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, Target<float>);
template void multiply_panels(const PixelOperand<float>&, std::ptrdiff_t, const Panels<float>&,
                              std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, Target<float>);

}  // namespace planet::kernels
