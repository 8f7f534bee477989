#include "apps/common/page/motion.hpp"

#include <algorithm>

#include "apps/common/files/png.hpp"
#include "apps/common/files/sheet.hpp"
#include "autograd/base/index.hpp"

namespace planet {

std::vector<std::uint8_t> motion(std::ptrdiff_t rows, double seconds,
                                 const std::function<Image(std::ptrdiff_t)>& picture) {
  constexpr std::size_t largest =
      700'000;  // bytes; a page has four, and they are 4/3 as long there
  constexpr std::ptrdiff_t most = 150;
  std::ptrdiff_t stride = 1;
  while (rows / stride > most) stride *= 2;
  for (;; stride *= 2) {
    Apng out(std::min(seconds * static_cast<double>(stride), 59.0));
    for (std::ptrdiff_t t = 0; t < rows; t += stride) out.add(picture(t));
    std::vector<std::uint8_t> file = out.file();
    if (file.size() <= largest || stride >= rows) return file;
  }
}

Image strips_row(std::span<const Strip> strips, std::ptrdiff_t t, std::ptrdiff_t context) {
  const int n = strips.front().frames.front().width, bar = std::max(1, n / 16);
  const int all = static_cast<int>(strips.size());
  Image out(all * (n + 1) - 1, n + 1 + bar);
  for (int i = 0; i < all; ++i)
    paste(strips[static_cast<std::size_t>(i)].frames[index(t)], out, i * (n + 1), 0);
  const auto T = static_cast<std::ptrdiff_t>(strips.front().frames.size());
  Image gone(static_cast<int>((t + 1) * out.width / T), bar);
  draw_border(gone, t < context ? palette::goal : palette::opponent, gone.width + bar);
  paste(gone, out, 0, n + 1);
  return out;
}

}  // namespace planet
