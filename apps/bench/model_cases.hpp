// The whole model: one RSSM step, one training step, one plan.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/bench/measure.hpp"
#include "autograd/base/memory.hpp"
#include "planner/latent_dynamics.hpp"
#include "planner/planner.hpp"
#include "rssm/trainer.hpp"

namespace planet::bench {

/// A model and the size of its batch.
struct ModelSize {
  std::string name;
  ModelConfig model;
  std::ptrdiff_t B = 0, L = 0;
};
/// tiny32, small32, planet64 (the sizes of the PyTorch counterpart; tiny32 and small32 are the
/// presets tiny and small) or paper. Error: an unknown name; the message offers the nearest one.
ModelSize model_size(const std::string& name);
std::vector<std::string> model_size_names();

/// Floating-point operations, counted from the layers' sizes (a multiply-add is two), without
/// elementwise work. Backward costs twice as much as forward, except that images have no gradient.
double step_flops(const ModelSize& size);
double plan_flops(const ModelSize& size, const PlannerConfig& planner);
double parameter_count(const ModelSize& size);

/// The planner's budget in the PyTorch counterpart: 12 x 10 x 1000, 100 elites.
PlannerConfig bench_planner();

/// One training step on a fixed float batch (loss, gradient, clipping, Adam: what the PyTorch
/// counterpart times), and one plan from the zero state.
class ModelRun {
 public:
  explicit ModelRun(const ModelSize& size, const PlannerConfig& cem = bench_planner(),
                    Precision precision = Precision::f32);
  void step();
  void plan();
  void rssm_step();  // one posterior step of B rows, without gradient
  double loss() const { return loss_; }

 private:
  ModelSize size_;
  WorldModel model_;
  Trainer trainer_;
  Tape inference_;
  Rng noise_stream_;
  AlignedVector<float> image_;  // aligned, as the tape's memory is in training
  std::vector<float> action_, reward_, noise_, embedding_, h_, s_;
  LatentDynamics dynamics_;
  std::unique_ptr<Planner> planner_;
  Rng plan_stream_;
  double loss_ = 0;
};

std::vector<Result> model_cases(const std::vector<std::string>& names, double seconds,
                                Precision precision);

}  // namespace planet::bench
