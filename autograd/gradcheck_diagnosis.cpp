// The likely kind of mistake behind a wrong gradient, told from which elements are wrong and by how
// much. The kinds are tried from the most particular to the least; the first that fits is named.
#include <algorithm>

#include "autograd/base/index.hpp"
#include "autograd/gradcheck_internal.hpp"

namespace planet::detail {
namespace {

std::ptrdiff_t count_wrong(const Compared& c) {
  return std::count(c.wrong.begin(), c.wrong.end(), true);
}

// Tensors as matrices of rows() x last(), all elements of which were compared.
struct Matrix {
  const Compared& c;
  std::ptrdiff_t rows, columns;
  std::size_t at(std::ptrdiff_t r, std::ptrdiff_t column) const {
    return index(r * columns + column);
  }
};

// The element whose number stands at e when the last two axes are exchanged and the memory is read
// in order.
std::ptrdiff_t exchanged(const Shape& s, std::ptrdiff_t e) {
  const std::ptrdiff_t R = s[-2], C = s[-1], block = e / (R * C), i = e % (R * C);
  return block * R * C + i % R * C + i / R;
}

std::string transposition(const Compared& c) {
  if (c.shape.rank() < 2 || c.shape[-1] < 2 || c.shape[-2] < 2) return "";
  Tensor turned(c.numeric.size());
  bool all_but_fixed = true;
  for (std::size_t i = 0; i < turned.size(); ++i) {
    const std::ptrdiff_t from = exchanged(c.shape, static_cast<std::ptrdiff_t>(i));
    turned[i] = c.numeric[index(from)];
    all_but_fixed &= c.wrong[i] == (from != static_cast<std::ptrdiff_t>(i));
  }
  if (close(c.analytic, turned)) return "it is transposed";
  if (!all_but_fixed) return "";
  return c.shape[-1] == c.shape[-2]
             ? "all but the diagonal: rows and columns are exchanged, as by a transposition"
             : "all but those that a transposition leaves in place: rows and columns are exchanged";
}

// Is every row, or (by_column) every column, wrong as a whole or right as a whole, and some of each?
bool whole(const Matrix& m, bool by_column) {
  const std::ptrdiff_t lines = by_column ? m.columns : m.rows,
                       length = by_column ? m.rows : m.columns;
  if (lines < 2 || length < 2) return false;
  for (std::ptrdiff_t i = 0; i < lines; ++i)
    for (std::ptrdiff_t j = 1; j < length; ++j)
      if (m.c.wrong[by_column ? m.at(j, i) : m.at(i, j)] !=
          m.c.wrong[by_column ? m.at(0, i) : m.at(i, 0)])
        return false;
  return true;  // not all are wrong, or the caller would not ask
}

std::string counted_lines(const Matrix& m, bool by_column) {
  std::ptrdiff_t bad = 0;
  const std::ptrdiff_t lines = by_column ? m.columns : m.rows;
  for (std::ptrdiff_t i = 0; i < lines; ++i) bad += m.c.wrong[by_column ? m.at(0, i) : m.at(i, 0)];
  return cat("whole ", by_column ? "columns" : "rows", ", ", bad, " of ", lines,
             ": an index, a bound of a loop, or a sum over the ", by_column ? "columns" : "rows");
}

// The error a - n is one number per row.
bool off_by_row(const Matrix& m) {
  if (m.columns < 3) return false;
  double size = 0, spread = 0;
  for (std::ptrdiff_t r = 0; r < m.rows; ++r)
    for (std::ptrdiff_t j = 0; j < m.columns; ++j) {
      const auto error = [&](std::size_t i) { return m.c.analytic[i] - m.c.numeric[i]; };
      size = std::max(size, std::abs(error(m.at(r, j))));
      spread = std::max(spread, std::abs(error(m.at(r, j)) - error(m.at(r, 0))));
    }
  return spread <= 1e-5 * size;
}

// a is n times a number per row.
bool scaled_by_row(const Matrix& m) {
  if (m.columns < 2 || m.rows < 2) return false;
  for (std::ptrdiff_t r = 0; r < m.rows; ++r) {
    const auto row = [&](const Tensor& t) {
      return Tensor(t.begin() + r * m.columns, t.begin() + (r + 1) * m.columns);
    };
    const Tensor a = row(m.c.analytic), n = row(m.c.numeric);
    const auto largest = std::max_element(
        n.begin(), n.end(), [](double x, double y) { return std::abs(x) < std::abs(y); });
    if (!close(a, n, a[index(largest - n.begin())] / *largest)) return false;
  }
  return true;
}

// Wrong on one side of the kink (0 where none is known) and right on the other.
std::string one_branch(const Compared& c) {
  const double k = std::isnan(c.kink) ? 0 : c.kink;
  for (const bool below : {true, false}) {
    std::ptrdiff_t there = 0, elsewhere = 0;
    bool fits = true;
    for (std::size_t i = 0; i < c.x.size(); ++i) {
      const bool inside = below ? c.x[i] < k : c.x[i] > k;
      (inside ? there : elsewhere) += 1;
      fits &= c.wrong[i] == inside;
    }
    if (fits && there > 1 && elsewhere > 1)
      return cat("all where x ", below ? "< " : "> ", k, " and no other: the branch for that side");
  }
  return "";
}

std::string last_ones(const Compared& c, std::ptrdiff_t k) {
  const auto m = std::ssize(c.wrong);
  if (k == m || !std::all_of(c.wrong.end() - k, c.wrong.end(), [](bool w) { return w; })) return "";
  return cat("the last ", k, " alone: a loop ends too early");
}

}  // namespace

bool close(const Tensor& a, const Tensor& n, double factor) {
  double size = 0, error = 0;
  for (const double v : n) size = std::max(size, std::abs(v));
  for (std::size_t e = 0; e < n.size(); ++e) {
    const double off = std::abs(a[e] - factor * n[e]);
    if (!(off <= error)) error = off;  // a NaN stays
  }
  return a.size() == n.size() && error <= 1e-5 * std::max(1.0, std::abs(factor)) * size;
}

Tensor row_alone(const Shape& result, Tensor cotangent, std::ptrdiff_t row) {
  const std::ptrdiff_t size = result.size() / rows_of(result);
  for (std::size_t j = 0; j < cotangent.size(); ++j)
    if (static_cast<std::ptrdiff_t>(j) / size != row) cotangent[j] = 0;
  return cotangent;
}

std::string place_in(const Shape& shape, std::ptrdiff_t element) {
  std::string place;
  for (int axis = shape.rank() - 1; axis > 0; --axis) {
    place = cat(",", element % shape[axis], place);
    element /= shape[axis];
  }
  return cat("[", element, place, "]");
}

std::string likely_kind(const Compared& c, std::ptrdiff_t rows, const FromRow& from_row) {
  const auto is_zero = [](double v) { return v == 0; };
  const std::ptrdiff_t k = count_wrong(c), m = std::ssize(c.elements);
  if (std::all_of(c.analytic.begin(), c.analytic.end(), is_zero))
    return "backward adds nothing to it";
  const auto largest = std::max_element(c.numeric.begin(), c.numeric.end(), [](double x, double y) {
    return std::abs(x) < std::abs(y);
  });
  const double factor = c.analytic[index(largest - c.numeric.begin())] / *largest;
  if (std::abs(factor + 1) < 1e-5 && close(c.analytic, c.numeric, -1))
    return "it has the wrong sign";
  if (close(c.analytic, c.numeric, factor))
    return cat("all of it is ", factor, " times what it should be");
  if (rows > 1)
    for (const std::ptrdiff_t row : {std::ptrdiff_t{0}, rows - 1})
      if (close(c.analytic, from_row(row)))
        return cat("it is what row ", row, " of the result alone would give: a sum over the ", rows,
                   " rows is missing");
  if (k == 1 && m > 2)
    return cat(c.wrong.back() && c.elements.back() + 1 == c.shape.size() ? "the last one" : "one",
               " alone: an index or the bound of a loop");
  if (m == c.shape.size()) {
    const Matrix matrix{c, c.shape.rows(), c.shape.last()};
    if (std::string t = transposition(c); !t.empty()) return t;
    if (off_by_row(matrix))
      return "it is off by one number per row: a sum or a mean over the row is missing or wrong";
    if (scaled_by_row(matrix))
      return "each row is a multiple of what it should be: a factor that belongs to the row, such "
             "as "
             "its dy, is wrong";
    if (std::string branch = one_branch(c); !branch.empty()) return branch;
    if (std::string end = last_ones(c, k); !end.empty()) return end;
    for (const bool by_column : {false, true})
      if (k < m && whole(matrix, by_column)) return counted_lines(matrix, by_column);
  } else if (std::string branch = one_branch(c); !branch.empty()) {
    return branch;
  }
  return "a term is missing or wrong";
}

std::string describe(const Compared& c, std::size_t worst) {
  const std::ptrdiff_t k = count_wrong(c), m = std::ssize(c.elements);
  return cat(c.analytic[worst], " at ", place_in(c.shape, c.elements[worst]), " (x = ", c.x[worst],
             "), finite differences give ", c.numeric[worst], ": ", k, " of ", m,
             m == 1 ? " element " : " elements ", k == 1 ? "is" : "are", " wrong");
}

}  // namespace planet::detail

namespace planet {

std::string GradReport::place() const { return detail::place_in(shape, element); }

}  // namespace planet
