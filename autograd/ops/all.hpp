// Every op struct, for a gradient check over AllOps (op_list.hpp). Code that only computes includes
// ops.hpp instead.
#pragma once

#include "autograd/ops/conv.hpp"
#include "autograd/ops/dense.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/gaussian.hpp"
#include "autograd/ops/reduce.hpp"
#include "autograd/ops/shape_ops.hpp"
