// The table of contents of the engine: a list of all its ops.
//
// An op that is not in this list, has no examples or has no backward does not compile (record in
// op.hpp checks this), so there is no op without a gradient check. Another project keeps a list of
// its own and passes it to record and gradcheck_list.
#pragma once

#include <tuple>

namespace planet::ops {

// ops/elementwise.hpp
struct Add;
struct Sub;
struct Mul;
struct Div;
struct Scale;
struct AddConstant;
struct Square;
struct Exp;
struct Log;
struct Activate;
struct Maximum;

// ops/reduce.hpp
struct Sum;
struct Mean;
struct SumLast;
struct LogSumExp;

// ops/shape_ops.hpp
struct Reshape;
struct SliceFirst;
struct Concat;
struct Stack;
struct StopGradient;

// ops/dense.hpp
struct MatMul;
struct Linear;
struct GruCell;

// ops/conv.hpp
struct Conv2d;
struct Conv2dTranspose;

// ops/gaussian.hpp
struct GaussianSample;
struct GaussianKl;
struct GaussianLogLikelihood;
struct HalfSquaredError;

}  // namespace planet::ops

namespace planet {

using AllOps = std::tuple<ops::Add, ops::Sub, ops::Mul, ops::Div, ops::Scale, ops::AddConstant,
                          ops::Square, ops::Exp, ops::Log, ops::Activate, ops::Maximum, ops::Sum,
                          ops::Mean, ops::SumLast, ops::LogSumExp, ops::Reshape, ops::SliceFirst,
                          ops::Concat, ops::Stack, ops::StopGradient, ops::MatMul, ops::Linear,
                          ops::GruCell, ops::Conv2d, ops::Conv2dTranspose, ops::GaussianSample,
                          ops::GaussianKl, ops::GaussianLogLikelihood, ops::HalfSquaredError>;

}  // namespace planet
