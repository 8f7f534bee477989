#include "envs/task_env.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/base/error.hpp"

namespace planet {

TaskEnv::TaskEnv(std::unique_ptr<Task> task, const EpisodeSettings& settings)
    : task_(std::move(task)), settings_(settings) {
  require(task_ != nullptr, "TaskEnv needs a task, it was given a null pointer");
  name_ = task_->name();
  action_size_ = task_->action_size();
  state_size_ = task_->state_names().size();
  require(action_size_ >= 1, "[", name_, "] action_size is ", action_size_,
          "; an agent needs at least one action");
  require(settings.image_size >= 1 && settings.image_size <= 1024, "[", name_, "] image_size is ",
          settings.image_size, "; it lies between 1 and 1024");
  require(settings.time_limit >= 1, "[", name_, "] time_limit is ", settings.time_limit,
          "; an episode needs at least one control step");
  require(settings.action_repeat >= 1 && settings.action_repeat <= settings.time_limit, "[", name_,
          "] action_repeat is ", settings.action_repeat, "; it lies between 1 and the ",
          settings.time_limit, " control steps of an episode");
  require(std::isfinite(settings.view) && settings.view >= 0, "[", name_, "] view is ",
          settings.view, "; it is a width in the task's units, or 0 for the task's own");
  require(task_->uniforms() >= 0, "[", name_, "] uniforms() is ", task_->uniforms(),
          "; a step draws none or more");
  clipped_.resize(static_cast<std::size_t>(action_size_));
  drawn_.resize(static_cast<std::size_t>(task_->uniforms()));
}

void TaskEnv::reset(std::optional<std::uint64_t> seed) {
  require(seed || seeded_, "[", name_,
          "] the first reset needs a seed: reset(1). Later ones may go on without");
  if (seed) {
    rng_ = Rng(*seed, Stream::env);
    seeded_ = true;
  }
  task_->start(rng_);
  control_steps_ = 0;
  phase_ = Phase::running;
}

void TaskEnv::clip(Numbers action) {
  require(action.size() == clipped_.size(), "[", name_, "] an action has ", clipped_.size(),
          " entries, this one has ", action.size());
  for (std::size_t i = 0; i < action.size(); ++i) {
    require(!std::isnan(action[i]), "[", name_, "] entry ", i, " of the action is NaN");
    clipped_[i] = std::clamp(action[i], -1.0, 1.0);
  }
}

void TaskEnv::check_given(Numbers w) const {
  const std::size_t needed = drawn_.size() * static_cast<std::size_t>(settings_.action_repeat);
  require(w.size() == needed, "[", name_, "] a decision draws ", needed, " uniform numbers; ",
          w.size(), " were given");
  for (std::size_t i = 0; i < w.size(); ++i)
    require(w[i] >= 0 && w[i] < 1, "[", name_, "] entry ", i, " of the uniform numbers is ", w[i],
            "; it lies in [0, 1)");
}

TaskEnv::Numbers TaskEnv::draw() {
  for (double& w : drawn_) w = rng_.uniform();
  return drawn_;
}

StepResult TaskEnv::decide(Numbers action, std::optional<Numbers> given,
                           std::vector<ControlStep>* trace) {
  require(phase_ != Phase::unstarted, "[", name_, "] step() before the first reset()");
  require(phase_ != Phase::ended, "[", name_, "] step() after the episode's end; call reset()");
  clip(action);
  if (given) check_given(*given);
  if (trace != nullptr) trace->clear();

  StepResult result;
  for (int r = 0; r < settings_.action_repeat && !result.terminated; ++r) {
    const std::size_t U = drawn_.size();
    const Numbers w = given ? given->subspan(static_cast<std::size_t>(r) * U, U) : draw();
    const TaskStep step = task_->step(clipped_, w);
    ++control_steps_;
    result.reward += step.reward;
    result.terminated = step.terminated;
    if (trace != nullptr) trace->push_back({task_->state(), step.reward});
  }
  // Termination may cut a decision short, so both flags can be set, as in Gymnasium.
  result.truncated = control_steps_ >= episode_length() * settings_.action_repeat;
  if (result.done()) phase_ = Phase::ended;
  return result;
}

void TaskEnv::render(std::span<std::uint8_t> pixels) const {
  require(phase_ != Phase::unstarted, "[", name_, "] render() before the first reset()");
  require(pixels.size() == image_bytes(), "[", name_, "] a picture takes ", image_bytes(),
          " bytes, the buffer has ", pixels.size());
  Scene scene;
  task_->draw(scene);
  if (settings_.view > 0) scene.look_at(scene.camera().centre, settings_.view);
  scene.paint(settings_.image_size, pixels);
}

std::vector<double> TaskEnv::state() const {
  require(phase_ != Phase::unstarted, "[", name_, "] state() before the first reset()");
  return task_->state();
}

void TaskEnv::adopt(std::span<const double> state) {
  require(state.size() == state_size_, "[", name_, "] a state has ", state_size_,
          " entries, this one has ", state.size());
  for (std::size_t i = 0; i < state.size(); ++i)
    require(std::isfinite(state[i]), "[", name_, "] entry ", i, " of the state is not finite");
  task_->set_state(state);
}

void TaskEnv::set_state(std::span<const double> state) {
  adopt(state);
  control_steps_ = 0;
  phase_ = Phase::running;
}

std::unique_ptr<Env> TaskEnv::clone() const {
  auto copy = std::make_unique<TaskEnv>(task_->clone(), settings_);
  copy->rng_ = rng_;
  copy->seeded_ = seeded_;
  copy->control_steps_ = control_steps_;
  copy->phase_ = phase_;
  return copy;
}

EnvSnapshot TaskEnv::save() const {
  EnvSnapshot out;
  if (phase_ != Phase::unstarted) out.state = task_->state();
  out.seed = rng_.seed();
  out.rng_position = rng_.position();
  out.seeded = seeded_ ? 1 : 0;
  out.control_steps = static_cast<std::uint64_t>(control_steps_);
  out.phase = phase_;
  return out;
}

void TaskEnv::load(const EnvSnapshot& snapshot) {
  const auto limit = static_cast<std::uint64_t>(settings_.time_limit);
  require(snapshot.control_steps <= limit, "[", name_, "] the snapshot is ", snapshot.control_steps,
          " control steps into an episode of ", limit);
  if (snapshot.phase != Phase::unstarted) adopt(snapshot.state);
  rng_ = Rng(snapshot.seed, Stream::env);
  rng_.seek(snapshot.rng_position);
  seeded_ = snapshot.seeded != 0;
  control_steps_ = static_cast<int>(snapshot.control_steps);
  phase_ = snapshot.phase;
}

}  // namespace planet
