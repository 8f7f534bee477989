// Internal to gradcheck: what the check of an op and the check of a whole function share. A wrong
// gradient becomes a sentence in gradcheck_diagnosis.cpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

#include "autograd/base/philox.hpp"
#include "autograd/gradcheck.hpp"

namespace planet::detail {

using Tensor = std::vector<double>;
using Tensors = std::vector<Tensor>;  // one per input

/// h at x, for GradcheckOptions::step.
inline double step_at(double x, double step) { return step * std::max(1.0, std::abs(x)); }

/// n uniform values, a hundred of the usual h away from the kinks and on both sides of each; exact in
/// float. Error: there are none.
Tensor draw(Rng& rng, double low, double high, std::ptrdiff_t n,
            std::initializer_list<double> kinks);
Tensor normal(Rng& rng, std::size_t n);  // exact in float

/// "[2,4]", the place of an element in row-major order.
std::string place_in(const Shape& shape, std::ptrdiff_t element);

/// The derivatives by one input, as far as they were compared: entry i is that of elements[i].
struct Compared {
  Shape shape = {};
  double kink = std::numeric_limits<double>::quiet_NaN();  // of the input's range; NaN: none known
  std::vector<std::ptrdiff_t> elements = {};               // increasing
  Tensor x = {}, analytic = {}, numeric = {};
  std::vector<bool> wrong = {};
};

/// The rows of a result: of the last axis, or the elements of a vector.
inline std::ptrdiff_t rows_of(const Shape& result) {
  return result.rank() > 1 ? result.rows() : result.size();
}
/// The cotangent without all rows but one.
Tensor row_alone(const Shape& result, Tensor cotangent, std::ptrdiff_t row);
/// The numeric derivatives with the cotangent of one row alone.
using FromRow = std::function<Tensor(std::ptrdiff_t row)>;

/// "0.51 at [2,4] (x = -0.3), finite differences give -0.52: 1 of 15 elements is wrong". `worst` is an
/// index into c.elements.
std::string describe(const Compared& c, std::size_t worst);
/// The likely kind of mistake; the result has `rows` rows.
std::string likely_kind(const Compared& c, std::ptrdiff_t rows, const FromRow& from_row);

/// a = factor n, to the digits that differences give?
bool close(const Tensor& a, const Tensor& n, double factor = 1);

/// Compares every parameter's gradient with differences of f, whose result has one element (scalar)
/// or any shape, and is then weighted with a cotangent. `kinks` has the known kink of each parameter,
/// or is empty.
std::vector<GradReport> check_params(const std::function<Var(Tape&)>& f, ParamStore& params,
                                     const GradcheckOptions& options, bool scalar,
                                     const std::vector<double>& kinks = {});

}  // namespace planet::detail
